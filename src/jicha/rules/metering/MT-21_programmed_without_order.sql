-- The meter reports that it was programmed or cleared (编程、清零) and no order explains a hand there.
WITH clearing AS (
    SELECT
        e.event_id,
        e.mp_id,
        e.meter_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        p.customer_no,
        p.org_no
    FROM meter_event AS e
    INNER JOIN metering_point AS p ON p.mp_id = e.mp_id
    -- Before installation and after removal it is the laboratory; the day of that work is explained by its record.
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
    SELECT DISTINCT v.event_id
    FROM clearing AS v
    INNER JOIN work_order AS o ON o.customer_no = v.customer_no
    WHERE
        o.kind IN ($order_kinds)
        AND o.state <> 'cancelled'
        AND date_diff('day', CAST(o.opened_at AS DATE), CAST(v.started_at AS DATE)) >= -$days
        AND (o.closed_at IS NULL OR date_diff('day', CAST(o.closed_at AS DATE), CAST(v.started_at AS DATE)) <= $days)
)

SELECT
    v.mp_id AS subject_id,
    v.org_no,
    v.customer_no,
    v.mp_id,
    $month AS bill_month,
    CAST(min(v.started_at) AS DATE) AS period_from,
    CAST(max(v.started_at) + INTERVAL 1 DAY AS DATE) AS period_to,
    v.meter_id,
    min(v.event_id) AS event_id,
    min(v.code) AS code,
    min(v.started_at) AS first_at,
    count(DISTINCT v.started_at) AS times
FROM clearing AS v
ANTI JOIN ordered AS o ON o.event_id = v.event_id
GROUP BY v.mp_id, v.meter_id, v.customer_no, v.org_no
