-- Bills (电费) that are still owed so long after their due date that the money may be lost (欠费账龄), or whose arrears (欠费) were
-- carried over the end of a year (陈欠).
WITH owed AS (
    SELECT
        bill_id,
        customer_no,
        org_no,
        bill_month,
        due_on,
        total_yuan,
        received_yuan,
        balance_yuan,
        overdue_days,
        overdue_days > $overdue_days AS is_old,
        year(due_on) < year(CAST($as_of - INTERVAL 1 DAY AS DATE)) AS crosses_year
    FROM bill_balance
    WHERE receipts_known AND balance_yuan >= $min_balance_yuan
)

SELECT
    o.bill_id AS subject_id,
    o.org_no,
    o.customer_no,
    o.bill_month,
    o.balance_yuan AS yuan_at_stake,
    'company' AS direction,
    substr(CONCAT(
        CASE WHEN o.is_old THEN '、账龄超限' ELSE '' END,
        CASE WHEN o.crosses_year THEN '、跨年陈欠' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN o.is_old THEN ', owed too long' ELSE '' END,
        CASE WHEN o.crosses_year THEN ', carried over the year end' ELSE '' END
    ), 3) AS reasons_en,
    o.due_on,
    o.overdue_days,
    o.total_yuan,
    o.received_yuan,
    c.status AS customer_status
FROM owed AS o
LEFT JOIN customer AS c ON c.customer_no = o.customer_no
WHERE o.is_old OR o.crosses_year
