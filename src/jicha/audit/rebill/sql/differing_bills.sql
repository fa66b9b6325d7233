-- The recomputed bills with a charge or a total that differs, the largest difference first.
SELECT b.bill_id, b.issued_total_yuan AS issued_yuan, b.total_yuan AS due_yuan
FROM recomputed_bill AS b
WHERE
    b.refusal IS NULL
    AND (b.difference_yuan <> 0 OR b.bill_id IN (SELECT d.bill_id FROM bill_line_difference AS d))
ORDER BY abs(b.difference_yuan) DESC, b.bill_id
