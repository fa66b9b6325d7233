-- The meter itself reports that its cover was opened (开盖) and no order explains a hand in the meter on that day.
WITH cover_event AS (
    SELECT
        e.event_id,
        e.mp_id,
        e.meter_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        i.installed_at,
        i.removed_at
    FROM meter_event AS e
    -- Opened before installation or after removal is handling in the laboratory or the store.
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND e.started_at >= i.installed_at
            AND (i.removed_at IS NULL OR e.started_at < i.removed_at)
    WHERE upper(trim(e.code)) IN ($codes) AND e.started_at >= $month AND e.started_at < LEAST($month_end, $as_of)
    QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY i.installed_at DESC) = 1
),

-- The day of installing or removing is itself explained by the record of that work.
unexplained AS (
    SELECT
        v.event_id,
        v.mp_id,
        v.meter_id,
        v.code,
        v.started_at,
        p.customer_no,
        p.org_no
    FROM cover_event AS v
    INNER JOIN metering_point AS p ON p.mp_id = v.mp_id
    WHERE
        date_diff('day', CAST(v.installed_at AS DATE), CAST(v.started_at AS DATE)) > $days
        AND (v.removed_at IS NULL OR date_diff('day', CAST(v.started_at AS DATE), CAST(v.removed_at AS DATE)) > $days)
        AND NOT EXISTS (
            SELECT 1
            FROM work_order AS o
            WHERE
                o.customer_no = p.customer_no
                AND o.kind IN ($order_kinds)
                AND o.state <> 'cancelled'
                AND date_diff('day', CAST(o.opened_at AS DATE), CAST(v.started_at AS DATE)) >= -$days
                AND (o.closed_at IS NULL OR date_diff('day', CAST(o.closed_at AS DATE), CAST(v.started_at AS DATE)) <= $days)
        )
),

-- Meter and terminal may both report one opening, and the channel may deliver an event twice: count moments, not messages.
opened AS (
    SELECT
        mp_id,
        meter_id,
        customer_no,
        org_no,
        min(event_id) AS event_id,
        min(code) AS code,
        min(started_at) AS first_opened_at,
        max(started_at) AS last_opened_at,
        count(DISTINCT started_at) AS openings
    FROM unexplained
    GROUP BY mp_id, meter_id, customer_no, org_no
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CAST(first_opened_at AS DATE) AS period_from,
    CAST(last_opened_at + INTERVAL 1 DAY AS DATE) AS period_to,
    meter_id,
    event_id,
    code,
    first_opened_at,
    last_opened_at,
    openings
FROM opened
