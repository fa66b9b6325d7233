-- Step limits side by side: the extract's own for every tariff that it has steps of, else the shipped ones.
WITH own AS (
    SELECT DISTINCT tariff_code
    FROM price_step
),

book AS (
    SELECT tariff_code, step_scheme, step, above_kwh, valid_from, COALESCE(valid_to, CAST('9999-12-31' AS DATE)) AS valid_to
    FROM price_step
    UNION ALL
    SELECT s.tariff_code, s.step_scheme, s.step, s.above_kwh, s.valid_from, COALESCE(s.valid_to, CAST('9999-12-31' AS DATE)) AS valid_to
    FROM shipped_price_step AS s
    ANTI JOIN own AS o ON o.tariff_code = s.tariff_code
),

edges AS (
    SELECT tariff_code, step_scheme, valid_from AS day
    FROM book
    UNION
    SELECT tariff_code, step_scheme, valid_to AS day
    FROM book
),

spans AS (
    SELECT
        tariff_code,
        step_scheme,
        day AS step_from,
        lead(day) OVER (PARTITION BY tariff_code, step_scheme ORDER BY day) AS step_to
    FROM edges
)

SELECT
    s.tariff_code,
    s.step_scheme,
    s.step_from,
    s.step_to,
    max(b.above_kwh) FILTER (WHERE b.step = 2) AS second_kwh,
    max(b.above_kwh) FILTER (WHERE b.step = 3) AS third_kwh
FROM spans AS s
INNER JOIN book AS b
    ON b.tariff_code = s.tariff_code AND b.step_scheme = s.step_scheme AND b.valid_from <= s.step_from AND b.valid_to >= s.step_to
WHERE s.step_to IS NOT NULL
GROUP BY s.tariff_code, s.step_scheme, s.step_from, s.step_to
