-- Temporary supplies (临时用电) without a meter, or of which something was changed that only a formal supply may change.
WITH agreement AS (
    SELECT customer_no, min(valid_from) AS agreed_from
    FROM proof
    WHERE kind = 'temporary' AND valid_from < $as_of
    GROUP BY customer_no
),

supply AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.name,
        c.contract_kva,
        c.temporary_until,
        COALESCE(a.agreed_from, c.opened_on) AS begun_on
    FROM customer AS c
    LEFT JOIN agreement AS a ON a.customer_no = c.customer_no
    WHERE c.temporary AND c.status <> 'closed' AND c.opened_on < $as_of
),

without_meter AS (
    SELECT p.customer_no, string_agg(p.mp_id, '; ' ORDER BY p.mp_id) AS mp_ids, count(*) AS points
    FROM metering_point AS p
    INNER JOIN supply AS s ON s.customer_no = p.customer_no
    WHERE
        p.usage = 'billing'
        AND p.status = 'running'
        AND CAST(COALESCE(p.opened_on, s.begun_on) + $no_meter_days * INTERVAL 1 DAY AS DATE) < $as_of
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM meter_installation AS i
            WHERE i.mp_id = p.mp_id AND i.installed_at < $as_of AND (i.removed_at IS NULL OR i.removed_at >= $as_of)
        )
        -- An agreed quantity is billed instead (按约定电量).
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM price_scheme AS q
            WHERE
                q.mp_id = p.mp_id
                AND (q.fixed_kwh IS NOT NULL OR q.fixed_ratio IS NOT NULL)
                AND q.valid_from < $as_of
                AND (q.valid_to IS NULL OR q.valid_to >= $as_of)
        )
    GROUP BY p.customer_no
),

changed AS (
    SELECT
        o.customer_no,
        string_agg(o.order_no, '; ' ORDER BY o.opened_at, o.order_no) AS order_nos,
        string_agg(DISTINCT o.kind, '; ' ORDER BY o.kind) AS kinds
    FROM work_order AS o
    INNER JOIN supply AS s ON s.customer_no = o.customer_no
    WHERE
        o.kind IN ($forbidden_kinds)
        AND o.state <> 'cancelled'
        AND o.opened_at < $as_of
        AND CAST(o.opened_at AS DATE) > s.begun_on
    GROUP BY o.customer_no
)

SELECT
    s.customer_no AS subject_id,
    s.org_no,
    s.customer_no,
    s.name,
    s.contract_kva,
    s.begun_on,
    s.temporary_until,
    m.mp_ids AS points_without_meter,
    g.order_nos,
    g.kinds AS order_kinds,
    substr(CONCAT(
        CASE WHEN m.customer_no IS NOT NULL THEN '、无表用电' ELSE '' END,
        CASE WHEN g.customer_no IS NOT NULL THEN '、违规办理变更' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN m.customer_no IS NOT NULL THEN ', without a meter' ELSE '' END,
        CASE WHEN g.customer_no IS NOT NULL THEN ', changed although temporary' ELSE '' END
    ), 3) AS reasons_en
FROM supply AS s
LEFT JOIN without_meter AS m ON m.customer_no = s.customer_no
LEFT JOIN changed AS g ON g.customer_no = s.customer_no
WHERE m.customer_no IS NOT NULL OR g.customer_no IS NOT NULL
