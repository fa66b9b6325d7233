-- Customers with a source of their own (自备电源) that nobody registered: the archive says that they generate and knows no plant, or their meter has
-- counted reverse energy in several months.
WITH place AS (
    SELECT c.customer_no, c.org_no, c.kind, c.has_generation
    FROM customer AS c
    ANTI JOIN generation_asset AS g ON g.customer_no = c.customer_no
    WHERE c.status <> 'closed' AND c.opened_on < $as_of
),

reverse AS (
    SELECT
        r.customer_no,
        r.mp_id,
        r.bill_month,
        COALESCE(sum(r.energy_kwh) FILTER (WHERE r.register = 'reverse'), 0) AS reverse_kwh,
        COALESCE(sum(r.energy_kwh) FILTER (WHERE r.register = 'total'), 0) AS forward_kwh
    FROM register_energy AS r
    INNER JOIN place AS p ON p.customer_no = r.customer_no
    WHERE
        r.bill_month <= $month
        AND r.bill_month > add_months($month, -$window_months)
        AND r.register IN ('reverse', 'total')
        AND r.usage = 'billing'
    GROUP BY r.customer_no, r.mp_id, r.bill_month
),

back AS (
    SELECT
        customer_no,
        mp_id,
        count(*) AS months,
        sum(reverse_kwh) AS reverse_kwh,
        sum(forward_kwh) AS forward_kwh,
        min(bill_month) AS first_month
    FROM reverse
    WHERE reverse_kwh >= $min_kwh AND reverse_kwh > CAST($min_share AS DECIMAL(38, 6)) * forward_kwh
    GROUP BY customer_no, mp_id
    HAVING count(*) >= $min_months AND max(bill_month) = $month
),

worst AS (
    SELECT customer_no, mp_id, months, reverse_kwh, forward_kwh, first_month
    FROM back
    QUALIFY row_number() OVER (PARTITION BY customer_no ORDER BY reverse_kwh DESC, mp_id) = 1
)

SELECT
    p.customer_no AS subject_id,
    p.org_no,
    p.customer_no,
    p.kind AS customer_kind,
    substr(CONCAT(
        CASE WHEN p.has_generation THEN '、档案有发电而无电源登记' ELSE '' END,
        CASE WHEN w.customer_no IS NOT NULL THEN '、连续反向电量' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN p.has_generation THEN ', the archive says generation and knows no plant' ELSE '' END,
        CASE WHEN w.customer_no IS NOT NULL THEN ', reverse energy in several months' ELSE '' END
    ), 3) AS reasons_en,
    w.mp_id AS reverse_mp_id,
    w.months,
    w.first_month,
    w.reverse_kwh,
    w.forward_kwh
FROM place AS p
LEFT JOIN worst AS w ON w.customer_no = p.customer_no
WHERE p.has_generation OR w.customer_no IS NOT NULL
