-- Units that issued bills at changed prices, or after tariffs of many points changed on a day, and tried none of them before (电费试算).
WITH steps AS (
    SELECT
        tariff_code,
        valid_from,
        unit_price,
        lag(unit_price) OVER (PARTITION BY price_book, tariff_code, voltage_code, component, register ORDER BY valid_from) AS price_before
    FROM price
    WHERE component NOT IN ($monthly_components)
),

price_changes AS (
    SELECT DISTINCT tariff_code, valid_from AS changed_on
    FROM steps
    WHERE
        price_before IS NOT NULL
        AND unit_price <> price_before
        AND valid_from >= add_months($month, -$look_back_months)
        AND valid_from < $month_end
),

schemes AS (
    SELECT
        mp_id,
        valid_from,
        tariff_code,
        lag(tariff_code) OVER (PARTITION BY mp_id ORDER BY valid_from) AS tariff_before
    FROM price_scheme
    WHERE valid_from < $month_end
),

moved AS (
    SELECT p.org_no, p.customer_no, p.tariff_code, s.valid_from AS changed_on
    FROM schemes AS s
    INNER JOIN point_scheme AS p ON p.mp_id = s.mp_id
    WHERE
        s.tariff_before IS NOT NULL
        AND s.tariff_before <> s.tariff_code
        AND s.valid_from >= add_months($month, -$look_back_months)
        AND p.usage = 'billing'
),

code_changes AS (
    SELECT org_no, changed_on
    FROM moved
    GROUP BY org_no, changed_on
    HAVING count(*) >= $least_points
),

-- Whose bills a change reaches.
reached AS (
    SELECT 'price_change' AS fault, p.customer_no, p.tariff_code, k.changed_on
    FROM price_changes AS k
    INNER JOIN point_scheme AS p ON p.tariff_code = k.tariff_code
    WHERE p.usage = 'billing'
    UNION ALL
    SELECT 'code_change' AS fault, m.customer_no, m.tariff_code, m.changed_on
    FROM moved AS m
    INNER JOIN code_changes AS k ON k.org_no = m.org_no AND k.changed_on = m.changed_on
),

customers AS (
    SELECT fault, customer_no, changed_on, min(tariff_code) AS tariff_code
    FROM reached
    GROUP BY fault, customer_no, changed_on
),

issued AS (
    SELECT
        r.fault,
        b.org_no,
        r.changed_on,
        string_agg(DISTINCT r.tariff_code, ', ' ORDER BY r.tariff_code) AS tariffs,
        count(*) AS bills,
        count(b.trial_run) AS known_bills,
        count(*) FILTER (WHERE b.trial_run) AS tried_bills
    FROM customers AS r
    INNER JOIN bill AS b ON b.customer_no = r.customer_no
    WHERE
        b.kind = 'normal'
        AND b.bill_month <= $month
        AND b.bill_month >= add_months($month, -$look_back_months)
        AND b.period_to > r.changed_on
    GROUP BY r.fault, b.org_no, r.changed_on
)

SELECT
    org_no AS subject_id,
    org_no,
    $month AS bill_month,
    fault,
    CASE fault WHEN 'price_change' THEN '电价调整' ELSE '批量变更电价代码' END AS fault_zh,
    CASE fault WHEN 'price_change' THEN 'prices changed' ELSE 'tariffs of many points changed' END AS fault_en,
    changed_on,
    tariffs,
    bills
FROM issued
WHERE tried_bills = 0 AND known_bills = bills
