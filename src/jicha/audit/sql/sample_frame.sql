-- The frame of a sample: every normal bill of a month, with what it is sorted into strata by.
SELECT b.bill_id, b.customer_no, b.org_no, c.name, c.kind, b.total_yuan
FROM bill AS b
INNER JOIN customer AS c ON c.customer_no = b.customer_no
WHERE b.bill_month = $month AND b.kind = 'normal' AND (len($organisations) = 0 OR list_contains($organisations, b.org_no))
ORDER BY b.bill_id
