-- Main metering points held to a power-factor standard that is none of those lawful for the customer.
WITH points AS (
    SELECT s.mp_id, s.customer_no, s.org_no, s.pf_standard, s.tariff_code, s.scheme_from
    FROM point_scheme AS s
    LEFT JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.parent_mp_id IS NULL
        AND s.pf_standard IS NOT NULL
        AND (COALESCE(t.tariff_class, 'unknown') <> 'residential' OR substr(s.category_code, 1, 1) = '2')
),

wrong AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.pf_standard,
        p.tariff_code,
        p.scheme_from,
        c.category_code,
        c.trade_code,
        d.supply,
        d.low_kva,
        d.high_kva,
        d.standards,
        d.may_be_free,
        d.standard_low,
        d.standard_high,
        row_number() OVER (PARTITION BY p.customer_no ORDER BY p.mp_id) AS point_no
    FROM points AS p
    INNER JOIN customer_state AS c ON c.customer_no = p.customer_no
    INNER JOIN power_factor_due AS d ON d.customer_no = p.customer_no
    WHERE
        c.status = 'active'
        -- At most two standards are lawful for one customer, so the lowest and the highest are all of them.
        AND p.pf_standard NOT IN (COALESCE(d.standard_low, 0), COALESCE(d.standard_high, 0))
        AND (d.standards > 0 OR d.may_be_free)
        AND NOT ($ignore_below_limit = 'yes' AND d.standards = 0)
),

customers AS (
    SELECT customer_no, CAST(count(DISTINCT pf_standard) AS BIGINT) AS standards_used
    FROM points
    GROUP BY customer_no
),

valued AS (
    SELECT
        w.mp_id,
        sum(
            CASE
                WHEN w.standards = 0 THEN 0
                ELSE round_hu(div_hu(CAST(f.base_yuan AS DECIMAL(38, 2)) * a.adjust_pct, 100, 9), 2)
            END - f.charged_yuan
        ) AS yuan_at_stake,
        min(f.power_factor) AS power_factor,
        sum(f.base_yuan) AS base_yuan,
        sum(f.charged_yuan) AS charged_yuan,
        count(*) AS bills,
        count(CASE
            WHEN w.standards = 0 THEN f.charged_yuan
            WHEN f.base_yuan IS NOT NULL THEN a.adjust_pct
        END) AS priced_bills
    FROM wrong AS w
    -- One bill of the customer covers all its points: it is valued once, and only when they share one standard.
    INNER JOIN customers AS u ON u.customer_no = w.customer_no AND u.standards_used = 1
    INNER JOIN bill_power_factor AS f ON f.customer_no = w.customer_no
    LEFT JOIN power_factor_adjustment AS a ON a.pf_standard = w.standard_low AND a.power_factor = f.power_factor
    WHERE w.point_no = 1 AND ((w.standards = 1 AND NOT w.may_be_free) OR (w.standards = 0 AND w.may_be_free))
    GROUP BY w.mp_id
)

SELECT
    w.mp_id AS subject_id,
    w.org_no,
    w.customer_no,
    w.mp_id,
    $month AS bill_month,
    w.category_code,
    w.trade_code,
    w.supply,
    w.low_kva AS capacity_low_kva,
    w.high_kva AS capacity_high_kva,
    w.tariff_code,
    w.scheme_from,
    w.pf_standard AS standard_used,
    w.standard_low AS standard_due,
    w.standard_high AS standard_due_high,
    v.power_factor,
    v.base_yuan,
    v.charged_yuan,
    CASE WHEN v.bills = v.priced_bills THEN v.yuan_at_stake END AS yuan_at_stake
FROM wrong AS w
LEFT JOIN valued AS v ON v.mp_id = w.mp_id
