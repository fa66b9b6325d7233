-- Public districts whose loss over the reading cycle was out of the limits in each of the last months while nobody set out to treat it (长期不合格未治理).
-- Sale is what was read; supply is that of the span between the readings, mixed in proportion where points are read on different days.
WITH sold AS (
    SELECT
        r.mp_id,
        r.bill_month,
        r.district_id,
        r.usage,
        r.previous_on,
        r.read_on,
        -- A reading that was missed counts as the one before: a few of them do not make a district unknown.
        COALESCE(r.energy_kwh, r.energy_previous_1) AS energy_kwh,
        r.energy_kwh IS NULL AS is_filled
    FROM point_month AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    INNER JOIN district AS t ON t.district_id = r.district_id
    WHERE
        t.ownership = 'public'
        AND p.parent_mp_id IS NULL
        AND r.usage IN ('billing', 'export')
        AND r.bill_month > add_months($month, -$months)
        AND r.bill_month <= $month
),

spans AS (
    SELECT
        bill_month,
        district_id,
        previous_on,
        read_on,
        CAST(sum(energy_kwh) FILTER (WHERE usage = 'billing') AS DECIMAL(38, 4)) AS sold_kwh,
        CAST(sum(energy_kwh) FILTER (WHERE usage = 'export') AS DECIMAL(38, 4)) AS source_kwh,
        count(*) AS points,
        count(energy_kwh) AS points_known,
        count(*) FILTER (WHERE is_filled) AS points_filled
    FROM sold
    GROUP BY bill_month, district_id, previous_on, read_on
),

months AS (
    SELECT
        bill_month,
        district_id,
        sum(sold_kwh) AS sold_kwh,
        COALESCE(sum(source_kwh), 0) AS source_kwh,
        sum(points) AS points,
        sum(points_known) AS points_known,
        sum(points_filled) AS points_filled
    FROM spans
    GROUP BY bill_month, district_id
),

-- Spans of no energy, or not told, say nothing about the supply.
weighed AS (
    SELECT bill_month, district_id, previous_on, read_on, sold_kwh
    FROM spans
    WHERE sold_kwh > 0 AND read_on > previous_on AND read_on < $as_of
),

span_supply AS (
    SELECT
        w.bill_month,
        w.district_id,
        w.sold_kwh,
        CAST(sum(d.supply_kwh) AS DECIMAL(38, 4)) AS supply_kwh
    FROM weighed AS w
    INNER JOIN district_daily AS d ON d.district_id = w.district_id AND d.day >= w.previous_on AND d.day < w.read_on
    GROUP BY w.bill_month, w.district_id, w.previous_on, w.read_on, w.sold_kwh
    -- The master meter is known on every day of the span.
    HAVING count(d.supply_kwh) = date_diff('day', w.previous_on, w.read_on)
),

supplied AS (
    SELECT
        bill_month,
        district_id,
        CAST(sum(sold_kwh) AS DECIMAL(38, 4)) AS covered_kwh,
        CAST(div_hu(sum(CAST(sold_kwh AS DECIMAL(38, 2)) * CAST(supply_kwh AS DECIMAL(38, 2))), sum(sold_kwh), 4) AS DECIMAL(38, 4)) AS supply_kwh
    FROM span_supply
    GROUP BY bill_month, district_id
),

-- A point that runs and has no reading at all would look like loss.
silent AS (
    SELECT DISTINCT m.bill_month, m.district_id
    FROM months AS m
    INNER JOIN metering_point AS p ON p.district_id = m.district_id
    LEFT JOIN sold AS s ON s.mp_id = p.mp_id AND s.bill_month = m.bill_month
    WHERE
        p.usage = 'billing'
        AND p.parent_mp_id IS NULL
        AND p.status = 'running'
        AND (p.opened_on IS NULL OR p.opened_on < m.bill_month)
        AND s.mp_id IS NULL
),

-- Generation (分布式电源) without an export point hides energy in: the loss looks lower than it is.
hidden AS (
    SELECT p.district_id
    FROM metering_point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT JOIN metering_point AS x ON x.customer_no = p.customer_no AND x.usage = 'export'
    WHERE p.district_id IS NOT NULL AND c.has_generation AND x.mp_id IS NULL
),

balance AS (
    SELECT
        m.bill_month,
        m.district_id,
        s.supply_kwh + m.source_kwh AS energy_in_kwh,
        s.supply_kwh + m.source_kwh - m.sold_kwh AS loss_kwh
    FROM months AS m
    INNER JOIN supplied AS s ON s.bill_month = m.bill_month AND s.district_id = m.district_id
    ANTI JOIN silent AS q ON q.bill_month = m.bill_month AND q.district_id = m.district_id
    WHERE
        m.points_known = m.points
        AND m.points_filled <= CAST($filled_share AS DECIMAL(38, 4)) * m.points
        AND s.covered_kwh >= CAST($least_covered AS DECIMAL(38, 4)) * m.sold_kwh
        AND s.supply_kwh + m.source_kwh >= $least_kwh
),

failing AS (
    SELECT
        b.bill_month,
        b.district_id,
        b.energy_in_kwh,
        b.loss_kwh,
        b.loss_kwh > CAST($high_rate AS DECIMAL(38, 4)) * b.energy_in_kwh AS is_high
    FROM balance AS b
    LEFT JOIN (SELECT DISTINCT district_id FROM hidden) AS h ON h.district_id = b.district_id
    WHERE b.loss_kwh > CAST($high_rate AS DECIMAL(38, 4)) * b.energy_in_kwh OR (b.loss_kwh < CAST($low_rate AS DECIMAL(38, 4)) * b.energy_in_kwh AND h.district_id IS NULL)
),

long AS (
    SELECT
        district_id,
        min(bill_month) AS first_month,
        count(*) FILTER (WHERE is_high) AS high_months,
        count(*) FILTER (WHERE NOT is_high) AS negative_months,
        CAST(sum(energy_in_kwh) AS DECIMAL(38, 4)) AS energy_in_kwh,
        CAST(sum(loss_kwh) AS DECIMAL(38, 4)) AS loss_kwh,
        CAST(sum(loss_kwh - CAST($high_rate AS DECIMAL(38, 4)) * energy_in_kwh) FILTER (WHERE is_high) AS DECIMAL(38, 4)) AS beyond_kwh
    FROM failing
    GROUP BY district_id
    HAVING count(*) = $months
),

-- Special inspections planned at several customers of the district since the first of these months: one alone has another reason.
treated AS (
    SELECT p.district_id
    FROM metering_point AS p
    INNER JOIN inspection AS i ON i.customer_no = p.customer_no
    WHERE i.kind = 'special' AND i.planned_on >= add_months($month, 1 - $months)
    GROUP BY p.district_id
    HAVING count(DISTINCT p.customer_no) >= $least_customers
)

SELECT
    l.district_id AS subject_id,
    d.org_no,
    $month AS bill_month,
    l.first_month AS period_from,
    $month_end AS period_to,
    l.district_id,
    d.feeder_id,
    l.high_months,
    l.negative_months,
    l.energy_in_kwh,
    l.loss_kwh,
    CAST(100 * safe_div(l.loss_kwh, l.energy_in_kwh) AS DECIMAL(38, 2)) AS loss_pct,
    l.beyond_kwh AS kwh_at_stake,
    round_hu(CAST(l.beyond_kwh AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN l.high_months > 0 THEN 'company' ELSE 'none' END AS direction
FROM long AS l
INNER JOIN district AS d ON d.district_id = l.district_id
ANTI JOIN treated AS r ON r.district_id = l.district_id
LEFT JOIN district_price AS p ON p.district_id = l.district_id
