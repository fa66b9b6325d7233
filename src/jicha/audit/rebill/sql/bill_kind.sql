-- Of which kind a bill is.
SELECT kind FROM bill WHERE bill_id = $bill_id LIMIT 1
