-- A phase carries no current while another carries load and its own voltage is there (失流), for a day's worth of points in the month.
WITH used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        p.wiring,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier,
        m.basic_current_a AS basic_a,
        -- Some ledgers hold the voltage between the lines of a four-wire meter.
        CASE
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v = 100 THEN 57.7
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v BETWEEN 360 AND 420 THEN 220
            ELSE m.ref_voltage_v
        END AS nominal_v
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    INNER JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE p.usage = 'billing' AND p.wiring IN ('3p3w', '3p4w') AND i.installed_at < $month_end
),

limited AS (
    SELECT
        mp_id,
        meter_id,
        wiring,
        installed_at,
        ended_at,
        multiplier,
        CAST($voltage_share AS DECIMAL(38, 4)) * nominal_v AS least_v,
        CAST($none_share AS DECIMAL(38, 4)) * basic_a AS none_a,
        CAST($load_share AS DECIMAL(38, 4)) * basic_a AS load_a
    FROM used
),

-- A three-wire meter has no current in phase B.
judged_point AS (
    SELECT
        u.mp_id,
        CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier * 0.25 AS kwh,
        u.wiring,
        c.at,
        (
            ABS(c.ia_a) < u.none_a
            AND c.ua_v > u.least_v
            AND (ABS(c.ic_a) > u.load_a OR (u.wiring = '3p4w' AND ABS(c.ib_a) > u.load_a))
        ) AS lost_a,
        (
            u.wiring = '3p4w'
            AND ABS(c.ib_a) < u.none_a
            AND c.ub_v > u.least_v
            AND (ABS(c.ia_a) > u.load_a OR ABS(c.ic_a) > u.load_a)
        ) AS lost_b,
        (
            ABS(c.ic_a) < u.none_a
            AND c.uc_v > u.least_v
            AND (ABS(c.ia_a) > u.load_a OR (u.wiring = '3p4w' AND ABS(c.ib_a) > u.load_a))
        ) AS lost_c
    FROM curve AS c
    INNER JOIN limited AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of)
),

-- Few points show a loss: everything after this is small.
lost_point AS (
    SELECT mp_id, kwh, wiring, at, lost_a, lost_b, lost_c
    FROM judged_point
    WHERE lost_a OR lost_b OR lost_c
),

phase_point AS (
    SELECT mp_id, 'A' AS phase, at FROM lost_point WHERE lost_a
    UNION ALL
    SELECT mp_id, 'B' AS phase, at FROM lost_point WHERE lost_b
    UNION ALL
    SELECT mp_id, 'C' AS phase, at FROM lost_point WHERE lost_c
),

lost_phase AS (
    SELECT mp_id, phase, count(*) AS points, min(at) AS first_at, max(at) AS last_at
    FROM phase_point
    GROUP BY mp_id, phase
    HAVING count(*) >= 4 * $hours
),

-- A phase that never carried current feeds nobody; one that did, and stopped, has lost its current.
carried AS (
    SELECT l.mp_id, l.phase, count(*) AS points
    FROM lost_phase AS l
    INNER JOIN limited AS u ON u.mp_id = l.mp_id
    INNER JOIN curve AS c ON c.mp_id = l.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE
        c.at > add_months($month, -$history)
        AND c.at <= l.last_at
        AND CASE l.phase WHEN 'A' THEN ABS(c.ia_a) WHEN 'B' THEN ABS(c.ib_a) ELSE ABS(c.ic_a) END > u.load_a
    GROUP BY l.mp_id, l.phase
    HAVING count(*) >= 4 * $carried_hours
),

-- Where the curve is younger than the fault, a fall of the energy against the three cycles before tells the same.
cycle AS (
    SELECT r.mp_id, r.bill_month, sum(r.value - r.previous_value) AS register_sum
    FROM reading AS r
    SEMI JOIN lost_phase AS l ON l.mp_id = r.mp_id
    WHERE r.register = 'total' AND r.bill_month <= $month AND r.bill_month >= add_months($month, -3)
    GROUP BY r.mp_id, r.bill_month
),

fallen AS (
    SELECT mp_id
    FROM cycle
    GROUP BY mp_id
    HAVING
        count(*) FILTER (WHERE bill_month < $month) = 3
        AND 3 * sum(register_sum) FILTER (WHERE bill_month = $month)
        <= CAST($fall_share AS DECIMAL(38, 4)) * sum(register_sum) FILTER (WHERE bill_month < $month)
),

suspected AS (
    SELECT
        l.mp_id,
        string_agg(l.phase, ',' ORDER BY l.phase) AS phases,
        bool_or(l.phase = 'A') AS phase_a,
        bool_or(l.phase = 'B') AS phase_b,
        bool_or(l.phase = 'C') AS phase_c,
        max(l.points) AS points,
        min(l.first_at) AS first_at,
        max(l.last_at) AS last_at,
        COALESCE(sum(c.points), 0) AS carried_points,
        bool_or(f.mp_id IS NOT NULL) AS energy_fell
    FROM lost_phase AS l
    LEFT JOIN carried AS c ON c.mp_id = l.mp_id AND c.phase = l.phase
    LEFT JOIN fallen AS f ON f.mp_id = l.mp_id
    WHERE c.mp_id IS NOT NULL OR f.mp_id IS NOT NULL
    GROUP BY l.mp_id
),

-- Four-wire meter, balanced load: with one current lost K - 1 = 1/2 of the recorded energy is missing, with two K - 1 = 2.
missing AS (
    SELECT
        j.mp_id,
        sum(CASE
            WHEN j.wiring <> '3p4w' THEN NULL
            WHEN
                CASE WHEN j.lost_a AND s.phase_a THEN 1 ELSE 0 END
                + CASE WHEN j.lost_b AND s.phase_b THEN 1 ELSE 0 END
                + CASE WHEN j.lost_c AND s.phase_c THEN 1 ELSE 0 END = 1
                THEN j.kwh * CAST(0.5 AS DECIMAL(38, 1))
            WHEN
                CASE WHEN j.lost_a AND s.phase_a THEN 1 ELSE 0 END
                + CASE WHEN j.lost_b AND s.phase_b THEN 1 ELSE 0 END
                + CASE WHEN j.lost_c AND s.phase_c THEN 1 ELSE 0 END = 2
                THEN j.kwh * 2
        END) AS kwh
    FROM lost_point AS j
    INNER JOIN suspected AS s ON s.mp_id = j.mp_id
    GROUP BY j.mp_id
)

SELECT
    s.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    s.mp_id,
    $month AS bill_month,
    CAST(s.first_at - INTERVAL 15 MINUTE AS DATE) AS period_from,
    CAST(s.last_at - INTERVAL 15 MINUTE + INTERVAL 1 DAY AS DATE) AS period_to,
    p.wiring,
    s.phases,
    s.points,
    s.carried_points,
    s.energy_fell,
    CAST(m.kwh AS DECIMAL(38, 4)) AS kwh_at_stake,
    round_hu(CAST(m.kwh AS DECIMAL(38, 4)) * r.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM suspected AS s
INNER JOIN metering_point AS p ON p.mp_id = s.mp_id
LEFT JOIN missing AS m ON m.mp_id = s.mp_id
LEFT JOIN customer_price AS r ON r.customer_no = p.customer_no AND r.bill_month = $month
