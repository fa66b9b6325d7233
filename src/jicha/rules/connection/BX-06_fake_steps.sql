-- Orders whose steps cannot have been worked through as recorded (虚假流程): steps finished within a minute of each other
-- by one user, a step finished at night, a reply dated after the archive. The finish decides the audited month.
WITH finished AS (
    SELECT
        n.order_no,
        n.seq,
        n.node,
        n.operator_id,
        n.started_at,
        n.finished_at,
        o.org_no,
        o.customer_no,
        o.kind,
        o.opened_at
    FROM work_order_node AS n
    INNER JOIN work_order AS o ON o.order_no = n.order_no
    WHERE
        n.finished_at < $as_of
        AND n.finished_at >= CAST($month - INTERVAL 1 DAY AS DATE)
        AND n.finished_at < $month_end
        AND o.state <> 'cancelled'
),

-- The same step of many orders finished by one user in one go is a batch run (批量处理), not a fake.
batch AS (
    SELECT f.order_no, f.seq
    FROM finished AS f
    INNER JOIN finished AS g
        ON g.operator_id = f.operator_id
        AND g.node = f.node
        AND CAST(g.finished_at AS DATE) = CAST(f.finished_at AS DATE)
    WHERE
        g.finished_at <= f.finished_at + $batch_seconds * INTERVAL 1 SECOND
        AND f.finished_at <= g.finished_at + $batch_seconds * INTERVAL 1 SECOND
    GROUP BY f.order_no, f.seq
    HAVING count(DISTINCT g.order_no) >= $batch_orders
),

single AS (
    SELECT
        f.order_no,
        f.seq,
        f.node,
        f.operator_id,
        f.finished_at,
        f.org_no,
        f.customer_no,
        f.kind,
        f.opened_at
    FROM finished AS f
    ANTI JOIN batch AS b ON b.order_no = f.order_no AND b.seq = f.seq
    -- Midnight sharp is a date without a time.
    WHERE f.finished_at <> CAST(f.finished_at AS DATE)
),

pair AS (
    SELECT
        s.order_no,
        count(DISTINCT s.seq) + 1 AS quick_steps,
        min(s.finished_at) AS at,
        min(s.operator_id) AS operator_id,
        min(CONCAT(p.node, '+', s.node)) AS nodes
    FROM single AS s
    INNER JOIN single AS p
        ON p.order_no = s.order_no AND p.operator_id = s.operator_id AND p.seq <> s.seq AND p.node <> s.node
    WHERE
        s.finished_at >= $month
        AND p.finished_at <= s.finished_at
        AND s.finished_at <= p.finished_at + $quick_seconds * INTERVAL 1 SECOND
        AND (p.finished_at < s.finished_at OR p.seq < s.seq)
        AND s.node NOT IN ($instant_nodes)
        AND p.node NOT IN ($instant_nodes)
    GROUP BY s.order_no
),

night AS (
    SELECT
        order_no,
        count(*) AS night_steps,
        min(finished_at) AS at,
        min(operator_id) AS operator_id,
        min(node) AS nodes
    FROM single
    WHERE
        finished_at >= $month
        AND (hour(finished_at) >= $night_from_hour OR hour(finished_at) < $night_to_hour)
        AND node NOT IN ($night_work_nodes)
        AND operator_id IS NOT NULL
    GROUP BY order_no
),

reply AS (
    SELECT r.order_no, max(r.finished_at) AS replied_at, min(a.finished_at) AS archived_at, min(r.operator_id) AS operator_id
    FROM work_order_node AS r
    INNER JOIN work_order_node AS a ON a.order_no = r.order_no
    WHERE
        r.node = 'plan_reply'
        AND a.node = 'archive'
        AND r.finished_at > a.finished_at
        AND r.finished_at >= $month AND r.finished_at < $month_end AND r.finished_at < $as_of
    GROUP BY r.order_no
)

SELECT
    o.order_no AS subject_id,
    o.org_no,
    o.customer_no,
    substr(CONCAT(
        CASE WHEN p.order_no IS NOT NULL THEN '、环节秒结' ELSE '' END,
        CASE WHEN n.order_no IS NOT NULL THEN '、夜间办结' ELSE '' END,
        CASE WHEN r.order_no IS NOT NULL THEN '、先归档后答复' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN p.order_no IS NOT NULL THEN ', steps finished in one go' ELSE '' END,
        CASE WHEN n.order_no IS NOT NULL THEN ', step finished at night' ELSE '' END,
        CASE WHEN r.order_no IS NOT NULL THEN ', replied after the archive' ELSE '' END
    ), 3) AS reasons_en,
    o.kind AS order_kind,
    o.opened_at,
    COALESCE(p.operator_id, n.operator_id, r.operator_id) AS operator_id,
    p.quick_steps,
    p.at AS quick_at,
    p.nodes AS quick_nodes,
    n.night_steps,
    n.at AS night_at,
    n.nodes AS night_node,
    r.replied_at,
    r.archived_at
FROM work_order AS o
LEFT JOIN pair AS p ON p.order_no = o.order_no
LEFT JOIN night AS n ON n.order_no = o.order_no
LEFT JOIN reply AS r ON r.order_no = o.order_no
WHERE
    o.state <> 'cancelled'
    AND (p.order_no IS NOT NULL OR n.order_no IS NOT NULL OR r.order_no IS NOT NULL)
