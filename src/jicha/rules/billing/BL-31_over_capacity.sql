-- Customers whose load exceeds the capacity in service on several days or points of the month (超容量用电).
WITH served AS (
    -- A unit that ran on any day of this month or the last counts: what was suspended on the 20th lawfully carried
    -- load before, and a maximum demand read on the 1st was reached in the month before. Use of what stands suspended
    -- is BX-12's.
    SELECT DISTINCT t.customer_no, t.transformer_id, t.kva
    FROM transformer AS t
    INNER JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
    WHERE
        s.state IN ('running', 'hot_standby')
        AND s.valid_from < $month_end
        AND (s.valid_to IS NULL OR s.valid_to > add_months($month, -1))
),

served_capacity AS (
    SELECT customer_no, sum(kva) AS kva FROM served GROUP BY customer_no
),

capacities AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.capacity_source,
        CAST(GREATEST(c.running_kva_as_of, COALESCE(k.kva, 0)) AS DECIMAL(14, 4)) AS capacity_kva
    FROM customer_state AS c
    LEFT JOIN served_capacity AS k ON k.customer_no = c.customer_no
    WHERE c.running_kva_as_of IS NOT NULL AND c.status = 'active'
),

limits AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.capacity_kva,
        c.capacity_source,
        CAST(
            CAST(c.capacity_kva AS DECIMAL(38, 4)) * CASE WHEN c.kind = 'hv' THEN $over ELSE $over_low_voltage END
            AS DECIMAL(38, 4)
        ) AS limit_kw
    FROM capacities AS c
    WHERE c.capacity_kva > 0
),

-- Main meters only: a sub meter's load is in its main meter's.
points AS (
    SELECT p.mp_id, p.customer_no
    FROM metering_point AS p
    INNER JOIN limits AS l ON l.customer_no = p.customer_no
    WHERE p.usage = 'billing' AND p.parent_mp_id IS NULL AND p.status = 'running'
),

-- The smaller of the archive's multiplier and CT × PT: where they differ one is wrong, and a load over capacity must hold with both.
multipliers AS (
    SELECT
        i.mp_id,
        i.installed_at,
        i.removed_at,
        LEAST(i.multiplier, CAST(CAST(i.ct_ratio AS DECIMAL(38, 6)) * i.pt_ratio AS DECIMAL(12, 6))) AS multiplier
    FROM meter_installation AS i
    SEMI JOIN points AS p ON p.mp_id = i.mp_id
    WHERE i.installed_at < $month_end AND (i.removed_at IS NULL OR i.removed_at > $month)
),

-- The end of a quarter hour stamps it, so the month holds (first day 00:00, next month 00:00].
power AS (
    SELECT p.customer_no, v.at, CAST(v.p_kw AS DECIMAL(38, 4)) * m.multiplier AS kw, p.mp_id
    FROM curve AS v
    INNER JOIN points AS p ON p.mp_id = v.mp_id
    INNER JOIN multipliers AS m
        ON m.mp_id = v.mp_id AND v.at > m.installed_at AND (m.removed_at IS NULL OR v.at <= m.removed_at)
    WHERE v.at > $month AND v.at <= $month_end AND v.p_kw IS NOT NULL
),

point_counts AS (
    SELECT customer_no, CAST(count(*) AS BIGINT) AS points, min(mp_id) AS mp_id FROM points GROUP BY customer_no
),

-- One point: each quarter hour stands alone. Several feeds: the sum of the same quarter hour.
load AS (
    SELECT w.customer_no, w.at, w.kw
    FROM power AS w
    INNER JOIN point_counts AS n ON n.customer_no = w.customer_no AND n.points = 1
    UNION ALL
    SELECT w.customer_no, w.at, sum(w.kw) AS kw
    FROM power AS w
    INNER JOIN point_counts AS n ON n.customer_no = w.customer_no AND n.points > 1
    GROUP BY w.customer_no, w.at
),

