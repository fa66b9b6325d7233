-- Alarms of tampering (开盖、开端钮盒、强磁场) that nobody has looked into in time: no inspection, case or order since (反窃电异常未处理). One row
-- a metering point, with its first alarm that waits.
WITH alarm AS (
    SELECT
        e.event_id,
        e.mp_id,
        e.meter_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        CAST(e.started_at AS DATE) AS alarm_on,
        p.customer_no,
        p.org_no
    FROM meter_event AS e
    INNER JOIN metering_point AS p ON p.mp_id = e.mp_id
    -- What was felt in the store, or on the day of hanging or taking off, is the work itself.
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND CAST(e.started_at AS DATE) > CAST(i.installed_at + INTERVAL 1 DAY AS DATE)
            AND (i.removed_at IS NULL OR CAST(e.started_at + INTERVAL 1 DAY AS DATE) < CAST(i.removed_at AS DATE))
    WHERE
        upper(trim(e.code)) IN ($tamper_codes)
        AND e.started_at >= CAST($as_of - $lookback_days * INTERVAL 1 DAY AS TIMESTAMP)
        AND date_diff('day', CAST(e.started_at AS DATE), $as_of) - 1 > $max_days
        -- A machine that starts nearby is felt for moments.
        AND (upper(trim(e.code)) NOT IN ($magnet_codes) OR e.ended_at IS NULL OR e.ended_at >= e.started_at + $magnet_minutes * INTERVAL 1 MINUTE)
),

answer AS (
    SELECT a.event_id
    FROM alarm AS a
    INNER JOIN inspection AS n ON n.customer_no = a.customer_no
    WHERE n.done_on >= a.alarm_on AND n.done_on < $as_of
    UNION ALL
    SELECT a.event_id
    FROM alarm AS a
    INNER JOIN breach_case AS b ON b.customer_no = a.customer_no
    WHERE b.found_on >= a.alarm_on AND b.found_on < $as_of
    UNION ALL
    -- An order that was under way at the time, or was opened since.
    SELECT a.event_id
    FROM alarm AS a
    INNER JOIN work_order AS o ON o.customer_no = a.customer_no
    WHERE
        o.kind IN ($order_kinds)
        AND o.state <> 'cancelled'
        AND o.opened_at < $as_of
        AND (o.closed_at IS NULL OR CAST(o.closed_at + INTERVAL 1 DAY AS DATE) >= a.alarm_on)
    UNION ALL
    SELECT a.event_id
    FROM alarm AS a
    INNER JOIN seal_operation AS s ON s.mp_id = a.mp_id
    WHERE s.order_no IS NOT NULL AND date_diff('day', CAST(s.at AS DATE), a.alarm_on) BETWEEN -1 AND 1
)

SELECT
    a.mp_id AS subject_id,
    min(a.org_no) AS org_no,
    min(a.customer_no) AS customer_no,
    a.mp_id,
    min(a.started_at) AS first_alarm_at,
    max(a.started_at) AS last_alarm_at,
    count(DISTINCT a.started_at) AS alarms,
    min(a.code) AS code,
    date_diff('day', min(a.alarm_on), $as_of) - 1 AS open_days,
    $max_days AS limit_days
FROM alarm AS a
ANTI JOIN answer AS h ON h.event_id = a.event_id
GROUP BY a.mp_id
