-- A phase of the meter has lost its voltage while current flows (失压), as the meter's events or the 96-point curve tell.
WITH used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        p.customer_no,
        p.org_no,
        p.usage,
        p.wiring,
        p.district_id,
        p.feeder_id,
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
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE p.usage <> 'check' AND i.installed_at < $month_end
),

-- Three-wire meters never judge phase B, single-phase meters have no phase to lose.
judged_point AS (
    SELECT
        u.mp_id,
        -- A point stands at the end of its quarter hour: 24:00 belongs to the day before.
        CAST(c.at - INTERVAL 15 MINUTE AS DATE) AS day,
        u.wiring,
        CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier * 0.25 AS kwh,
        c.ua_v,
        c.ub_v,
        c.uc_v,
        ABS(c.ia_a) AS ia_a,
        ABS(c.ib_a) AS ib_a,
        ABS(c.ic_a) AS ic_a,
        (c.ua_v < CAST($voltage_share AS DECIMAL(38, 4)) * u.nominal_v AND ABS(c.ia_a) > CAST($current_share AS DECIMAL(38, 4)) * u.basic_a) AS lost_a,
        (
            u.wiring = '3p4w'
            AND c.ub_v < CAST($voltage_share AS DECIMAL(38, 4)) * u.nominal_v
            AND ABS(c.ib_a) > CAST($current_share AS DECIMAL(38, 4)) * u.basic_a
        ) AS lost_b,
        (c.uc_v < CAST($voltage_share AS DECIMAL(38, 4)) * u.nominal_v AND ABS(c.ic_a) > CAST($current_share AS DECIMAL(38, 4)) * u.basic_a) AS lost_c
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE u.wiring IN ('3p3w', '3p4w') AND c.at > $month AND c.at <= LEAST($month_end, $as_of)
),

lost_point AS (
    SELECT
        mp_id,
        day,
        wiring,
        kwh,
        COALESCE(lost_a, FALSE) AS lost_a,
        lost_b,
        COALESCE(lost_c, FALSE) AS lost_c,
        CASE WHEN lost_a THEN 0 ELSE 1 END + CASE WHEN lost_b THEN 0 ELSE 1 END + CASE WHEN lost_c THEN 0 ELSE 1 END AS healthy,
        CASE WHEN lost_a THEN 0 ELSE ua_v END + CASE WHEN lost_b THEN 0 ELSE ub_v END + CASE WHEN lost_c THEN 0 ELSE uc_v END AS healthy_v,
        ua_v,
        ub_v,
        uc_v,
        ia_a,
        ib_a,
        ic_a
    FROM judged_point
    WHERE lost_a OR lost_b OR lost_c
),

-- What a four-wire meter did not count: the lost phase takes the mean voltage of the healthy ones at its own current and the common power factor.
-- Balanced and with the voltage wholly gone this is the correction factor K = 3/2, with two phases gone K = 3.
costed_point AS (
    SELECT
        mp_id,
        day,
        lost_a,
        lost_b,
        lost_c,
        CASE
            WHEN wiring = '3p4w' AND healthy > 0
                THEN div_hu(
                    CAST(kwh AS DECIMAL(38, 12)) * (
                        CASE WHEN lost_a THEN (healthy_v - CAST(healthy AS DECIMAL(38, 0)) * ua_v) * ia_a ELSE 0 END
                        + CASE WHEN lost_b THEN (healthy_v - CAST(healthy AS DECIMAL(38, 0)) * ub_v) * ib_a ELSE 0 END
                        + CASE WHEN lost_c THEN (healthy_v - CAST(healthy AS DECIMAL(38, 0)) * uc_v) * ic_a ELSE 0 END
                    ),
                    healthy
                    * (CAST(ua_v AS DECIMAL(38, 4)) * ia_a + CAST(ub_v AS DECIMAL(38, 4)) * ib_a + CAST(uc_v AS DECIMAL(38, 4)) * ic_a),
                    4
                )
        END AS lost_kwh
    FROM lost_point
),

