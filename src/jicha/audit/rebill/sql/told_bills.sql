-- The differing bills with their causes and the organisation that issued each, the largest difference first.
SELECT
    c.bill_id,
    b.customer_no,
    b.org_no,
    b.bill_month,
    c.issued_yuan,
    c.due_yuan,
    c.difference_yuan,
    CASE WHEN c.difference_yuan < 0 THEN 'company' WHEN c.difference_yuan > 0 THEN 'customer' ELSE 'none' END AS direction,
    c.topic,
    c.cause,
    c.message_zh,
    c.message_en,
    c.also
FROM bill_cause AS c
INNER JOIN recomputed_bill AS b ON b.bill_id = c.bill_id
ORDER BY abs(c.difference_yuan) DESC, c.bill_id
