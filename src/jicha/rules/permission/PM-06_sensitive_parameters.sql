-- Changes of what a bill is computed with (multiplier, price, capacity, power-factor standard, loss, time of use) that nobody but who made
-- them has looked at: the list for the review of every single one (敏感参数变更).
WITH change AS (
    SELECT
        l.op_id,
        l.account_id,
        COALESCE(a.employee_id, l.account_id) AS changed_by,
        l.at,
        l.action,
        l.table_name,
        l.record_key,
        l.customer_no,
        l.field,
        l.old_value,
        l.new_value,
        trim(COALESCE(l.order_no, '')) AS order_no
    FROM operation_log AS l
    LEFT JOIN account AS a ON a.account_id = l.account_id
    WHERE
        l.action IN ('insert', 'update', 'delete')
        AND l.table_name || '.' || l.field IN ($sensitive_fields)
        AND l.old_value IS DISTINCT FROM l.new_value
        -- The first value of a new record is no change; a record taken away is one.
        AND (l.action <> 'insert' OR l.old_value IS NOT NULL)
        AND l.at >= CAST(add_months($month, -2) AS TIMESTAMP)
        AND l.at < $as_of
),

due AS (
    SELECT c.*, CAST(c.at + ($review_days + 1) * INTERVAL 1 DAY AS DATE) AS open_on
    FROM change AS c
    WHERE CAST(c.at + ($review_days + 1) * INTERVAL 1 DAY AS DATE) >= $month AND CAST(c.at + ($review_days + 1) * INTERVAL 1 DAY AS DATE) < LEAST($month_end, $as_of)
),

-- Somebody else approved the record or the order in the log after the change, or decided the order that it rests on.
reviewed AS (
    SELECT d.op_id
    FROM due AS d
    INNER JOIN operation_log AS v
        ON v.action = 'approve' AND v.table_name = d.table_name AND v.record_key = d.record_key
    LEFT JOIN account AS a ON a.account_id = v.account_id
    WHERE v.at >= d.at AND CAST(v.at AS DATE) < d.open_on AND COALESCE(a.employee_id, v.account_id) <> d.changed_by
    UNION
    SELECT d.op_id
    FROM due AS d
    INNER JOIN operation_log AS v ON v.action = 'approve' AND v.order_no = d.order_no
    LEFT JOIN account AS a ON a.account_id = v.account_id
    WHERE d.order_no <> '' AND CAST(v.at AS DATE) < d.open_on AND COALESCE(a.employee_id, v.account_id) <> d.changed_by
    UNION
    SELECT d.op_id
    FROM due AS d
    INNER JOIN work_order_node AS n ON n.order_no = d.order_no
    WHERE
        n.node IN ($review_nodes)
        AND n.finished_at IS NOT NULL
        AND CAST(n.finished_at AS DATE) < d.open_on
        AND n.operator_id IS NOT NULL
        AND n.operator_id <> d.changed_by
),

known AS (
    SELECT w.order_no
    FROM work_order AS w
    SEMI JOIN due AS d ON d.order_no = w.order_no
)

SELECT
    d.op_id AS subject_id,
    COALESCE(c.org_no, e.org_no) AS org_no,
    d.customer_no,
    $month AS bill_month,
    d.account_id,
    d.changed_by,
    e.name AS employee_name,
    d.at AS changed_at,
    d.table_name,
    d.record_key,
    d.field,
    d.old_value,
    d.new_value,
    NULLIF(d.order_no, '') AS order_no,
    CASE WHEN d.order_no = '' THEN '无工单' WHEN k.order_no IS NULL THEN '工单不存在' ELSE '工单无他人审批' END AS basis_zh,
    CASE WHEN d.order_no = '' THEN 'no order' WHEN k.order_no IS NULL THEN 'the order does not exist' ELSE 'nobody else decided the order' END AS basis_en
FROM due AS d
ANTI JOIN reviewed AS r ON r.op_id = d.op_id
LEFT JOIN known AS k ON k.order_no = d.order_no
LEFT JOIN customer AS c ON c.customer_no = d.customer_no
LEFT JOIN employee AS e ON e.employee_id = d.changed_by
