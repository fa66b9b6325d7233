-- Seals taken off longer ago than allowed and not handed back, lost or scrapped since (旧封未回收).
WITH last_operation AS (
    SELECT seal_no, action, at, operator_id, mp_id, place, order_no
    FROM seal_operation
    WHERE action IN ('issue', 'apply', 'remove', 'return', 'lose', 'scrap') AND at < $as_of
    QUALIFY row_number() OVER (PARTITION BY seal_no ORDER BY at DESC, operation_id DESC) = 1
),

outstanding AS (
    SELECT o.seal_no, o.at, o.operator_id, o.mp_id, o.place, o.order_no, s.trade
    FROM last_operation AS o
    INNER JOIN seal AS s ON s.seal_no = o.seal_no
    WHERE
        o.action = 'remove'
        AND date_diff('day', CAST(o.at AS DATE), $as_of) - 1 > $limit_days
        -- The state of the ledger may know what became of the seal where the operation was never entered.
        AND s.state IN ('applied', 'removed')
)

SELECT
    o.seal_no AS subject_id,
    COALESCE(p.org_no, e.org_no) AS org_no,
    p.customer_no,
    o.mp_id,
    o.seal_no,
    o.trade,
    o.place,
    o.at AS removed_at,
    date_diff('day', CAST(o.at AS DATE), $as_of) - 1 AS days_out,
    o.operator_id AS removed_by,
    e.name AS remover_name,
    o.order_no
FROM outstanding AS o
LEFT JOIN metering_point AS p ON p.mp_id = o.mp_id
LEFT JOIN employee AS e ON e.employee_id = o.operator_id
-- A seal of a case of default or theft is kept as evidence until the case is closed.
WHERE NOT EXISTS (
    SELECT 1
    FROM breach_case AS b
    WHERE
        b.customer_no = p.customer_no
        AND ABS(date_diff('day', b.found_on, CAST(o.at AS DATE))) <= $case_days
        AND (b.state = 'open' OR b.closed_on >= $as_of)
)
