-- Say in one sentence which customers are suspicious, and why.
SELECT
    c.customer_no AS subject_id,
    c.org_no,
    c.customer_no,
    c.contract_kva
FROM customer AS c
WHERE c.status = 'active' AND c.contract_kva > $most_kva
