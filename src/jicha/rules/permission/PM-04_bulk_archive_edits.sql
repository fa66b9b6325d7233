-- Accounts that changed more archive records in one day than allowed, without a work order behind the changes (批量改档案).
WITH edit AS (
    SELECT
        l.account_id,
        CAST(l.at AS DATE) AS edited_on,
        l.at,
        l.table_name,
        l.customer_no,
        -- Several fields of one record are one edit.
        l.table_name || ':' || COALESCE(l.record_key, l.customer_no, l.op_id) AS record
    FROM operation_log AS l
    LEFT ANTI JOIN work_order AS w ON w.order_no = l.order_no
    WHERE
        l.action IN ('insert', 'update', 'delete')
        AND l.table_name IN ($archive_tables)
        AND l.at >= $month
        AND l.at < LEAST($month_end, $as_of)
),

bulk AS (
    SELECT
        account_id,
        edited_on,
        count(DISTINCT record) AS records,
        count(DISTINCT customer_no) AS customers,
        count(DISTINCT table_name) AS tables,
        min(table_name) AS a_table,
        min(at) AS first_at,
        max(at) AS last_at
    FROM edit
    GROUP BY account_id, edited_on
    HAVING count(DISTINCT record) > $max_records
)

SELECT
    b.account_id AS subject_id,
    e.org_no,
    $month AS bill_month,
    b.edited_on AS period_from,
    CAST(b.edited_on + INTERVAL 1 DAY AS DATE) AS period_to,
    b.edited_on,
    a.employee_id,
    e.name AS employee_name,
    e.post,
    b.records,
    b.customers,
    b.tables,
    b.a_table,
    b.first_at,
    b.last_at
FROM bulk AS b
LEFT JOIN account AS a ON a.account_id = b.account_id
LEFT JOIN employee AS e ON e.employee_id = a.employee_id
