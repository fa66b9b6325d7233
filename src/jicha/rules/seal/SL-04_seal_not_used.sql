-- Seals issued to a person longer ago than allowed that were neither applied nor handed back (领用未销).
WITH last_operation AS (
    SELECT seal_no, action, at, operator_id
    FROM seal_operation
    WHERE action IN ('issue', 'apply', 'remove', 'return', 'lose', 'scrap') AND at < $as_of
    QUALIFY row_number() OVER (PARTITION BY seal_no ORDER BY at DESC, operation_id DESC) = 1
)

SELECT
    o.seal_no AS subject_id,
    e.org_no,
    o.seal_no,
    s.trade,
    COALESCE(s.issued_to, o.operator_id) AS held_by,
    e.name AS holder_name,
    e.post AS holder_post,
    e.left_on AS holder_left_on,
    o.at AS issued_at,
    date_diff('day', CAST(o.at AS DATE), $as_of) - 1 AS days_held
FROM last_operation AS o
INNER JOIN seal AS s ON s.seal_no = o.seal_no
LEFT JOIN employee AS e ON e.employee_id = COALESCE(s.issued_to, o.operator_id)
WHERE
    o.action = 'issue'
    AND date_diff('day', CAST(o.at AS DATE), $as_of) - 1 > $limit_days
    -- The state of the ledger may know what became of the seal where the operation was never entered.
    AND s.state IN ('in_stock', 'issued')
