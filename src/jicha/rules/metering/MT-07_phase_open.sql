-- A phase of the meter has neither voltage nor current while another still has voltage (断相), and no outage of the zone explains it.
WITH used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        p.wiring,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        CAST($current_share AS DECIMAL(38, 4)) * m.basic_current_a AS none_a,
        -- Some ledgers hold the voltage between the lines of a four-wire meter.
        CAST($voltage_share AS DECIMAL(38, 4)) * CASE
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v = 100 THEN 57.7
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v BETWEEN 360 AND 420 THEN 220
            ELSE m.ref_voltage_v
        END AS open_v
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE p.usage <> 'check' AND p.wiring IN ('3p3w', '3p4w') AND i.installed_at < $month_end
),

-- Three-wire meters never judge phase B.
judged_point AS (
    SELECT
        u.mp_id,
        c.at,
        COALESCE(c.ua_v < u.open_v AND ABS(c.ia_a) < u.none_a, FALSE) AS open_a,
        COALESCE(u.wiring = '3p4w' AND c.ub_v < u.open_v AND ABS(c.ib_a) < u.none_a, FALSE) AS open_b,
        COALESCE(c.uc_v < u.open_v AND ABS(c.ic_a) < u.none_a, FALSE) AS open_c,
        GREATEST(c.ua_v, CASE WHEN u.wiring = '3p4w' THEN c.ub_v ELSE c.ua_v END, c.uc_v) >= u.open_v AS supplied
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of)
),

-- Without voltage in all phases the supply is off: an outage, no open phase.
open_point AS (
    SELECT mp_id, at, open_a, open_b, open_c
    FROM judged_point
    WHERE supplied AND (open_a OR open_b OR open_c)
),

curve_day AS (
    SELECT
        mp_id,
        -- A point stands at the end of its quarter hour: 24:00 belongs to the day before.
        CAST(at - INTERVAL 15 MINUTE AS DATE) AS day,
        count(*) AS points,
        bool_or(open_a) AS open_a,
        bool_or(open_b) AS open_b,
        bool_or(open_c) AS open_c,
        CAST(min(at) - INTERVAL 15 MINUTE AS TIMESTAMP) AS started_at,
        max(at) AS ended_at
    FROM open_point
    GROUP BY mp_id, CAST(at - INTERVAL 15 MINUTE AS DATE)
    HAVING count(*) >= $points
),

opening AS (
    SELECT
        mp_id,
        'curve' AS source,
        started_at,
        ended_at,
        points,
        CASE WHEN open_a THEN 'A' ELSE '' END || CASE WHEN open_b THEN 'B' ELSE '' END || CASE WHEN open_c THEN 'C' ELSE '' END AS phase
    FROM curve_day
    UNION ALL
    SELECT
        e.mp_id,
        'event' AS source,
        e.started_at,
        COALESCE(e.ended_at, CAST(LEAST($month_end, $as_of) AS TIMESTAMP)) AS ended_at,
        0 AS points,
        COALESCE(upper(trim(e.phase)), '') AS phase
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
),

placed AS (
    SELECT DISTINCT
        o.mp_id,
        o.source,
        o.started_at,
        o.ended_at,
        o.points,
        o.phase,
        p.customer_no,
        p.org_no,
        p.wiring,
        p.district_id,
        p.feeder_id,
        COALESCE(p.feeder_id, p.district_id) AS zone_id
    FROM opening AS o
    INNER JOIN metering_point AS p ON p.mp_id = o.mp_id
),

-- What else went off in the zone: power failures and open phases of other points.
signal AS (
    SELECT p.zone_id, p.mp_id, p.started_at AS at
    FROM placed AS p
    UNION ALL
    SELECT COALESCE(q.feeder_id, q.district_id) AS zone_id, e.mp_id, e.started_at AS at
    FROM meter_event AS e
    INNER JOIN metering_point AS q ON q.mp_id = e.mp_id
    WHERE upper(trim(e.code)) IN ($outage_codes) AND e.started_at < LEAST($month_end, $as_of)
),

zone_outage AS (
    SELECT p.mp_id, p.started_at
    FROM placed AS p
    INNER JOIN signal AS s ON s.zone_id = p.zone_id
    WHERE
        s.mp_id <> p.mp_id
        AND s.at >= p.started_at - $together_minutes * INTERVAL 1 MINUTE
        AND s.at <= p.started_at + $together_minutes * INTERVAL 1 MINUTE
    GROUP BY p.mp_id, p.started_at
    HAVING count(DISTINCT s.mp_id) >= $neighbours
),

unexplained AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.wiring,
        p.source,
        p.started_at,
        p.ended_at,
        p.points,
        p.phase
    FROM placed AS p
    LEFT JOIN zone_outage AS z ON z.mp_id = p.mp_id AND z.started_at = p.started_at
    WHERE
        z.mp_id IS NULL
        AND NOT EXISTS (
            SELECT 1
            FROM outage_notice AS n
            WHERE
                (n.district_id = p.district_id OR (n.district_id IS NULL AND n.feeder_id = p.feeder_id))
                AND CAST(n.starts_at AS DATE) <= CAST(p.started_at AS DATE)
                AND (n.ends_at IS NULL OR CAST(n.ends_at AS DATE) >= CAST(p.ended_at - INTERVAL 1 MINUTE AS DATE))
        )
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CAST(GREATEST(min(started_at), CAST($month AS TIMESTAMP)) AS DATE) AS period_from,
    CAST(LEAST(max(ended_at), CAST($month_end AS TIMESTAMP)) - INTERVAL 1 MINUTE + INTERVAL 1 DAY AS DATE) AS period_to,
    wiring,
    count(DISTINCT started_at) FILTER (WHERE source = 'event') AS events,
    sum(points) AS points,
    max(phase) AS phase
FROM unexplained
GROUP BY mp_id, org_no, customer_no, wiring
