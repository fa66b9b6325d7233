-- Reviews of the customer's works (设计审核、中间检查、竣工检验) whose limit of working days ran out in the audited month: finished after it,
-- or still open when it had passed. Days on which the step stood still for the customer's sake do not count.
WITH step AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.kind,
        o.supply,
        o.state,
        n.seq,
        n.node,
        n.operator_id,
        n.started_at,
        n.finished_at,
        n.started_no,
        n.suspended_working_days,
        n.net_working_days,
        COALESCE(CAST(n.finished_at AS DATE), CAST(o.closed_at AS DATE)) AS ended_on,
        CASE n.node
            WHEN 'design_review' THEN $limit_design_review
            WHEN 'mid_check' THEN $limit_mid_check
            WHEN 'final_check' THEN $limit_final_check
        END AS limit_working_days
    FROM order_node_elapsed AS n
    INNER JOIN work_order AS o ON o.order_no = n.order_no
    WHERE
        n.node IN ('design_review', 'mid_check', 'final_check')
        AND n.started_at < $as_of
        -- When a cancelled order stopped is not known without its end.
        AND (o.state <> 'cancelled' OR n.finished_at IS NOT NULL OR o.closed_at IS NOT NULL)
),

late AS (
    SELECT s.*, w.day AS late_on
    FROM step AS s
    INNER JOIN working_day AS w
        ON w.is_working_day AND w.working_day_no = s.started_no + s.suspended_working_days + s.limit_working_days + 1
    WHERE
        w.day >= $month AND w.day < $month_end AND w.day < $as_of
        AND (s.ended_on IS NULL OR s.ended_on >= w.day)
    -- A check that is repeated is one finding, by its first late run.
    QUALIFY row_number() OVER (PARTITION BY s.order_no, s.node ORDER BY w.day, s.seq) = 1
)

SELECT
    t.order_no AS subject_id,
    t.org_no,
    t.customer_no,
    t.kind AS order_kind,
    t.supply,
    t.state,
    t.node,
    CASE t.node WHEN 'design_review' THEN '设计审核' WHEN 'mid_check' THEN '中间检查' ELSE '竣工检验' END AS node_zh,
    CASE t.node WHEN 'design_review' THEN 'design review' WHEN 'mid_check' THEN 'check during the works' ELSE 'final check' END AS node_en,
    t.operator_id,
    t.started_at,
    CASE WHEN t.finished_at < $as_of THEN t.finished_at END AS finished_at,
    CASE
        WHEN t.finished_at < $as_of THEN t.net_working_days
        ELSE workdays(t.started_at, CAST($as_of - INTERVAL 1 DAY AS DATE)) - t.suspended_working_days
    END AS working_days,
    t.suspended_working_days,
    t.limit_working_days,
    t.late_on
FROM late AS t
