-- Main meters whose energy is divided by fixed shares (定比定量) among two prices and more, each share worth a meter of its own.
WITH shares AS (
    SELECT
        s.parent_mp_id,
        s.customer_no,
        s.mp_id,
        s.tariff_code,
        s.fixed_ratio,
        s.fixed_kwh
    FROM point_scheme AS s
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.parent_mp_id IS NOT NULL
        AND (s.fixed_ratio >= $least_ratio OR s.fixed_kwh >= $least_kwh)
),

divided AS (
    SELECT
        parent_mp_id,
        count(*) AS shares,
        count(DISTINCT tariff_code) AS prices,
        string_agg(DISTINCT tariff_code, ', ' ORDER BY tariff_code) AS tariffs,
        COALESCE(sum(fixed_ratio), 0) AS ratios,
        COALESCE(sum(fixed_kwh), 0) AS fixed_kwh
    FROM shares
    GROUP BY parent_mp_id
)

SELECT
    d.parent_mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    d.parent_mp_id AS mp_id,
    $month AS bill_month,
    p.tariff_code,
    d.shares,
    d.prices,
    d.tariffs,
    d.ratios,
    d.fixed_kwh
FROM divided AS d
INNER JOIN point_scheme AS p ON p.mp_id = d.parent_mp_id
INNER JOIN customer AS c ON c.customer_no = p.customer_no
WHERE d.prices >= $least_prices AND p.status = 'running' AND c.status = 'active'
