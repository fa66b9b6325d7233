-- The explained differences with the organisation that issued each bill, largest first.
SELECT
    e.bill_id,
    e.customer_no,
    b.org_no,
    e.bill_month,
    e.issued_yuan,
    e.due_yuan,
    e.difference_yuan,
    e.direction,
    e.topic,
    e.cause,
    e.message_zh,
    e.message_en,
    e.also
FROM explained_bill AS e
INNER JOIN bill AS b ON b.bill_id = e.bill_id
ORDER BY abs(e.difference_yuan) DESC, e.bill_id