curve_loss AS (
    SELECT
        mp_id,
        day,
        count(*) FILTER (WHERE lost_a) AS points_a,
        count(*) FILTER (WHERE lost_b) AS points_b,
        count(*) FILTER (WHERE lost_c) AS points_c,
        count(*) AS points,
        sum(lost_kwh) AS lost_kwh
    FROM costed_point
    GROUP BY mp_id, day
    HAVING GREATEST(count(*) FILTER (WHERE lost_a), count(*) FILTER (WHERE lost_b), count(*) FILTER (WHERE lost_c)) * 15 >= $minutes
),

-- An event without an end lasts, unless the curve shows all phases healthy (> 85 %) again.
voltage_event AS (
    SELECT
        u.mp_id,
        u.meter_id,
        u.wiring,
        u.multiplier,
        u.nominal_v,
        u.ended_at AS meter_ended_at,
        e.event_id,
        upper(trim(e.phase)) AS phase,
        e.started_at,
        e.ended_at
    FROM meter_event AS e
    INNER JOIN used AS u
        ON u.mp_id = e.mp_id AND u.meter_id = e.meter_id AND e.started_at >= u.installed_at AND (u.ended_at IS NULL OR e.started_at < u.ended_at)
    WHERE
        upper(trim(e.code)) IN ($event_codes)
        AND e.started_at < LEAST($month_end, $as_of)
        AND (e.ended_at > $month OR (e.ended_at IS NULL AND date_diff('day', CAST(e.started_at AS DATE), $as_of) <= $open_days))
),

recovered AS (
    SELECT v.event_id, min(c.at) AS recovered_at
    FROM voltage_event AS v
    INNER JOIN curve AS c
        ON c.mp_id = v.mp_id AND c.at > v.started_at AND c.at <= LEAST($month_end, $as_of)
    WHERE
        v.ended_at IS NULL
        AND c.ua_v > CAST(0.85 AS DECIMAL(38, 2)) * v.nominal_v
        AND (v.wiring = '3p3w' OR c.ub_v > CAST(0.85 AS DECIMAL(38, 2)) * v.nominal_v)
        AND c.uc_v > CAST(0.85 AS DECIMAL(38, 2)) * v.nominal_v
    GROUP BY v.event_id
),

event_loss AS (
    SELECT
        v.mp_id,
        v.meter_id,
        v.wiring,
        v.multiplier,
        v.phase,
        GREATEST(v.started_at, CAST($month AS TIMESTAMP)) AS from_at,
        LEAST(COALESCE(v.ended_at, r.recovered_at, CAST($as_of AS TIMESTAMP)), CAST($month_end AS TIMESTAMP), v.meter_ended_at) AS to_at
    FROM voltage_event AS v
    LEFT JOIN recovered AS r ON r.event_id = v.event_id
    WHERE
        COALESCE(v.ended_at, r.recovered_at, CAST($as_of AS TIMESTAMP)) >= v.started_at + $minutes * INTERVAL 1 MINUTE
        AND COALESCE(v.ended_at, r.recovered_at, CAST($as_of AS TIMESTAMP)) > $month
),

event_sum AS (
    SELECT
        mp_id,
        min(meter_id) AS meter_id,
        min(wiring) AS wiring,
        min(multiplier) AS multiplier,
        -- An event delivered twice is one.
        count(DISTINCT from_at) AS events,
        count(DISTINCT COALESCE(phase, '?')) AS phases,
        min(phase) AS phase,
        min(from_at) AS from_at,
        max(to_at) AS to_at,
        count(DISTINCT meter_id) AS meters
    FROM event_loss
    GROUP BY mp_id
),

-- Without a curve, one event of one phase of a four-wire meter: the frozen registers of its whole days, times K - 1 = 1/2.
event_energy AS (
    SELECT
        s.mp_id,
        CAST(CAST(b.value - a.value AS DECIMAL(38, 4)) * s.multiplier * 0.5 AS DECIMAL(38, 4)) AS lost_kwh
    FROM event_sum AS s
    INNER JOIN daily_freeze AS a
        ON
            a.mp_id = s.mp_id
            AND a.meter_id = s.meter_id
            AND a.register = 'total'
            AND a.day = CASE
                WHEN s.from_at = CAST(CAST(s.from_at AS DATE) AS TIMESTAMP) THEN CAST(s.from_at AS DATE)
                ELSE CAST(s.from_at + INTERVAL 1 DAY AS DATE)
            END
    INNER JOIN daily_freeze AS b
        ON b.mp_id = s.mp_id AND b.meter_id = s.meter_id AND b.register = 'total' AND b.day = CAST(s.to_at AS DATE)
    WHERE s.wiring = '3p4w' AND s.events = 1 AND s.phases = 1 AND s.meters = 1 AND s.phase IN ('A', 'B', 'C') AND b.day > a.day AND b.value >= a.value
),

