-- Connection orders of which the utility's own steps together exceed the promised working days (全流程超期). Steps that
-- run side by side count once; days of the customer's and days suspended for the customer's sake do not count.
-- The working day on which the promise is broken decides the audited month.
WITH promise AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.kind,
        o.supply,
        o.state,
        o.opened_at,
        o.closed_at,
        CASE o.supply
            WHEN 'lv_res' THEN $limit_lv_res
            WHEN 'lv_nonres' THEN $limit_lv_nonres
            WHEN 'hv_single' THEN $limit_hv_single
            WHEN 'hv_double' THEN $limit_hv_double
        END AS limit_working_days
    FROM work_order AS o
    WHERE o.kind IN ($kinds) AND (o.state <> 'cancelled' OR o.closed_at IS NOT NULL)
),

last_day AS (
    SELECT working_day_no AS last_no
    FROM working_day
    WHERE day = CAST($as_of - INTERVAL 1 DAY AS DATE)
),

step AS (
    SELECT
        p.order_no,
        n.seq,
        n.started_no,
        n.suspended_working_days,
        LEAST(COALESCE(n.finished_no, c.working_day_no, l.last_no), l.last_no) AS ended_no,
        COALESCE(n.finished_at >= $as_of, n.finished_at IS NULL AND p.closed_at IS NULL) AS running
    FROM promise AS p
    INNER JOIN order_node_elapsed AS n ON n.order_no = p.order_no
    CROSS JOIN last_day AS l
    LEFT JOIN working_day AS c ON c.day = CAST(p.closed_at AS DATE)
    WHERE n.node IN ($utility_nodes) AND n.started_at < $as_of AND p.limit_working_days IS NOT NULL
),

side_by_side AS (
    SELECT
        order_no,
        seq,
        running,
        suspended_working_days,
        ended_no,
        GREATEST(started_no, COALESCE(max(ended_no) OVER (
            PARTITION BY order_no ORDER BY started_no, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), started_no)) AS counted_from_no,
        started_no
    FROM step
),

net AS (
    SELECT
        order_no,
        seq,
        started_no,
        running,
        suspended_working_days,
        counted_from_no,
        GREATEST(ended_no - counted_from_no - suspended_working_days, 0) AS net_working_days
    FROM side_by_side
),

added AS (
    SELECT
        order_no,
        seq,
        running,
        suspended_working_days,
        counted_from_no,
        net_working_days,
        COALESCE(sum(net_working_days) OVER (
            PARTITION BY order_no ORDER BY started_no, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS days_before,
        sum(net_working_days) OVER (PARTITION BY order_no) AS working_days,
        sum(suspended_working_days) OVER (PARTITION BY order_no) AS suspended_days,
        sum(CASE WHEN running THEN 1 ELSE 0 END) OVER (PARTITION BY order_no) AS running_steps
    FROM net
),

broken AS (
    SELECT
        p.order_no,
        p.org_no,
        p.customer_no,
        p.kind,
        p.supply,
        p.state,
        p.opened_at,
        p.closed_at,
        p.limit_working_days,
        a.working_days,
        a.suspended_days,
        a.running_steps,
        a.counted_from_no + a.suspended_working_days + p.limit_working_days - a.days_before + 1 AS broken_no
    FROM promise AS p
    INNER JOIN added AS a ON a.order_no = p.order_no
    WHERE a.days_before <= p.limit_working_days AND a.days_before + a.net_working_days > p.limit_working_days
    QUALIFY row_number() OVER (PARTITION BY p.order_no ORDER BY a.days_before, a.seq) = 1
)

SELECT
    b.order_no AS subject_id,
    b.org_no,
    b.customer_no,
    b.kind AS order_kind,
    b.supply,
    b.state,
    b.opened_at,
    CASE WHEN b.closed_at < $as_of THEN b.closed_at END AS closed_at,
    b.working_days,
    b.suspended_days,
    b.limit_working_days,
    b.running_steps,
    w.day AS broken_on
FROM broken AS b
INNER JOIN working_day AS w ON w.is_working_day AND w.working_day_no = b.broken_no
WHERE w.day >= $month AND w.day < $month_end AND w.day < $as_of
