-- The meter or the terminal reports a reverse phase sequence (逆相序) that lasts, and no work on site explains it.
WITH reported AS (
    SELECT
        e.mp_id,
        e.meter_id,
        e.event_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        e.ended_at
    FROM meter_event AS e
    -- Before installation and after removal it is the laboratory's wiring.
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND e.started_at >= i.installed_at
            AND (i.removed_at IS NULL OR e.started_at < i.removed_at)
    WHERE
        upper(trim(e.code)) IN ($codes)
        AND e.started_at < LEAST($month_end, $as_of)
        AND (
            (e.ended_at > $month AND e.ended_at >= e.started_at + $seconds * INTERVAL 1 SECOND)
            OR (e.ended_at IS NULL AND date_diff('day', CAST(e.started_at AS DATE), $as_of) <= $open_days)
        )
    QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY i.installed_at DESC) = 1
),

-- Phases are exchanged and put right again while somebody works there; what stays wrong afterwards is the finding.
unexplained AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.event_id,
        r.code,
        r.started_at,
        r.ended_at,
        p.customer_no,
        p.org_no,
        p.wiring
    FROM reported AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    WHERE
        p.wiring IN ('3p3w', '3p4w')
        AND NOT EXISTS (
            SELECT 1
            FROM work_order AS o
            WHERE
                o.customer_no = p.customer_no
                AND o.kind IN ($order_kinds)
                AND o.state <> 'cancelled'
                AND date_diff('day', CAST(o.opened_at AS DATE), CAST(r.started_at AS DATE)) >= 0
                AND date_diff('day', CAST(o.closed_at AS DATE), CAST(r.ended_at AS DATE)) <= 0
        )
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CAST(GREATEST(min(started_at), CAST($month AS TIMESTAMP)) AS DATE) AS period_from,
    CAST(LEAST(max(COALESCE(ended_at, CAST(LEAST($month_end, $as_of) AS TIMESTAMP))), CAST($month_end AS TIMESTAMP)) - INTERVAL 1 MINUTE + INTERVAL 1 DAY AS DATE) AS period_to,
    min(meter_id) AS meter_id,
    wiring,
    min(code) AS code,
    min(started_at) AS first_started_at,
    -- Meter and terminal may both report one: count moments, not messages.
    count(DISTINCT started_at) AS events,
    bool_or(ended_at IS NULL) AS goes_on
FROM unexplained
GROUP BY mp_id, org_no, customer_no, wiring
