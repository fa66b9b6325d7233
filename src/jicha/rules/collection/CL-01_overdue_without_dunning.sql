-- Bills still owed more than the limit after their due date for which nobody has reminded or stopped the customer.
-- A notice or stop of supply speaks to the customer as a whole; a reminder speaks for the bill that it names, or for all.
WITH owed AS (
    SELECT customer_no, bill_id, org_no, bill_month, due_on, total_yuan, received_yuan, balance_yuan, overdue_days
    FROM bill_balance
    WHERE receipts_known AND overdue_days > $overdue_days AND balance_yuan >= $min_balance_yuan
)

SELECT
    o.bill_id AS subject_id,
    o.org_no,
    o.customer_no,
    o.bill_month,
    o.balance_yuan AS yuan_at_stake,
    'company' AS direction,
    o.due_on,
    o.overdue_days,
    o.total_yuan,
    o.received_yuan,
    $overdue_days AS limit_days
FROM owed AS o
WHERE
    NOT EXISTS (
        SELECT 1 AS one
        FROM dunning AS d
        WHERE
            d.customer_no = o.customer_no
            AND d.at < $as_of
            AND CAST(d.at AS DATE) > o.due_on
            AND (
                d.step IN ('stop_notice', 'stopped')
                OR (d.step = 'reminder' AND (d.bill_id IS NULL OR d.bill_id = o.bill_id))
            )
    )
    AND NOT EXISTS (
        SELECT 1 AS one
        FROM complaint AS c
        WHERE
            c.customer_no = o.customer_no
            AND c.kind IN ($disputing_kinds)
            AND c.received_at < $as_of
            AND (c.answered_at IS NULL OR c.answered_at >= $as_of)
    )
