-- Money (长款、不明账) of which the records do not say whose it is, for too long: paid on the bill of another customer, or paid for a customer who had
-- left and owed nothing, and neither given back nor moved.
WITH aged AS (
    SELECT
        r.receipt_id,
        r.customer_no,
        r.bill_id,
        r.amount_yuan,
        r.channel,
        r.received_at,
        r.operator_id,
        date_diff('day', CAST(r.received_at AS DATE), $as_of) - 1 AS age_days
    FROM receipt AS r
    WHERE
        r.channel <> 'prepaid_offset'
        AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
        AND date_diff('day', CAST(r.received_at AS DATE), $as_of) - 1 > $max_days
),

-- One customer's money on another's bill.
misplaced AS (
    SELECT a.receipt_id, b.customer_no AS bill_customer_no, b.org_no
    FROM aged AS a
    INNER JOIN bill AS b ON b.bill_id = a.bill_id
    WHERE b.customer_no <> a.customer_no
),

-- Of a customer who had left, the prepaid balance shows whether the money is still there.
ownerless AS (
    SELECT a.receipt_id, c.closed_on, c.org_no
    FROM aged AS a
    INNER JOIN customer AS c ON c.customer_no = a.customer_no
    INNER JOIN prepaid_balance AS p ON p.customer_no = a.customer_no
    WHERE a.bill_id IS NULL AND c.closed_on <= CAST(a.received_at AS DATE) AND p.balance_yuan >= a.amount_yuan
),

returned AS (
    SELECT receipt_id, sum(amount_yuan) AS yuan
    FROM refund
    WHERE refunded_at < $as_of
    GROUP BY receipt_id
)

SELECT
    a.receipt_id AS subject_id,
    COALESCE(m.org_no, o.org_no) AS org_no,
    a.customer_no,
    CAST(a.amount_yuan - COALESCE(t.yuan, 0) AS DECIMAL(18, 2)) AS yuan_at_stake,
    CASE WHEN m.receipt_id IS NOT NULL THEN '户号与账单不符' ELSE '销户后入账' END AS reasons,
    CASE WHEN m.receipt_id IS NOT NULL THEN 'another customer''s bill' ELSE 'after the customer had left' END AS reasons_en,
    a.bill_id,
    m.bill_customer_no,
    o.closed_on,
    a.received_at,
    a.age_days,
    a.channel,
    a.operator_id
FROM aged AS a
LEFT JOIN misplaced AS m ON m.receipt_id = a.receipt_id
LEFT JOIN ownerless AS o ON o.receipt_id = a.receipt_id
LEFT JOIN returned AS t ON t.receipt_id = a.receipt_id
WHERE
    (m.receipt_id IS NOT NULL OR o.receipt_id IS NOT NULL)
    AND a.amount_yuan > COALESCE(t.yuan, 0)
