-- The meter reports that its terminal cover was opened (开端钮盒) and neither an order, an entered seal nor work in the same box explains a hand there.
WITH cover_event AS (
    SELECT
        e.event_id,
        e.mp_id,
        e.meter_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        p.customer_no,
        p.org_no,
        p.district_id
    FROM meter_event AS e
    INNER JOIN metering_point AS p ON p.mp_id = e.mp_id
    -- Opened before installation or after removal is handling in the laboratory; the day of that work is explained by its record.
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND CAST(e.started_at AS DATE) > CAST(i.installed_at + $days * INTERVAL 1 DAY AS DATE)
            AND (i.removed_at IS NULL OR CAST(e.started_at + $days * INTERVAL 1 DAY AS DATE) < CAST(i.removed_at AS DATE))
    WHERE upper(trim(e.code)) IN ($codes) AND e.started_at >= $month AND e.started_at < LEAST($month_end, $as_of)
    QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY i.installed_at DESC) = 1
),

ordered AS (
    SELECT v.event_id
    FROM cover_event AS v
    INNER JOIN work_order AS o ON o.customer_no = v.customer_no
    WHERE
        o.kind IN ($order_kinds)
        AND o.state <> 'cancelled'
        AND date_diff('day', CAST(o.opened_at AS DATE), CAST(v.started_at AS DATE)) >= -$days
        AND (o.closed_at IS NULL OR date_diff('day', CAST(o.closed_at AS DATE), CAST(v.started_at AS DATE)) <= $days)
    UNION ALL
    SELECT v.event_id
    FROM cover_event AS v
    INNER JOIN seal_operation AS s ON s.mp_id = v.mp_id
    WHERE
        s.place IN ('terminal_cover', 'box')
        AND s.action IN ('apply', 'remove')
        AND s.order_no IS NOT NULL
        AND date_diff('day', CAST(s.at AS DATE), CAST(v.started_at AS DATE)) BETWEEN -$days AND $days
),

-- Meters of one box hang in one district and are opened one after the other.
same_box AS (
    SELECT v.event_id
    FROM cover_event AS v
    INNER JOIN cover_event AS n ON n.district_id = v.district_id AND n.mp_id <> v.mp_id
    INNER JOIN ordered AS o ON o.event_id = n.event_id
    WHERE
        n.started_at >= v.started_at - $together_minutes * INTERVAL 1 MINUTE
        AND n.started_at <= v.started_at + $together_minutes * INTERVAL 1 MINUTE
),

unexplained AS (
    SELECT v.event_id, v.mp_id, v.meter_id, v.code, v.started_at, v.customer_no, v.org_no
    FROM cover_event AS v
    WHERE
        NOT EXISTS (SELECT 1 FROM ordered AS o WHERE o.event_id = v.event_id)
        AND NOT EXISTS (SELECT 1 FROM same_box AS b WHERE b.event_id = v.event_id)
)

-- Meter and terminal may both report one opening: count moments, not messages.
SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CAST(min(started_at) AS DATE) AS period_from,
    CAST(max(started_at) + INTERVAL 1 DAY AS DATE) AS period_to,
    meter_id,
    min(event_id) AS event_id,
    min(code) AS code,
    min(started_at) AS first_opened_at,
    max(started_at) AS last_opened_at,
    count(DISTINCT started_at) AS openings
FROM unexplained
GROUP BY mp_id, meter_id, customer_no, org_no