curve_sum AS (
    SELECT
        mp_id,
        sum(points) AS points,
        sum(points_a) AS points_a,
        sum(points_b) AS points_b,
        sum(points_c) AS points_c,
        count(*) AS days,
        min(day) AS first_day,
        max(day) AS last_day,
        CASE WHEN count(lost_kwh) = count(*) THEN sum(lost_kwh) END AS lost_kwh
    FROM curve_loss
    GROUP BY mp_id
),

loss AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.usage,
        p.wiring,
        p.district_id,
        p.feeder_id,
        COALESCE(s.events, 0) AS events,
        CASE
            WHEN s.phase IS NOT NULL AND s.phases = 1 THEN s.phase
            ELSE ''
        END AS event_phase,
        COALESCE(c.points, 0) AS points,
        COALESCE(c.points_a, 0) AS points_a,
        COALESCE(c.points_b, 0) AS points_b,
        COALESCE(c.points_c, 0) AS points_c,
        LEAST(c.first_day, CAST(s.from_at AS DATE)) AS first_day,
        GREATEST(c.last_day, CAST(s.to_at - INTERVAL 1 MINUTE AS DATE)) AS last_day,
        CASE WHEN c.mp_id IS NOT NULL THEN c.lost_kwh ELSE f.lost_kwh END AS lost_kwh,
        CASE
            WHEN c.lost_kwh IS NOT NULL THEN 'curve'
            WHEN c.mp_id IS NULL AND f.lost_kwh IS NOT NULL THEN 'frozen registers'
        END AS computed_from
    FROM metering_point AS p
    LEFT JOIN curve_sum AS c ON c.mp_id = p.mp_id
    LEFT JOIN event_sum AS s ON s.mp_id = p.mp_id
    LEFT JOIN event_energy AS f ON f.mp_id = p.mp_id
    WHERE c.mp_id IS NOT NULL OR s.mp_id IS NOT NULL
)

SELECT
    l.mp_id AS subject_id,
    l.org_no,
    l.customer_no,
    l.mp_id,
    $month AS bill_month,
    l.first_day AS period_from,
    CAST(l.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    l.wiring,
    l.events,
    l.event_phase,
    l.points,
    l.points_a,
    l.points_b,
    l.points_c,
    l.computed_from,
    l.lost_kwh AS kwh_at_stake,
    CASE WHEN l.usage = 'billing' THEN round_hu(CAST(l.lost_kwh AS DECIMAL(38, 4)) * r.price_yuan_per_kwh, 2) END AS yuan_at_stake,
    CASE WHEN l.lost_kwh IS NULL THEN NULL WHEN l.usage = 'billing' THEN 'company' ELSE 'customer' END AS direction
FROM loss AS l
LEFT JOIN customer_price AS r ON r.customer_no = l.customer_no AND r.bill_month = $month
WHERE NOT (
    -- Work on the voltage transformers: short, and inside an order that brings workers or an announced outage.
    date_diff('day', l.first_day, l.last_day) < $maintenance_days
    AND (
        EXISTS (
            SELECT 1
            FROM work_order AS o
            WHERE
                o.customer_no = l.customer_no
                AND o.kind IN ($maintenance_orders)
                AND o.state <> 'cancelled'
                AND CAST(o.opened_at AS DATE) <= l.first_day
                AND (o.closed_at IS NULL OR CAST(o.closed_at AS DATE) >= l.last_day)
        )
        OR EXISTS (
            SELECT 1
            FROM outage_notice AS n
            WHERE
                (n.district_id = l.district_id OR (n.district_id IS NULL AND n.feeder_id = l.feeder_id))
                AND CAST(n.starts_at AS DATE) <= l.first_day
                AND (n.ends_at IS NULL OR CAST(n.ends_at AS DATE) >= l.last_day)
        )
    )
)
