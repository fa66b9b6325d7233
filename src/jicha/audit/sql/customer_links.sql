-- To whom and to what a customer is linked; each query gives one row a link.

-- points --
SELECT
    p.mp_id,
    p.usage,
    p.parent_mp_id,
    p.district_id,
    d.name AS district_name,
    p.feeder_id,
    i.meter_id,
    i.multiplier
FROM metering_point AS p
LEFT JOIN district AS d USING (district_id)
LEFT JOIN meter_installation AS i ON p.mp_id = i.mp_id AND i.removed_at IS NULL
WHERE p.customer_no = $customer_no
ORDER BY p.mp_id, i.installed_at;

-- customers --
-- Other customers by the way that they are linked; a way that leads to more than $most says nothing and is left out by the caller.
WITH me AS (
    SELECT * FROM customer WHERE customer_no = $customer_no
),

point AS (
    SELECT * FROM metering_point WHERE customer_no = $customer_no
),

linked AS (
    SELECT
        'phone' AS way,
        c.customer_no
    FROM customer AS c
    INNER JOIN me ON c.phone = me.phone
    UNION
    SELECT 'address', c.customer_no FROM customer AS c INNER JOIN me ON c.address = me.address
    UNION
    SELECT 'employee', c.customer_no FROM customer AS c INNER JOIN me ON c.employee_id = me.employee_id
    UNION
    SELECT 'meter', q.customer_no
    FROM meter_installation AS a
    INNER JOIN point ON a.mp_id = point.mp_id
    INNER JOIN meter_installation AS b ON a.meter_id = b.meter_id AND a.mp_id <> b.mp_id
    INNER JOIN metering_point AS q ON b.mp_id = q.mp_id
    UNION
    SELECT 'below', q.customer_no FROM metering_point AS q INNER JOIN point ON q.parent_mp_id = point.mp_id
    UNION
    SELECT 'above', q.customer_no FROM metering_point AS q INNER JOIN point ON point.parent_mp_id = q.mp_id
    UNION
    SELECT 'transfer', to_customer_no FROM prepaid_transfer WHERE from_customer_no = $customer_no
    UNION
    SELECT 'transfer', from_customer_no FROM prepaid_transfer WHERE to_customer_no = $customer_no
)

SELECT
    linked.way,
    linked.customer_no,
    c.org_no,
    count(*) OVER (PARTITION BY linked.way) AS in_all
FROM linked INNER JOIN customer AS c USING (customer_no)
WHERE linked.customer_no <> $customer_no
ORDER BY linked.way, linked.customer_no
LIMIT $most;

-- readers --
-- Who read the customer's section in the newest months.
SELECT
    e.employee_id,
    e.name,
    max(p.bill_month) AS newest
FROM reading_plan AS p
INNER JOIN customer AS c USING (reading_section, org_no)
INNER JOIN employee AS e ON p.reader_id = e.employee_id
WHERE c.customer_no = $customer_no
GROUP BY e.employee_id, e.name
ORDER BY newest DESC, e.employee_id
LIMIT 3;

-- same_reader --
-- Customers of the sections that an employee reads in the month.
SELECT c.customer_no FROM customer AS c
SEMI JOIN (
    SELECT reading_section, org_no FROM reading_plan WHERE reader_id = $reader_id
) AS mine USING (reading_section, org_no);

-- same_district --
-- Customers of the districts at which the customer has points.
SELECT DISTINCT customer_no FROM metering_point
SEMI JOIN (
    SELECT district_id FROM metering_point WHERE customer_no = $customer_no
) AS mine USING (district_id);
