-- Whether there is a bill of this number.
SELECT bill_id FROM bill WHERE bill_id = $bill_id LIMIT 1
