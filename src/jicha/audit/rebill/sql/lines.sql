-- The issued lines of the chosen bills.
SELECT l.bill_id, l.mp_id, l.item, l.component, l.register, l.quantity, l.unit, l.unit_price, l.amount_yuan
FROM bill_line AS l
INNER JOIN chosen_bill AS s ON s.bill_id = l.bill_id
ORDER BY l.bill_id, l.line_no
