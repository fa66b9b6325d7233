-- What a tariff code is, told from the data: tariff codes are local, the components of its price and its users are not.
WITH book AS (
    SELECT
        tariff_code,
        bool_or(component IN ('purchase', 'line_loss', 'transmission', 'system')) AS is_market,
        bool_or(component IN ('step2', 'step3')) AS has_steps,
        bool_or(component IN ('capacity', 'demand')) AS has_basic
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY tariff_code
),

-- One vote a customer, by the category of the archive.
votes AS (
    SELECT
        tariff_code,
        CAST(count(*) AS BIGINT) AS points,
        CAST(count(*) FILTER (WHERE substr(category_code, 1, 1) = '2') AS BIGINT) AS residential,
        CAST(count(*) FILTER (WHERE substr(category_code, 1, 1) = '3') AS BIGINT) AS agriculture,
        CAST(count(*) FILTER (WHERE substr(category_code, 1, 1) IN ('1', '4')) AS BIGINT) AS commercial,
        CAST(count(*) FILTER (WHERE substr(category_code, 1, 1) = '5') AS BIGINT) AS resale,
        CAST(count(*) FILTER (WHERE basic_charge_mode <> 'none' OR substr(category_code, 1, 1) = '1') AS BIGINT) AS with_basic,
        CAST(count(*) FILTER (WHERE step_scheme IN ('monthly', 'annual')) AS BIGINT) AS with_steps
    FROM point_scheme
    WHERE usage = 'billing' AND tariff_code IS NOT NULL
    GROUP BY tariff_code
)

SELECT
    v.tariff_code,
    v.points,
    CASE
        WHEN b.has_steps OR v.with_steps * 2 > v.points THEN 'residential'
        WHEN b.is_market AND b.has_basic THEN 'two_part'
        WHEN b.is_market THEN 'single'
        WHEN v.residential * 2 > v.points THEN 'residential'
        WHEN v.agriculture * 2 > v.points THEN 'agriculture'
        WHEN v.resale * 2 > v.points THEN 'resale'
        WHEN v.commercial * 2 > v.points AND (b.has_basic OR v.with_basic * 2 > v.points) THEN 'two_part'
        WHEN v.commercial * 2 > v.points THEN 'single'
        ELSE 'unknown'
    END AS tariff_class,
    COALESCE(b.tariff_code IS NOT NULL, FALSE) AS in_book
FROM votes AS v
LEFT JOIN book AS b ON b.tariff_code = v.tariff_code
