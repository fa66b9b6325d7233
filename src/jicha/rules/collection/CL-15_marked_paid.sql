-- Bills that the record of dunning calls paid in full (已缴清) while receipts, credits and reversals do not make up their total (应收实收不平):
-- the part of an unbalanced account that the tables can show. A few days are left for money that is on its way.
WITH marked AS (
    SELECT
        d.bill_id,
        min(d.at) AS marked_at,
        min(CAST(CAST(d.at AS DATE) + ($timing_days + 1) * INTERVAL 1 DAY AS DATE)) AS judged_on
    FROM dunning AS d
    WHERE d.step = 'paid'
    GROUP BY d.bill_id
)

SELECT
    b.bill_id AS subject_id,
    b.org_no,
    b.customer_no,
    b.bill_month,
    b.balance_yuan AS yuan_at_stake,
    'company' AS direction,
    c.reading_section,
    b.total_yuan,
    b.received_yuan,
    b.credit_used_yuan,
    m.marked_at,
    b.due_on
FROM marked AS m
INNER JOIN bill_balance AS b ON b.bill_id = m.bill_id
LEFT JOIN customer AS c ON c.customer_no = b.customer_no
WHERE
    m.judged_on >= $month
    AND m.judged_on < $month_end
    AND m.judged_on < $as_of
    AND b.receipts_known
    AND b.balance_yuan >= $min_difference_yuan