curved AS (
    SELECT
        d.customer_no,
        CAST(count(*) FILTER (WHERE d.kw > l.limit_kw) AS BIGINT) AS points_over,
        -- 24:00 belongs to the day that ends.
        CAST(count(DISTINCT CASE
            WHEN d.kw > l.limit_kw THEN CAST(d.at - 1 * INTERVAL 1 MINUTE AS DATE)
        END) AS BIGINT) AS days_over,
        max(d.kw) AS peak_kw,
        CAST(min(CASE WHEN d.kw > l.limit_kw THEN d.at END) AS DATE) AS first_over,
        CAST(max(CASE WHEN d.kw > l.limit_kw THEN d.at END) AS DATE) AS last_over
    FROM load AS d
    INNER JOIN limits AS l ON l.customer_no = d.customer_no
    GROUP BY d.customer_no
),

-- Without a curve the maximum demand of the month speaks alone, of a customer with one main point.
demand AS (
    SELECT p.customer_no, max(CAST(r.value AS DECIMAL(38, 4)) * m.multiplier) AS demand_kw
    FROM reading AS r
    INNER JOIN points AS p ON p.mp_id = r.mp_id
    INNER JOIN point_counts AS n ON n.customer_no = p.customer_no AND n.points = 1
    INNER JOIN multipliers AS m
        ON m.mp_id = r.mp_id AND r.read_at > m.installed_at AND (m.removed_at IS NULL OR r.read_at <= m.removed_at)
    WHERE r.bill_month = $month AND r.register = 'max_demand' AND r.status = 'read' AND r.value IS NOT NULL
    GROUP BY p.customer_no
),

judged AS (
    SELECT
        l.customer_no,
        l.org_no,
        n.mp_id,
        l.capacity_kva,
        l.capacity_source,
        l.limit_kw,
        COALESCE(c.points_over, 0) AS points_over,
        COALESCE(c.days_over, 0) AS days_over,
        c.first_over,
        c.last_over,
        d.demand_kw,
        c.customer_no IS NULL AS without_curve,
        CASE WHEN c.customer_no IS NULL THEN d.demand_kw ELSE c.peak_kw END AS peak_kw
    FROM limits AS l
    INNER JOIN point_counts AS n ON n.customer_no = l.customer_no
    LEFT JOIN curved AS c ON c.customer_no = l.customer_no
    LEFT JOIN demand AS d ON d.customer_no = l.customer_no
    WHERE
        c.days_over >= $days
        OR c.points_over >= $points
        OR (c.customer_no IS NULL AND d.demand_kw > l.limit_kw)
),

-- Capacity-billed customers pay a price a kVA, so the missing basic charge of the month is known.
capacity_price AS (
    SELECT s.mp_id, min(k.unit_price) AS unit_price
    FROM point_scheme AS s
    INNER JOIN price AS k ON k.tariff_code = s.tariff_code AND k.voltage_code = s.voltage_code
    WHERE
        s.basic_charge_mode = 'capacity'
        AND k.component = 'capacity'
        AND k.valid_from < $month_end
        AND (k.valid_to IS NULL OR k.valid_to >= $month_end)
    GROUP BY s.mp_id
    HAVING min(k.unit_price) = max(k.unit_price)
)

SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.first_over AS period_from,
    CAST(j.last_over + 1 * INTERVAL 1 DAY AS DATE) AS period_to,
    j.capacity_kva,
    j.capacity_source,
    j.limit_kw,
    j.peak_kw,
    j.peak_kw - j.capacity_kva AS excess_kva,
    j.points_over,
    j.days_over,
    j.demand_kw,
    j.without_curve,
    p.unit_price AS capacity_price,
    round_hu(CAST(j.peak_kw - j.capacity_kva AS DECIMAL(38, 4)) * p.unit_price, 2) AS yuan_at_stake
FROM judged AS j
LEFT JOIN capacity_price AS p ON p.mp_id = j.mp_id
