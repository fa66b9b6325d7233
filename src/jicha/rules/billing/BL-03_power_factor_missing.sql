-- Customers of 100 kVA and more outside the residential price, none of whose main points is held to a power factor.
-- A lighting point beside an assessed one is lawful, so one assessed point clears the customer.
WITH schemes AS (
    SELECT
        s.customer_no,
        min(s.mp_id) AS mp_id,
        bool_or(s.pf_standard IS NOT NULL) AS assessed,
        string_agg(DISTINCT s.tariff_code, ' ' ORDER BY s.tariff_code) AS tariffs,
        min(s.scheme_from) AS scheme_from
    FROM point_scheme AS s
    LEFT JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.parent_mp_id IS NULL
        AND s.has_scheme
        AND COALESCE(t.tariff_class, 'unknown') <> 'residential'
    GROUP BY s.customer_no
),

missing AS (
    SELECT
        c.customer_no,
        c.org_no,
        s.mp_id,
        s.tariffs,
        s.scheme_from,
        c.category_code,
        d.low_kva,
        CASE WHEN d.standards = 1 THEN d.standard_low END AS standard_due,
        d.standard_low,
        d.standard_high
    FROM schemes AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    INNER JOIN power_factor_due AS d ON d.customer_no = s.customer_no
    WHERE
        NOT s.assessed
        AND c.status = 'active'
        AND substr(c.category_code, 1, 1) IN ('1', '3', '4', '5')
        AND NOT d.may_be_free
        AND d.low_kva >= $capacity_kva
),

-- A customer with several normal bills in the month is valued on all of them.
valued AS (
    SELECT
        m.customer_no,
        sum(round_hu(div_hu(CAST(f.base_yuan AS DECIMAL(38, 2)) * a.adjust_pct, 100, 9), 2) - f.charged_yuan) AS yuan_at_stake,
        min(f.power_factor) AS power_factor,
        sum(f.base_yuan) AS base_yuan,
        count(*) AS bills,
        count(a.adjust_pct) AS priced_bills
    FROM missing AS m
    INNER JOIN bill_power_factor AS f ON f.customer_no = m.customer_no
    LEFT JOIN power_factor_adjustment AS a ON a.pf_standard = m.standard_due AND a.power_factor = f.power_factor
    GROUP BY m.customer_no
)

SELECT
    m.mp_id AS subject_id,
    m.org_no,
    m.customer_no,
    m.mp_id,
    $month AS bill_month,
    m.category_code,
    m.low_kva AS capacity_kva,
    m.tariffs,
    m.scheme_from,
    m.standard_due,
    m.standard_low,
    m.standard_high,
    v.power_factor,
    v.base_yuan,
    CASE WHEN v.bills = v.priced_bills THEN v.yuan_at_stake END AS yuan_at_stake
FROM missing AS m
LEFT JOIN valued AS v ON v.customer_no = m.customer_no
