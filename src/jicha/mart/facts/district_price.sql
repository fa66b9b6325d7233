-- What a kWh of a district is worth in the audited month: the plain mean of the prices of the customers with a main meter in it.
SELECT
    p.district_id,
    $month AS bill_month,
    div_hu(sum(c.price_yuan_per_kwh), count(*), 6) AS price_yuan_per_kwh,
    count(*) AS customers
FROM (
    SELECT DISTINCT district_id, customer_no
    FROM metering_point
    WHERE district_id IS NOT NULL AND usage = 'billing' AND parent_mp_id IS NULL
) AS p
INNER JOIN customer_price AS c ON c.customer_no = p.customer_no
WHERE c.bill_month = $month AND c.price_yuan_per_kwh IS NOT NULL
GROUP BY p.district_id
