-- The billing points of the chosen bills' customers, and the sub meters (of anyone) that come off one of them.
WITH customers AS (
    SELECT DISTINCT b.customer_no
    FROM bill AS b
    INNER JOIN chosen_bill AS s ON s.bill_id = b.bill_id
),

own AS (
    SELECT p.mp_id, p.parent_mp_id, p.metering_mode, p.customer_no, TRUE AS is_billed
    FROM metering_point AS p
    INNER JOIN customers AS c ON c.customer_no = p.customer_no
    WHERE p.usage = 'billing' AND p.status <> 'planned'
),

foreign_sub AS (
    SELECT p.mp_id, p.parent_mp_id, p.metering_mode, o.customer_no, FALSE AS is_billed
    FROM metering_point AS p
    INNER JOIN own AS o ON o.mp_id = p.parent_mp_id
    WHERE
        p.status <> 'planned'
        AND p.customer_no <> o.customer_no
        AND p.usage = 'billing'
)

SELECT mp_id, parent_mp_id, metering_mode, customer_no, is_billed FROM own
UNION ALL
SELECT mp_id, parent_mp_id, metering_mode, customer_no, is_billed FROM foreign_sub
ORDER BY customer_no, is_billed DESC, mp_id
