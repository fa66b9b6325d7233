-- Connection orders entered after the fact (体外循环): the meter was installed, sealed, read or complained about before
-- the application was opened. The order counts in the month in which it was opened, and again when it is archived,
-- since the installation often reaches the system only then; the finding is the same one.
WITH application AS (
    SELECT
        o.order_no,
        o.kind,
        o.org_no,
        o.customer_no,
        o.opened_at,
        o.closed_at,
        CAST(o.opened_at AS DATE) AS opened_on
    FROM work_order AS o
    WHERE
        o.kind IN ($kinds)
        AND o.state <> 'cancelled'
        AND o.opened_at < $as_of
        AND (
            (o.opened_at >= $month AND o.opened_at < $month_end)
            OR (o.closed_at >= $month AND o.closed_at < $month_end AND o.closed_at < $as_of)
        )
),

-- The first connection of a customer: no earlier one is on record, and the archive is not an old one taken over
-- from another system (数据迁移), of which the meter is older than any order.
first_connection AS (
    SELECT a.order_no, a.customer_no, a.opened_on
    FROM application AS a
    INNER JOIN customer AS c ON c.customer_no = a.customer_no
    WHERE
        a.kind IN ($first_kinds)
        AND c.opened_on >= CAST(a.opened_on - $migration_days * INTERVAL 1 DAY AS DATE)
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS e
            WHERE
                e.customer_no = a.customer_no
                AND e.kind IN ($first_kinds)
                AND e.order_no <> a.order_no
                AND e.state <> 'cancelled'
                AND e.opened_at < a.opened_at
        )
),

point AS (
    SELECT f.order_no, f.opened_on, p.mp_id
    FROM first_connection AS f
    INNER JOIN metering_point AS p ON p.customer_no = f.customer_no
    -- A point that is older than the customer was taken over from the one before.
    WHERE p.opened_on IS NULL OR p.opened_on >= CAST(f.opened_on - $migration_days * INTERVAL 1 DAY AS DATE)
),

trace AS (
    SELECT a.order_no, 'install' AS what, i.mp_id, CAST(i.installed_at AS DATE) AS trace_on
    FROM application AS a
    INNER JOIN meter_installation AS i ON i.install_order_no = a.order_no
    WHERE CAST(i.installed_at AS DATE) < a.opened_on
    UNION ALL
    SELECT p.order_no, 'install' AS what, i.mp_id, CAST(i.installed_at AS DATE) AS trace_on
    FROM point AS p
    INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
    WHERE i.install_order_no IS NULL AND CAST(i.installed_at AS DATE) < p.opened_on
    UNION ALL
    SELECT p.order_no, 'reading' AS what, r.mp_id, CAST(r.read_at AS DATE) AS trace_on
    FROM point AS p
    INNER JOIN reading AS r ON r.mp_id = p.mp_id
    WHERE r.status = 'read' AND r.value > 0 AND CAST(r.read_at AS DATE) < p.opened_on
    UNION ALL
    SELECT p.order_no, 'freeze' AS what, d.mp_id, d.day AS trace_on
    FROM point AS p
    INNER JOIN daily_freeze AS d ON d.mp_id = p.mp_id
    WHERE d.value > 0 AND d.day < p.opened_on
    UNION ALL
    SELECT p.order_no, 'seal' AS what, s.mp_id, CAST(s.at AS DATE) AS trace_on
    FROM point AS p
    INNER JOIN seal_operation AS s ON s.mp_id = p.mp_id
    WHERE s.action = 'apply' AND CAST(s.at AS DATE) < p.opened_on
    UNION ALL
    SELECT f.order_no, 'complaint' AS what, NULL AS mp_id, CAST(k.received_at AS DATE) AS trace_on
    FROM first_connection AS f
    INNER JOIN complaint AS k ON k.customer_no = f.customer_no
    WHERE CAST(k.received_at AS DATE) < f.opened_on
),

gathered AS (
    SELECT
        order_no,
        min(trace_on) AS first_trace_on,
        min(mp_id) AS mp_id,
        min(CASE WHEN what = 'install' THEN trace_on END) AS installed_on,
        min(CASE WHEN what = 'reading' THEN trace_on END) AS first_reading_on,
        min(CASE WHEN what = 'freeze' THEN trace_on END) AS first_freeze_on,
        min(CASE WHEN what = 'seal' THEN trace_on END) AS sealed_on,
        min(CASE WHEN what = 'complaint' THEN trace_on END) AS complaint_on
    FROM trace
    GROUP BY order_no
)

SELECT
    a.order_no AS subject_id,
    a.org_no,
    a.customer_no,
    g.mp_id,
    a.kind AS order_kind,
    a.opened_at,
    CASE WHEN a.closed_at < $as_of THEN a.closed_at END AS closed_at,
    g.first_trace_on,
    date_diff('day', g.first_trace_on, a.opened_on) AS days_before,
    substr(CONCAT(
        CASE WHEN g.installed_on IS NOT NULL THEN '、装表' ELSE '' END,
        CASE WHEN g.first_reading_on IS NOT NULL THEN '、抄表示数' ELSE '' END,
        CASE WHEN g.first_freeze_on IS NOT NULL THEN '、冻结示数' ELSE '' END,
        CASE WHEN g.sealed_on IS NOT NULL THEN '、施封' ELSE '' END,
        CASE WHEN g.complaint_on IS NOT NULL THEN '、诉求' ELSE '' END
    ), 2) AS traces,
    substr(CONCAT(
        CASE WHEN g.installed_on IS NOT NULL THEN ', meter installed' ELSE '' END,
        CASE WHEN g.first_reading_on IS NOT NULL THEN ', read' ELSE '' END,
        CASE WHEN g.first_freeze_on IS NOT NULL THEN ', frozen' ELSE '' END,
        CASE WHEN g.sealed_on IS NOT NULL THEN ', sealed' ELSE '' END,
        CASE WHEN g.complaint_on IS NOT NULL THEN ', complained about' ELSE '' END
    ), 3) AS traces_en,
    g.installed_on,
    g.first_reading_on,
    g.first_freeze_on,
    g.sealed_on,
    g.complaint_on
FROM application AS a
INNER JOIN gathered AS g ON g.order_no = a.order_no
