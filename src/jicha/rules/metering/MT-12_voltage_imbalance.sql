-- Phase voltages that differ (电压不平衡): by more than 30 % as the meter's event says, or by more than 5 % in the curve of a point metered at high voltage.
WITH used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        p.wiring,
        p.metering_mode,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        CAST($lost_share AS DECIMAL(38, 4)) * CASE
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v = 100 THEN 57.7
            ELSE m.ref_voltage_v
        END AS lost_v
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE p.usage <> 'check' AND p.wiring IN ('3p3w', '3p4w') AND i.installed_at < $month_end
),

-- A three-wire meter shows two voltages between the lines.
high_point AS (
    SELECT
        u.mp_id,
        u.lost_v,
        c.at,
        GREATEST(c.ua_v, CASE WHEN u.wiring = '3p4w' THEN c.ub_v ELSE c.ua_v END, c.uc_v) AS highest_v,
        LEAST(c.ua_v, CASE WHEN u.wiring = '3p4w' THEN c.ub_v ELSE c.ua_v END, c.uc_v) AS lowest_v
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE
        u.metering_mode = 'hv_hv'
        AND c.at > $month
        AND c.at <= LEAST($month_end, $as_of)
        AND c.ua_v IS NOT NULL
        AND c.uc_v IS NOT NULL
        AND (u.wiring = '3p3w' OR c.ub_v IS NOT NULL)
),

-- A voltage that is gone is a matter of MT-06 and MT-07.
curve_uneven AS (
    SELECT
        mp_id,
        count(*) AS points,
        min(at) AS first_at,
        max(at) AS last_at,
        max(div_hu(highest_v - lowest_v, highest_v, 4)) AS worst
    FROM high_point
    WHERE lowest_v >= lost_v AND highest_v - lowest_v > CAST($imbalance AS DECIMAL(38, 4)) * highest_v
    GROUP BY mp_id
    HAVING count(*) >= $points
),

event_uneven AS (
    SELECT
        e.mp_id,
        count(DISTINCT e.started_at) AS events,
        min(GREATEST(e.started_at, CAST($month AS TIMESTAMP))) AS first_at,
        max(LEAST(COALESCE(e.ended_at, CAST($as_of AS TIMESTAMP)), CAST($month_end AS TIMESTAMP))) AS last_at
    FROM meter_event AS e
    INNER JOIN used AS u
        ON u.mp_id = e.mp_id AND u.meter_id = e.meter_id AND e.started_at >= u.installed_at AND (u.ended_at IS NULL OR e.started_at < u.ended_at)
    WHERE
        upper(trim(e.code)) IN ($event_codes)
        AND e.started_at < LEAST($month_end, $as_of)
        AND (
            (e.ended_at > $month AND e.ended_at >= e.started_at + $seconds * INTERVAL 1 SECOND)
            OR (e.ended_at IS NULL AND date_diff('day', CAST(e.started_at AS DATE), $as_of) <= $open_days)
        )
    GROUP BY e.mp_id
)

SELECT
    p.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    p.mp_id,
    $month AS bill_month,
    LEAST(CAST(c.first_at - INTERVAL 15 MINUTE AS DATE), CAST(e.first_at AS DATE)) AS period_from,
    GREATEST(CAST(c.last_at - INTERVAL 15 MINUTE + INTERVAL 1 DAY AS DATE), CAST(e.last_at - INTERVAL 1 MINUTE + INTERVAL 1 DAY AS DATE)) AS period_to,
    p.metering_mode,
    p.wiring,
    COALESCE(e.events, 0) AS events,
    COALESCE(c.points, 0) AS points,
    CAST(CAST(c.worst AS DECIMAL(38, 4)) * 100 AS DECIMAL(18, 2)) AS worst_pct
FROM metering_point AS p
LEFT JOIN curve_uneven AS c ON c.mp_id = p.mp_id
LEFT JOIN event_uneven AS e ON e.mp_id = p.mp_id
WHERE c.mp_id IS NOT NULL OR e.mp_id IS NOT NULL
