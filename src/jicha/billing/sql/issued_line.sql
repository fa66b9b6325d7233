-- The issued lines of the bills to recompute: read once from all months' lines for everything that compares.
SELECT l.bill_id, l.mp_id, l.item, l.component, l.register, l.quantity, l.unit_price, l.amount_yuan
FROM bill_line AS l
SEMI JOIN rebill_bill AS b ON b.bill_id = l.bill_id
