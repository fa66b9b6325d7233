-- A seal taken off without a work order, or a cover event of the meter after which the ledger shows no change of the seal (拆封无单).
WITH removal AS (
    SELECT
        o.operation_id,
        o.seal_no,
        o.place,
        o.at,
        o.operator_id,
        o.order_no,
        -- A removal entered without its point belongs where the seal was last applied.
        COALESCE(o.mp_id, a.mp_id) AS mp_id
    FROM seal_operation AS o
    LEFT JOIN seal_operation AS a
        ON o.mp_id IS NULL AND a.seal_no = o.seal_no AND a.action = 'apply' AND a.at <= o.at
    WHERE o.action = 'remove' AND o.at >= $month AND o.at < LEAST($month_end, $as_of)
    QUALIFY row_number() OVER (PARTITION BY o.operation_id ORDER BY a.at DESC, a.operation_id DESC) = 1
),

removal_without_order AS (
    SELECT r.operation_id, r.seal_no, r.place, r.at, r.operator_id, r.mp_id
    FROM removal AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    WHERE
        trim(COALESCE(r.order_no, '')) = ''
        -- The order exists and was only not noted: some work on site of this customer was going on that day.
        AND NOT EXISTS (
            SELECT 1
            FROM work_order AS w
            WHERE
                w.customer_no = p.customer_no
                AND w.kind IN ($order_kinds)
                AND w.state <> 'cancelled'
                AND date_diff('day', CAST(w.opened_at AS DATE), CAST(r.at AS DATE)) >= 0
                AND (w.closed_at IS NULL OR date_diff('day', CAST(w.closed_at AS DATE), CAST(r.at AS DATE)) <= 0)
        )
),

cover_event AS (
    SELECT
        e.event_id,
        e.mp_id,
        e.started_at AS at,
        CASE WHEN upper(trim(e.code)) IN ($meter_cover_codes) THEN 'meter_cover' ELSE 'terminal_cover' END AS place
    FROM meter_event AS e
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND e.started_at >= i.installed_at
            AND (i.removed_at IS NULL OR e.started_at < i.removed_at)
    WHERE
        (upper(trim(e.code)) IN ($meter_cover_codes) OR upper(trim(e.code)) IN ($terminal_cover_codes))
        AND e.started_at >= $month
        AND e.started_at < LEAST($month_end, $as_of)
        AND CAST(i.installed_at AS DATE) < CAST(e.started_at AS DATE)
        AND (i.removed_at IS NULL OR CAST(i.removed_at AS DATE) > CAST(e.started_at AS DATE))
    -- Meter and terminal may both report one opening: one a day and place.
    QUALIFY row_number() OVER (
        PARTITION BY e.mp_id, CASE WHEN upper(trim(e.code)) IN ($meter_cover_codes) THEN 'meter_cover' ELSE 'terminal_cover' END, CAST(e.started_at AS DATE)
        ORDER BY e.started_at, e.event_id
    ) = 1
),

-- Only where the ledger knew a seal in that place before: without one there is nothing to be changed (that is SL-01).
event_without_change AS (
    SELECT e.event_id, e.mp_id, e.at, e.place, max(s.seal_no) AS seal_no
    FROM cover_event AS e
    INNER JOIN seal_operation AS s
        ON s.mp_id = e.mp_id AND s.place = e.place AND s.action = 'apply' AND CAST(s.at AS DATE) < CAST(e.at AS DATE)
    WHERE NOT EXISTS (
        SELECT 1
        FROM seal_operation AS c
        WHERE
            c.mp_id = e.mp_id
            AND c.place = e.place
            AND c.action IN ('apply', 'remove')
            AND date_diff('day', CAST(e.at AS DATE), CAST(c.at AS DATE)) BETWEEN -$change_days AND $change_days
    )
    GROUP BY e.event_id, e.mp_id, e.at, e.place
),

-- A removal near the event is a change of the seal, so one fact never stands here twice.
document AS (
    SELECT operation_id AS source_id, mp_id, place, at, seal_no, operator_id, '拆封无工单' AS what_zh, 'seal removed without order' AS what_en
    FROM removal_without_order
    UNION ALL
    SELECT event_id AS source_id, mp_id, place, at, seal_no, CAST(NULL AS VARCHAR) AS operator_id, '开盖事件后封印无变更' AS what_zh, 'cover event without change of seal' AS what_en
    FROM event_without_change
)

SELECT
    d.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    d.mp_id,
    $month AS bill_month,
    CAST(d.at AS DATE) AS period_from,
    CAST(d.at + INTERVAL 1 DAY AS DATE) AS period_to,
    d.source_id,
    d.place,
    CASE d.place WHEN 'meter_cover' THEN '表封' WHEN 'terminal_cover' THEN '表尾封' WHEN 'box' THEN '表箱封' ELSE '互感器二次端子封' END AS place_zh,
    d.at,
    d.seal_no,
    d.operator_id,
    d.what_zh,
    d.what_en
FROM document AS d
INNER JOIN metering_point AS p ON p.mp_id = d.mp_id
