-- The bills on which the Decimal engine sees no difference, in the order of the differing bills.
SELECT bill_id
FROM wrong_bill
WHERE cause = $disagreement
ORDER BY abs(difference_yuan) DESC, bill_id
