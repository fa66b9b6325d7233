-- What is still owed on each bill at the as-of date. A reversal is netted into the bill that it reverses. Money
-- that names no bill (prepayment, transfer, overpayment, credit bill) pays the customer's oldest bills first.
WITH issued AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.org_no,
        b.bill_month,
        b.kind,
        b.reverses_bill_id,
        b.due_on,
        b.total_yuan
    FROM bill AS b
    WHERE COALESCE(b.issued_at < $as_of, b.bill_month < $as_of)
),

reversed AS (
    SELECT reverses_bill_id AS bill_id, sum(ABS(total_yuan)) AS reversed_yuan
    FROM issued
    WHERE kind = 'reversal' AND reverses_bill_id IS NOT NULL
    GROUP BY reverses_bill_id
),

returned AS (
    SELECT receipt_id, sum(amount_yuan) AS returned_yuan
    FROM refund
    WHERE refunded_at < $as_of AND receipt_id IS NOT NULL
    GROUP BY receipt_id
),

money AS (
    SELECT
        r.customer_no,
        r.bill_id,
        r.channel,
        r.amount_yuan - COALESCE(t.returned_yuan, 0) AS amount_yuan
    FROM receipt AS r
    LEFT JOIN returned AS t ON t.receipt_id = r.receipt_id
    WHERE r.received_at < $as_of AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
),

paid AS (
    SELECT bill_id, sum(amount_yuan) AS received_yuan
    FROM money
    WHERE bill_id IS NOT NULL
    GROUP BY bill_id
),

netted AS (
    SELECT
        i.bill_id,
        i.customer_no,
        i.org_no,
        i.bill_month,
        i.due_on,
        CASE
            WHEN i.total_yuan < 0 THEN i.total_yuan + COALESCE(v.reversed_yuan, 0)
            ELSE i.total_yuan - COALESCE(v.reversed_yuan, 0)
        END AS total_yuan,
        COALESCE(p.received_yuan, 0) AS received_yuan
    FROM issued AS i
    LEFT JOIN reversed AS v ON v.bill_id = i.bill_id
    LEFT JOIN paid AS p ON p.bill_id = i.bill_id
    WHERE i.kind <> 'reversal' OR i.reverses_bill_id IS NULL
),

credits AS (
    SELECT customer_no, amount_yuan
    FROM money
    WHERE bill_id IS NULL
    UNION ALL
    SELECT customer_no, received_yuan - total_yuan AS amount_yuan
    FROM netted
    WHERE received_yuan > total_yuan
    UNION ALL
    -- An offset spends the prepayment on the bill that it names.
    SELECT customer_no, -amount_yuan AS amount_yuan
    FROM money
    WHERE bill_id IS NOT NULL AND channel = 'prepaid_offset'
    UNION ALL
    SELECT to_customer_no AS customer_no, amount_yuan
    FROM prepaid_transfer
    WHERE at < $as_of
    UNION ALL
    SELECT from_customer_no AS customer_no, -amount_yuan AS amount_yuan
    FROM prepaid_transfer
    WHERE at < $as_of
    UNION ALL
    SELECT customer_no, -amount_yuan AS amount_yuan
    FROM refund
    WHERE refunded_at < $as_of AND receipt_id IS NULL
),

-- A bill older than the first receipt of the data may have been paid before it: nobody can tell.
first_receipt AS (
    SELECT CAST(date_trunc('month', min(received_at)) AS DATE) AS first_month
    FROM receipt
),

purse AS (
    SELECT customer_no, sum(amount_yuan) AS credit_yuan
    FROM credits
    GROUP BY customer_no
    HAVING sum(amount_yuan) > 0
),

-- Only bills of customers who have such money stand in the queue, and only those that are still open.
queued AS (
    SELECT
        n.bill_id,
        n.total_yuan - n.received_yuan AS open_yuan,
        p.credit_yuan,
        COALESCE(sum(n.total_yuan - n.received_yuan) OVER (
            PARTITION BY n.customer_no
            ORDER BY COALESCE(n.due_on, n.bill_month), n.bill_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS older_yuan
    FROM netted AS n
    INNER JOIN purse AS p ON p.customer_no = n.customer_no
    WHERE n.total_yuan > n.received_yuan
),

used AS (
    SELECT bill_id, LEAST(open_yuan, credit_yuan - older_yuan) AS credit_used_yuan
    FROM queued
    WHERE credit_yuan > older_yuan
)

SELECT
    n.bill_id,
    n.customer_no,
    n.org_no,
    n.bill_month,
    n.due_on,
    n.total_yuan,
    n.received_yuan,
    COALESCE(u.credit_used_yuan, 0) AS credit_used_yuan,
    GREATEST(n.total_yuan - n.received_yuan, 0) - COALESCE(u.credit_used_yuan, 0) AS balance_yuan,
    GREATEST(date_diff('day', n.due_on, $as_of) - 1, 0) AS overdue_days,
    n.bill_month >= f.first_month AS receipts_known
FROM netted AS n
LEFT JOIN used AS u ON u.bill_id = n.bill_id
CROSS JOIN first_receipt AS f
