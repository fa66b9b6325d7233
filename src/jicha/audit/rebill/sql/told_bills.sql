-- The differing bills with their causes, the largest difference first.
SELECT
    bill_id,
    customer_no,
    org_no,
    bill_month,
    issued_yuan,
    due_yuan,
    difference_yuan,
    CASE WHEN difference_yuan < 0 THEN 'company' WHEN difference_yuan > 0 THEN 'customer' ELSE 'none' END AS direction,
    topic,
    cause,
    cause_zh AS message_zh,
    cause_en AS message_en,
    also
FROM wrong_bill
WHERE cause <> $disagreement
ORDER BY abs(difference_yuan) DESC, bill_id
