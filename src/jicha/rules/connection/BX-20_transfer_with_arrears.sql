-- Changes of category (改类) again within a year, and transfers (过户) of a customer that still owes bills due before the transfer.
-- The day on which the order was closed decides the audited month.
WITH change AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.kind,
        o.opened_at,
        o.closed_at,
        CAST(o.closed_at AS DATE) AS closed_on
    FROM work_order AS o
    WHERE
        o.state = 'done'
        AND o.customer_no IS NOT NULL
        AND o.closed_at < $as_of
        AND o.closed_at >= CAST(add_months($month, -$within_months) AS DATE)
        AND (o.kind = 'category_change' OR (o.kind = 'transfer' AND o.closed_at >= $month))
),

-- Each change counts those of the months before it, itself included.
again AS (
    SELECT c.order_no, count(*) AS changes, min(e.closed_on) AS first_changed_on
    FROM change AS c
    INNER JOIN change AS e
        ON
            e.customer_no = c.customer_no
            AND e.kind = 'category_change'
            AND (e.closed_at < c.closed_at OR e.order_no = c.order_no OR (e.closed_at = c.closed_at AND e.order_no < c.order_no))
            AND e.closed_on > add_months(c.closed_on, -$within_months)
    WHERE c.kind = 'category_change' AND c.closed_at >= $month
    GROUP BY c.order_no
    HAVING count(*) >= $least_changes
),

owed AS (
    SELECT c.order_no, count(*) AS bills, sum(b.balance_yuan) AS balance_yuan, min(b.due_on) AS oldest_due_on
    FROM change AS c
    INNER JOIN bill_balance AS b ON b.customer_no = c.customer_no
    WHERE c.kind = 'transfer' AND b.balance_yuan > 0 AND b.due_on < c.closed_on AND b.receipts_known
    GROUP BY c.order_no
    HAVING sum(b.balance_yuan) >= $least_yuan
)

SELECT
    c.order_no AS subject_id,
    c.org_no,
    c.customer_no,
    c.kind AS order_kind,
    CASE c.kind WHEN 'transfer' THEN '欠费过户' ELSE '一年内多次改类' END AS fault_zh,
    CASE c.kind WHEN 'transfer' THEN 'transferred with arrears' ELSE 'category changed again within a year' END AS fault_en,
    c.opened_at,
    c.closed_at,
    a.changes,
    a.first_changed_on,
    o.bills AS unpaid_bills,
    o.oldest_due_on,
    CAST(o.balance_yuan AS DECIMAL(18, 2)) AS yuan_at_stake
FROM change AS c
LEFT JOIN again AS a ON a.order_no = c.order_no
LEFT JOIN owed AS o ON o.order_no = c.order_no
WHERE a.order_no IS NOT NULL OR o.order_no IS NOT NULL
