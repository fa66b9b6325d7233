-- Say in one sentence which bills are suspicious, and why.
SELECT
    b.bill_id AS subject_id,
    b.org_no,
    b.customer_no,
    b.bill_month,
    b.kwh,
    b.total_yuan AS yuan_at_stake
FROM bill AS b
WHERE b.bill_month = $month AND b.kind = 'normal' AND b.total_yuan > $most_yuan
