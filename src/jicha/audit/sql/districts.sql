-- The district of each wanted customer: of several metering points the one whose number comes first, those in use before the others.
SELECT m.customer_no, m.district_id
FROM metering_point AS m
SEMI JOIN wanted AS w ON w.customer_no = m.customer_no
WHERE m.district_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY m.customer_no ORDER BY m.status <> 'running', m.mp_id) = 1
