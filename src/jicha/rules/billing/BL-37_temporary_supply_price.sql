-- Temporary supply (临时用电) of trade and industry, and construction sites, on the residential or the agricultural price.
WITH points AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.tariff_code,
        s.scheme_from,
        t.tariff_class,
        c.category_code,
        c.trade_code,
        c.temporary,
        c.temporary_until,
        c.running_kva_as_of AS capacity_kva,
        CASE
            WHEN
                left(c.trade_code, 1) = $construction_section
                OR left(c.trade_code, 2) IN ($construction_divisions)
                OR strpos(c.name, $site_word) > 0
                THEN 'construction'
            WHEN c.temporary AND substr(c.category_code, 1, 1) IN ('1', '4') THEN 'temporary'
        END AS fault
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    INNER JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        -- A part of the supply may be lived in: sub meters and fixed shares have prices of their own.
        AND s.parent_mp_id IS NULL
        AND s.fixed_ratio IS NULL
        AND s.fixed_kwh IS NULL
        AND c.status = 'active'
        AND t.tariff_class IN ('residential', 'agriculture')
),

proven AS (
    SELECT customer_no
    FROM proof
    WHERE kind = 'residential_price' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
),

wrong AS (
    SELECT p.*
    FROM points AS p
    LEFT JOIN proven AS f ON f.customer_no = p.customer_no
    WHERE p.fault IS NOT NULL AND (f.customer_no IS NULL OR p.tariff_class = 'agriculture')
)

SELECT
    w.mp_id AS subject_id,
    w.org_no,
    w.customer_no,
    w.mp_id,
    $month AS bill_month,
    w.fault,
    CASE w.fault WHEN 'construction' THEN '建筑施工' ELSE '临时用电' END AS fault_zh,
    CASE w.fault WHEN 'construction' THEN 'construction site' ELSE 'temporary supply' END AS fault_en,
    CASE w.tariff_class WHEN 'residential' THEN '居民' ELSE '农业' END AS class_zh,
    w.tariff_class,
    w.tariff_code,
    w.scheme_from,
    w.category_code,
    w.trade_code,
    w.temporary_until,
    r.tariff_due,
    r.kwh,
    r.billed_yuan,
    r.due_yuan,
    r.difference_yuan AS yuan_at_stake
FROM wrong AS w
LEFT JOIN single_rate_bill AS r
    ON r.mp_id = w.mp_id AND (w.capacity_kva IS NULL OR w.capacity_kva < $two_part_kva)
