-- What a visit must know of each wanted customer to find the door and to judge a load: no telephone, no amount, no bill.
SELECT c.customer_no, c.name, c.address, c.contract_kva
FROM customer AS c
SEMI JOIN wanted AS w ON w.customer_no = c.customer_no
ORDER BY c.customer_no
