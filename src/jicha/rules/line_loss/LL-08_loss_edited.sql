-- Energy that line loss is computed from, or the tie of a point or district to its feeder, changed by hand in the system without an order (人为调整线损).
WITH change AS (
    SELECT
        l.op_id,
        l.account_id,
        l.at,
        l.action,
        l.table_name,
        l.record_key,
        l.customer_no,
        l.field,
        l.old_value,
        l.new_value,
        trim(COALESCE(l.order_no, '')) AS order_no,
        l.table_name || '.' || l.field IN ($energy_fields) AS is_energy
    FROM operation_log AS l
    WHERE
        l.action IN ('insert', 'update', 'delete')
        AND (l.table_name || '.' || l.field IN ($energy_fields) OR l.table_name || '.' || l.field IN ($topology_fields))
        AND l.old_value IS DISTINCT FROM l.new_value
        -- The first value of a new record is no change; a record taken away is one.
        AND (l.action <> 'insert' OR l.old_value IS NOT NULL)
        AND l.at >= CAST($month AS TIMESTAMP)
        AND l.at < LEAST($month_end, $as_of)
),

approved AS (
    SELECT c.op_id
    FROM change AS c
    INNER JOIN work_order AS w ON w.order_no = c.order_no
    WHERE w.state <> 'cancelled'
)

SELECT
    c.op_id AS subject_id,
    COALESCE(u.org_no, e.org_no) AS org_no,
    c.customer_no,
    $month AS bill_month,
    c.account_id,
    COALESCE(a.employee_id, c.account_id) AS changed_by,
    c.at AS changed_at,
    c.table_name,
    c.record_key,
    c.field,
    c.old_value,
    c.new_value,
    CASE WHEN c.is_energy THEN 'energy' ELSE 'topology' END AS kind,
    CASE WHEN c.is_energy THEN '供售电量' ELSE '挂接关系' END AS kind_zh,
    CASE WHEN c.is_energy THEN 'energy' ELSE 'topology' END AS kind_en,
    CASE WHEN c.table_name IN ('district_daily', 'feeder_daily')
        THEN TRY_CAST(c.new_value AS DECIMAL(18, 4)) - TRY_CAST(c.old_value AS DECIMAL(18, 4)) END AS changed_kwh
FROM change AS c
ANTI JOIN approved AS v ON v.op_id = c.op_id
LEFT JOIN account AS a ON a.account_id = c.account_id
LEFT JOIN employee AS e ON e.employee_id = a.employee_id
LEFT JOIN customer AS u ON u.customer_no = c.customer_no
