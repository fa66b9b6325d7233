-- Sensitive changes (price, multiplier, reading, waiver) made at night (非工作时间敏感操作), one row an account and night.
WITH sensitive AS (
    SELECT
        l.op_id,
        l.account_id,
        l.at,
        l.table_name,
        l.field,
        l.customer_no,
        -- The night belongs to the day on which it began.
        CASE WHEN hour(l.at) < $until_hour THEN CAST(CAST(l.at AS DATE) - INTERVAL 1 DAY AS DATE) ELSE CAST(l.at AS DATE) END AS night_of
    FROM operation_log AS l
    WHERE
        l.action IN ('insert', 'update', 'delete', 'approve', 'cancel')
        AND l.at >= $month
        AND l.at < LEAST($month_end, $as_of)
        AND (hour(l.at) >= $from_hour OR hour(l.at) < $until_hour)
        AND (l.table_name IN ($sensitive_tables) OR l.table_name || '.' || l.field IN ($sensitive_fields))
),

night AS (
    SELECT
        account_id,
        night_of,
        count(*) AS operations,
        count(DISTINCT customer_no) AS customers,
        min(at) AS first_at,
        max(at) AS last_at,
        min(op_id) AS an_operation
    FROM sensitive
    GROUP BY account_id, night_of
),

changed AS (
    SELECT account_id, night_of, string_agg(what, ' ' ORDER BY what) AS what
    FROM (SELECT DISTINCT account_id, night_of, table_name || COALESCE('.' || field, '') AS what FROM sensitive) AS one
    GROUP BY account_id, night_of
)

SELECT
    n.account_id AS subject_id,
    e.org_no,
    $month AS bill_month,
    n.night_of,
    a.employee_id,
    e.name AS employee_name,
    e.post,
    n.operations,
    n.customers,
    n.first_at,
    n.last_at,
    n.an_operation,
    c.what
FROM night AS n
INNER JOIN changed AS c ON c.account_id = n.account_id AND c.night_of = n.night_of
LEFT JOIN account AS a ON a.account_id = n.account_id
LEFT JOIN employee AS e ON e.employee_id = a.employee_id
