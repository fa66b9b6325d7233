-- Charging sites on the two-part price (两部制) without a basic charge that are not entitled to the exemption (免收基本电费): not a
-- public station by their place, not connected to the utility directly, or after the exemption ended.
WITH sites AS (
    SELECT
        s.site_id,
        s.place,
        p.mp_id,
        p.parent_mp_id,
        p.customer_no,
        p.org_no,
        p.tariff_code,
        p.voltage_code,
        p.scheme_from,
        c.category_code,
        c.contract_kva,
        CASE
            WHEN s.place <> 'commercial_concentrated' THEN 'place_not_entitled'
            WHEN p.parent_mp_id IS NOT NULL THEN 'not_directly_connected'
            WHEN $month > $exempt_until THEN 'exemption_ended'
        END AS fault
    FROM charging_site AS s
    INNER JOIN point_scheme AS p ON p.mp_id = s.mp_id
    INNER JOIN customer_state AS c ON c.customer_no = p.customer_no
    LEFT JOIN tariff_class AS t ON t.tariff_code = p.tariff_code
    WHERE
        p.has_scheme
        AND p.status = 'running'
        AND c.status = 'active'
        AND p.basic_charge_mode = 'none'
        AND (t.tariff_class = 'two_part' OR (COALESCE(t.tariff_class, 'unknown') = 'unknown' AND substr(c.category_code, 1, 1) = '1'))
),

-- A customer charged by another of its points is not exempt.
charged_elsewhere AS (
    SELECT DISTINCT customer_no
    FROM point_scheme
    WHERE usage = 'billing' AND status = 'running' AND basic_charge_mode <> 'none'
),

exempt AS (
    SELECT s.*
    FROM sites AS s
    ANTI JOIN charged_elsewhere AS e ON e.customer_no = s.customer_no
    WHERE s.fault IS NOT NULL
),

-- kVA × days in service of the month's bill, which is charged by capacity where nobody chose otherwise.
units AS (
    SELECT
        d.bill_id,
        d.mp_id,
        d.segment_from,
        sum(CAST(d.kva AS DECIMAL(38, 4)) * d.charged_days) AS kva_days
    FROM transformer_days AS d
    GROUP BY d.bill_id, d.mp_id, d.segment_from
),

with_units AS (SELECT DISTINCT customer_no FROM transformer),

due AS (
    SELECT
        e.site_id,
        b.bill_id,
        b.divisor,
        b.issued_pf_adjust_pct,
        g.segment_from,
        p.capacity,
        CASE
            WHEN t.customer_no IS NOT NULL THEN u.kva_days
            WHEN b.is_full_month AND g.is_last AND g.first_day = 0 THEN CAST(e.contract_kva AS DECIMAL(38, 4)) * b.divisor
            ELSE CAST(e.contract_kva AS DECIMAL(38, 4)) * LEAST(date_diff('day', g.segment_from, g.segment_to), b.divisor)
        END AS kva_days
    FROM exempt AS e
    INNER JOIN rebill_bill AS b ON b.customer_no = e.customer_no
    INNER JOIN bill_segment AS g ON g.bill_id = b.bill_id AND g.mp_id = e.mp_id
    LEFT JOIN billing_price AS p
        ON p.tariff_code = g.tariff_code AND p.voltage_code = g.voltage_code AND p.price_from = g.price_from AND p.is_own = g.is_own
    LEFT JOIN units AS u ON u.bill_id = g.bill_id AND u.mp_id = g.mp_id AND u.segment_from = g.segment_from
    LEFT JOIN with_units AS t ON t.customer_no = e.customer_no
    WHERE b.refusal IS NULL
),

parts AS (
    SELECT
        site_id,
        bill_id,
        issued_pf_adjust_pct,
        kva_days,
        capacity,
        divisor,
        div_hu(CAST(kva_days AS DECIMAL(38, 4)) * capacity, divisor, 2) AS basic_yuan
    FROM due
),

-- Rounded with each segment; its part of the power-factor adjustment at the bill's own percentage.
amounts AS (
    SELECT
        site_id,
        min(bill_id) AS bill_id,
        div_hu(sum(kva_days), max(divisor), 4) AS charged_kva,
        min(capacity) AS capacity_price,
        sum(basic_yuan) AS basic_yuan,
        div_hu(sum(basic_yuan) * COALESCE(min(issued_pf_adjust_pct), 0), 100, 2) AS adjustment_yuan
    FROM parts
    GROUP BY site_id
    HAVING count(*) = count(basic_yuan) AND min(bill_id) = max(bill_id)
)

SELECT
    e.site_id AS subject_id,
    e.org_no,
    e.customer_no,
    e.mp_id,
    $month AS bill_month,
    e.place,
    CASE e.place
        WHEN 'home' THEN '居民住宅'
        WHEN 'residential_compound' THEN '居民小区'
        WHEN 'public_institution' THEN '机关事业单位'
        WHEN 'enterprise' THEN '企业'
        WHEN 'public_parking' THEN '社会公共停车场'
        WHEN 'commercial_concentrated' THEN '经营性集中充换电'
    END AS place_zh,
    e.fault,
    CASE e.fault
        WHEN 'place_not_entitled' THEN '不属经营性集中式充换电'
        WHEN 'not_directly_connected' THEN '非直接报装接电'
        WHEN 'exemption_ended' THEN '免收期已过'
    END AS fault_zh,
    CASE e.fault
        WHEN 'place_not_entitled' THEN 'it is not a public charging station'
        WHEN 'not_directly_connected' THEN 'it is not connected to the utility directly'
        WHEN 'exemption_ended' THEN 'the exemption has ended'
    END AS fault_en,
    e.tariff_code,
    e.voltage_code,
    e.category_code,
    e.scheme_from,
    a.bill_id,
    a.charged_kva,
    a.capacity_price,
    a.basic_yuan,
    a.basic_yuan + a.adjustment_yuan AS yuan_at_stake
FROM exempt AS e
LEFT JOIN amounts AS a ON a.site_id = e.site_id
