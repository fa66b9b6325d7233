-- The clock of a meter was reported wrong (时钟超差) and not set within a day: no end of the event and no setting of the clock (校时).
WITH reported AS (
    SELECT
        e.mp_id,
        e.meter_id,
        e.event_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        e.ended_at
    FROM meter_event AS e
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND e.started_at >= i.installed_at
            AND (i.removed_at IS NULL OR e.started_at < i.removed_at)
    WHERE
        upper(trim(e.code)) IN ($codes)
        AND e.started_at < LEAST($month_end, $as_of)
        AND date_diff('day', CAST(e.started_at AS DATE), $as_of) <= $open_days
        -- A meter that was taken down does not run wrong any more.
        AND (i.removed_at IS NULL OR i.removed_at > $month)
    QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY i.installed_at DESC) = 1
),

clock_set AS (
    SELECT r.event_id, min(s.started_at) AS set_at
    FROM reported AS r
    INNER JOIN meter_event AS s ON s.mp_id = r.mp_id AND s.meter_id = r.meter_id AND s.started_at >= r.started_at
    WHERE upper(trim(s.code)) IN ($set_codes) AND s.started_at < $as_of
    GROUP BY r.event_id
),

wrong AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.code,
        r.started_at,
        LEAST(r.ended_at, c.set_at) AS right_at
    FROM reported AS r
    LEFT JOIN clock_set AS c ON c.event_id = r.event_id
),

lasting AS (
    SELECT mp_id, meter_id, code, started_at, right_at
    FROM wrong
    WHERE
        COALESCE(right_at, CAST($as_of AS TIMESTAMP)) >= started_at + $hours * INTERVAL 1 HOUR
        AND (right_at IS NULL OR right_at > $month)
),

-- Where the price knows bands, a wrong clock moves energy between them.
banded AS (
    SELECT mp_id, bool_or(tou) AS tou
    FROM price_scheme
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to > $month)
    GROUP BY mp_id
)

SELECT
    l.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    l.mp_id,
    $month AS bill_month,
    CAST(GREATEST(min(l.started_at), CAST($month AS TIMESTAMP)) AS DATE) AS period_from,
    CAST(LEAST(max(COALESCE(l.right_at, CAST($as_of AS TIMESTAMP))), CAST($month_end AS TIMESTAMP)) - INTERVAL 1 MINUTE + INTERVAL 1 DAY AS DATE) AS period_to,
    l.meter_id,
    min(l.code) AS code,
    min(l.started_at) AS first_started_at,
    count(DISTINCT l.started_at) AS events,
    bool_or(l.right_at IS NULL) AS goes_on,
    COALESCE(b.tou, FALSE) AS tou,
    CASE WHEN b.tou THEN '是' ELSE '否' END AS tou_zh
FROM lasting AS l
INNER JOIN metering_point AS p ON p.mp_id = l.mp_id
LEFT JOIN banded AS b ON b.mp_id = l.mp_id
GROUP BY l.mp_id, p.org_no, p.customer_no, l.meter_id, b.tou
