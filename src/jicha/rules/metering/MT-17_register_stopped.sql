-- The register stands still while the customer draws current (停走): whole days of curve with load and no step of the frozen register, or an event of a stop
-- at a customer who is known to use energy.
WITH used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        p.customer_no,
        p.org_no,
        p.wiring,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier,
        CAST($load_share AS DECIMAL(38, 4)) * m.basic_current_a AS load_a,
        CAST($voltage_share AS DECIMAL(38, 4)) * CASE
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v = 100 THEN 57.7
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v BETWEEN 360 AND 420 THEN 220
            ELSE m.ref_voltage_v
        END AS least_v
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE p.usage = 'billing' AND i.installed_at < $month_end
),

-- Power of a point: what the meter shows, else voltage × current × a power factor; two elements of a three-wire meter see √3 / 2 of it.
judged_point AS (
    SELECT
        u.mp_id,
        u.meter_id,
        CAST(c.at - INTERVAL 15 MINUTE AS DATE) AS day,
        (
            COALESCE(ABS(c.ia_a) > u.load_a AND c.ua_v > u.least_v, FALSE)
            OR COALESCE(ABS(c.ib_a) > u.load_a AND c.ub_v > u.least_v, FALSE)
            OR COALESCE(ABS(c.ic_a) > u.load_a AND c.uc_v > u.least_v, FALSE)
        ) AS loaded,
        CAST(u.multiplier AS DECIMAL(38, 6)) * CASE
            WHEN c.p_kw > 0 THEN CAST(c.p_kw AS DECIMAL(38, 8))
            ELSE CAST(
                0.001 * CAST($power_factor AS DECIMAL(38, 2)) * CASE WHEN u.wiring = '3p3w' THEN 0.866 ELSE 1.000 END
                * (
                    COALESCE(CAST(c.ua_v AS DECIMAL(38, 4)) * ABS(c.ia_a), 0)
                    + CASE WHEN u.wiring = '3p4w' THEN COALESCE(CAST(c.ub_v AS DECIMAL(38, 4)) * ABS(c.ib_a), 0) ELSE 0 END
                    + COALESCE(CAST(c.uc_v AS DECIMAL(38, 4)) * ABS(c.ic_a), 0)
                )
                AS DECIMAL(38, 8)
            )
        END AS kw
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of)
),

curve_day AS (
    SELECT
        mp_id,
        meter_id,
        day,
        count(*) FILTER (WHERE loaded) AS points,
        CAST(sum(kw) FILTER (WHERE loaded) * 0.25 AS DECIMAL(38, 4)) AS kwh
    FROM judged_point
    GROUP BY mp_id, meter_id, day
),

loaded_day AS (
    SELECT mp_id, meter_id, day, points, kwh
    FROM curve_day
    WHERE points >= $day_points
),

stopped_day AS (
    SELECT d.mp_id, d.day, d.kwh
    FROM loaded_day AS d
    INNER JOIN daily_freeze AS a ON a.mp_id = d.mp_id AND a.meter_id = d.meter_id AND a.register = 'total' AND a.day = d.day
    INNER JOIN daily_freeze AS b
        ON b.mp_id = d.mp_id AND b.meter_id = d.meter_id AND b.register = 'total' AND b.day = CAST(d.day + INTERVAL 1 DAY AS DATE)
    WHERE a.value = b.value
),

curve_stop AS (
    SELECT mp_id, count(*) AS days, min(day) AS first_day, max(day) AS last_day, CAST(sum(kwh) AS DECIMAL(38, 4)) AS kwh
    FROM stopped_day
    GROUP BY mp_id
),

stop_event AS (
    SELECT
        u.mp_id,
        u.meter_id,
        e.event_id,
        CAST(GREATEST(e.started_at, CAST($month AS TIMESTAMP)) AS DATE) AS first_day,
        CAST(LEAST(COALESCE(e.ended_at, CAST($as_of AS TIMESTAMP)), CAST($month_end AS TIMESTAMP)) AS DATE) AS end_day
    FROM meter_event AS e
    INNER JOIN used AS u
        ON u.mp_id = e.mp_id AND u.meter_id = e.meter_id AND e.started_at >= u.installed_at AND (u.ended_at IS NULL OR e.started_at < u.ended_at)
    WHERE
        upper(trim(e.code)) IN ($event_codes)
        AND e.started_at < LEAST($month_end, $as_of)
        AND (
            (e.ended_at > $month AND e.ended_at >= e.started_at + $hours * INTERVAL 1 HOUR)
            OR (
                e.ended_at IS NULL
                AND date_diff('day', CAST(e.started_at AS DATE), $as_of) <= $open_days
                AND CAST($as_of AS TIMESTAMP) >= e.started_at + $hours * INTERVAL 1 HOUR
            )
        )
),

-- A frozen register that moves while the event lasts says that the meter runs and only the end of the event was lost.
moved AS (
    SELECT s.event_id
    FROM stop_event AS s
    INNER JOIN daily_freeze AS f ON f.mp_id = s.mp_id AND f.meter_id = s.meter_id AND f.register = 'total' AND f.day > s.first_day AND f.day <= s.end_day
    GROUP BY s.event_id
    HAVING max(f.value) > min(f.value)
),

-- Nobody at home: where there is a curve it shows current, else the cycles before must show use.
idle AS (
    SELECT s.event_id
    FROM stop_event AS s
    INNER JOIN curve_day AS d ON d.mp_id = s.mp_id AND d.day >= s.first_day AND d.day < s.end_day
    GROUP BY s.event_id
    HAVING sum(d.points) = 0
),

event_stop AS (
    SELECT
        s.mp_id,
        count(*) AS events,
        min(s.first_day) AS first_day,
        max(s.end_day) AS end_day,
        -- Energy of a normal day × days (normal month less fault month, which is nothing).
        CAST(div_hu(max(m.energy_mean_3) * 3 * date_diff('day', min(s.first_day), max(s.end_day)), max(m.days_3), 4) AS DECIMAL(38, 4)) AS kwh
    FROM stop_event AS s
    INNER JOIN point_month AS m ON m.mp_id = s.mp_id AND m.bill_month = $month
    WHERE
        m.energy_mean_3 >= $least_kwh
        AND m.days_3 > 0
        AND NOT EXISTS (SELECT 1 FROM moved AS v WHERE v.event_id = s.event_id)
        AND NOT EXISTS (SELECT 1 FROM idle AS v WHERE v.event_id = s.event_id)
    GROUP BY s.mp_id
),

found AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        COALESCE(e.events, 0) AS events,
        COALESCE(c.days, 0) AS days,
        LEAST(c.first_day, e.first_day) AS period_from,
        GREATEST(CAST(c.last_day + INTERVAL 1 DAY AS DATE), e.end_day) AS period_to,
        CASE WHEN c.mp_id IS NOT NULL THEN 'curve' ELSE 'normal day' END AS computed_from,
        COALESCE(c.kwh, e.kwh) AS kwh
    FROM metering_point AS p
    LEFT JOIN curve_stop AS c ON c.mp_id = p.mp_id
    LEFT JOIN event_stop AS e ON e.mp_id = p.mp_id
    WHERE c.mp_id IS NOT NULL OR e.mp_id IS NOT NULL
)

SELECT
    f.mp_id AS subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    $month AS bill_month,
    f.period_from,
    f.period_to,
    f.events,
    f.days,
    f.computed_from,
    f.kwh AS kwh_at_stake,
    round_hu(CAST(f.kwh AS DECIMAL(38, 4)) * r.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM found AS f
LEFT JOIN customer_price AS r ON r.customer_no = f.customer_no AND r.bill_month = $month
