-- Remotely read points without a frozen register for a week and more of days on which the others of their unit have one (采集长期失败).
WITH expected AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.district_id,
        p.feeder_id
    FROM metering_point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    WHERE
        p.status = 'running'
        AND c.status = 'active'
        AND p.usage = 'billing'
        AND p.opened_on < $month
        AND (p.removed_on IS NULL OR p.removed_on >= $month_end)
        -- Read remotely of late: a meter that nobody has connected cannot be lost.
        AND EXISTS (
            SELECT 1
            FROM reading AS r
            WHERE
                r.mp_id = p.mp_id
                AND r.register = 'total'
                AND r.method = 'ami'
                AND r.bill_month <= $month
                AND ym(r.bill_month) >= ym($month) - $recent_months
        )
),
frozen AS (
    SELECT f.mp_id, f.day
    FROM daily_freeze AS f
    WHERE f.day >= $month AND f.day < $month_end AND f.register = 'total' AND f.value IS NOT NULL
    GROUP BY f.mp_id, f.day
),
points AS (
    SELECT org_no, count(*) AS points
    FROM expected
    GROUP BY org_no
),
-- The days that the extract holds of the unit: a day that hardly any meter has was not delivered, or the whole system was down.
held AS (
    SELECT
        e.org_no,
        f.day,
        row_number() OVER (PARTITION BY e.org_no ORDER BY f.day) AS place
    FROM frozen AS f
    INNER JOIN expected AS e ON e.mp_id = f.mp_id
    INNER JOIN points AS n ON n.org_no = e.org_no
    GROUP BY e.org_no, f.day
    HAVING CAST(count(*) AS DECIMAL(38, 6)) >= CAST(max(n.points) AS DECIMAL(38, 6)) * $day_share
),
held_count AS (
    SELECT org_no, count(*) AS days
    FROM held
    GROUP BY org_no
),
seen AS (
    SELECT mp_id, count(*) AS days
    FROM frozen
    GROUP BY mp_id
),
-- Only those that lack a week in all are looked at day by day.
lacking AS (
    SELECT e.*, h.days AS held_days, COALESCE(s.days, 0) AS seen_days
    FROM expected AS e
    INNER JOIN held_count AS h ON h.org_no = e.org_no
    LEFT JOIN seen AS s ON s.mp_id = e.mp_id
    WHERE h.days - COALESCE(s.days, 0) >= $days OR s.mp_id IS NULL
),
-- The frozen days of each by their place among the held days, and the end of the month after the last.
marks AS (
    SELECT l.mp_id, h.place, f.day
    FROM lacking AS l
    INNER JOIN frozen AS f ON f.mp_id = l.mp_id
    INNER JOIN held AS h ON h.org_no = l.org_no AND h.day = f.day
    UNION ALL
    SELECT mp_id, held_days + 1 AS place, $month_end AS day
    FROM lacking
),
gaps AS (
    SELECT
        mp_id,
        COALESCE(lag(day) OVER w, $month) AS last_seen_on,
        lag(day) OVER w IS NOT NULL AS was_seen,
        day AS seen_again_on,
        place - COALESCE(lag(place) OVER w, 0) - 1 AS lost_days
    FROM marks
    WINDOW w AS (PARTITION BY mp_id ORDER BY place)
),
longest AS (
    SELECT *
    FROM gaps
    WHERE lost_days >= $days
    QUALIFY row_number() OVER (PARTITION BY mp_id ORDER BY lost_days DESC, seen_again_on DESC) = 1
)
SELECT
    l.mp_id AS subject_id,
    l.org_no,
    l.customer_no,
    l.mp_id,
    CAST($month AS DATE) AS bill_month,
    CASE WHEN g.was_seen THEN g.last_seen_on END AS last_seen_on,
    CASE WHEN g.seen_again_on < $month_end THEN g.seen_again_on END AS seen_again_on,
    CAST(g.lost_days AS INTEGER) AS lost_days,
    CAST(l.held_days AS INTEGER) AS held_days
FROM longest AS g
INNER JOIN lacking AS l ON l.mp_id = g.mp_id
WHERE
    -- Without power no meter answers.
    NOT EXISTS (
        SELECT 1
        FROM outage_notice AS o
        WHERE
            (o.district_id = l.district_id OR (o.district_id IS NULL AND o.feeder_id = l.feeder_id))
            AND date_diff('day', g.last_seen_on, CAST(o.starts_at AS DATE)) <= 1
            AND COALESCE(CAST(o.ends_at AS DATE), $month_end) >= CAST(g.last_seen_on + $days * INTERVAL 1 DAY AS DATE)
            AND CAST(o.starts_at AS DATE) < g.seen_again_on
    )
    AND NOT EXISTS (
        SELECT 1
        FROM meter_event AS e
        WHERE
            e.mp_id = l.mp_id
            AND e.code IN ($power_off_events)
            AND CAST(e.started_at AS DATE) < g.seen_again_on
            AND date_diff('day', g.last_seen_on, CAST(e.started_at AS DATE)) <= 1
            AND COALESCE(CAST(e.ended_at AS DATE), $month_end) >= CAST(g.last_seen_on + $days * INTERVAL 1 DAY AS DATE)
    )
