-- Proofs of households of many persons (一户多人口) of the chosen bills' customers.
SELECT p.customer_no, p.valid_from, p.valid_to
FROM proof AS p
WHERE
    p.kind = 'multi_person'
    AND p.customer_no IN (SELECT b.customer_no FROM bill AS b INNER JOIN chosen_bill AS c ON c.bill_id = b.bill_id)
ORDER BY p.customer_no, p.valid_from
