-- What each customer has paid in advance (预收) by the delivered records: money that names no bill and what came above a bill, with what was
-- moved, refunded and spent. Money of before the first delivered receipt is not known: the true balance may be higher.
WITH returned AS (
    SELECT receipt_id, sum(amount_yuan) AS yuan
    FROM refund
    WHERE refunded_at < $as_of AND receipt_id IS NOT NULL
    GROUP BY receipt_id
),

movement AS (
    SELECT r.customer_no, 'paid_in' AS what, r.amount_yuan - COALESCE(t.yuan, 0) AS yuan
    FROM receipt AS r
    LEFT JOIN returned AS t ON t.receipt_id = r.receipt_id
    WHERE r.bill_id IS NULL AND r.received_at < $as_of AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
    UNION ALL
    SELECT customer_no, 'overpaid' AS what, received_yuan - total_yuan AS yuan
    FROM bill_balance
    WHERE received_yuan > total_yuan
    UNION ALL
    SELECT to_customer_no AS customer_no, 'moved_in' AS what, amount_yuan AS yuan
    FROM prepaid_transfer
    WHERE at < $as_of
    UNION ALL
    SELECT from_customer_no AS customer_no, 'moved_out' AS what, amount_yuan AS yuan
    FROM prepaid_transfer
    WHERE at < $as_of
    UNION ALL
    SELECT customer_no, 'refunded' AS what, amount_yuan AS yuan
    FROM refund
    WHERE refunded_at < $as_of AND receipt_id IS NULL
    UNION ALL
    -- An offset spends the prepayment on the bill that it names; its own refund gives it back.
    SELECT r.customer_no, 'offset' AS what, r.amount_yuan - COALESCE(t.yuan, 0) AS yuan
    FROM receipt AS r
    LEFT JOIN returned AS t ON t.receipt_id = r.receipt_id
    WHERE
        r.bill_id IS NOT NULL AND r.channel = 'prepaid_offset' AND r.received_at < $as_of
        AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
),

summed AS (
    SELECT
        customer_no,
        CAST(sum(CASE WHEN what = 'paid_in' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS paid_in_yuan,
        CAST(sum(CASE WHEN what = 'overpaid' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS overpaid_yuan,
        CAST(sum(CASE WHEN what = 'moved_in' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS moved_in_yuan,
        CAST(sum(CASE WHEN what = 'moved_out' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS moved_out_yuan,
        CAST(sum(CASE WHEN what = 'refunded' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS refunded_yuan,
        CAST(sum(CASE WHEN what = 'offset' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS offset_yuan
    FROM movement
    GROUP BY customer_no
),

-- What bill_balance has let the credits pay already.
spent AS (
    SELECT customer_no, CAST(sum(credit_used_yuan) AS DECIMAL(18, 2)) AS used_yuan
    FROM bill_balance
    GROUP BY customer_no
    HAVING sum(credit_used_yuan) > 0
)

SELECT
    s.customer_no,
    s.paid_in_yuan,
    s.overpaid_yuan,
    s.moved_in_yuan,
    s.moved_out_yuan,
    s.refunded_yuan,
    s.offset_yuan,
    COALESCE(u.used_yuan, 0) AS used_yuan,
    CAST(
        s.paid_in_yuan + s.overpaid_yuan + s.moved_in_yuan - s.moved_out_yuan - s.refunded_yuan - s.offset_yuan - COALESCE(u.used_yuan, 0)
        AS DECIMAL(18, 2)
    ) AS balance_yuan
FROM summed AS s
LEFT JOIN spent AS u ON u.customer_no = s.customer_no
