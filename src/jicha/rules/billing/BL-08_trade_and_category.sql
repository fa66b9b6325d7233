-- Customers whose trade is not one of those that their category of use is for.
WITH coded AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.category_code,
        c.trade_code,
        -- Some archives leave the letter of the section out: the first two digits are the division.
        CASE WHEN left(c.trade_code, 1) < 'A' THEN left(c.trade_code, 2) END AS division,
        upper(left(c.trade_code, 1)) AS letter
    FROM customer AS c
    WHERE c.status = 'active' AND length(c.trade_code) >= 2
),

-- The divisions of each section of the classification of industries (国民经济行业分类).
placed AS (
    SELECT
        *,
        CASE
            WHEN division IS NULL THEN letter
            WHEN division BETWEEN '01' AND '05' THEN 'A'
            WHEN division BETWEEN '06' AND '12' THEN 'B'
            WHEN division BETWEEN '13' AND '43' THEN 'C'
            WHEN division BETWEEN '44' AND '46' THEN 'D'
            WHEN division BETWEEN '47' AND '50' THEN 'E'
            WHEN division BETWEEN '51' AND '52' THEN 'F'
            WHEN division BETWEEN '53' AND '60' THEN 'G'
            WHEN division BETWEEN '61' AND '62' THEN 'H'
            WHEN division BETWEEN '63' AND '65' THEN 'I'
            WHEN division BETWEEN '66' AND '69' THEN 'J'
            WHEN division = '70' THEN 'K'
            WHEN division BETWEEN '71' AND '72' THEN 'L'
            WHEN division BETWEEN '73' AND '75' THEN 'M'
            WHEN division BETWEEN '76' AND '79' THEN 'N'
            WHEN division BETWEEN '80' AND '82' THEN 'O'
            WHEN division = '83' THEN 'P'
            WHEN division BETWEEN '84' AND '85' THEN 'Q'
            WHEN division BETWEEN '86' AND '90' THEN 'R'
            WHEN division BETWEEN '91' AND '96' THEN 'S'
            WHEN division = '97' THEN 'T'
        END AS section
    FROM coded
),

judged AS (
    SELECT
        *,
        CASE
            WHEN category_code IN ($farm_categories) THEN section NOT IN ($farm_sections)
            WHEN category_code IN ($industry_categories) THEN section NOT IN ($industry_sections)
            WHEN category_code IN ($commerce_categories) THEN section NOT IN ($commerce_sections)
            WHEN category_code IN ($office_categories) THEN section NOT IN ($office_sections)
            WHEN category_code IN ($school_categories) THEN section NOT IN ($school_sections)
            WHEN category_code IN ($home_categories) THEN section NOT IN ($home_sections)
        END AS differs
    FROM placed
    WHERE section IS NOT NULL
),

-- A customer of several businesses has points of several tariffs: one trade cannot name them all.
tariffs AS (
    SELECT s.customer_no, min(s.tariff_code) AS lowest_tariff, max(s.tariff_code) AS highest_tariff
    FROM point_scheme AS s
    WHERE s.usage = 'billing' AND s.status = 'running'
    GROUP BY s.customer_no
)

SELECT
    j.customer_no AS subject_id,
    j.org_no,
    j.customer_no,
    $month AS bill_month,
    j.kind,
    j.category_code,
    j.trade_code,
    j.section,
    t.lowest_tariff AS tariff_code
FROM judged AS j
INNER JOIN tariffs AS t ON t.customer_no = j.customer_no
WHERE j.differs AND t.lowest_tariff = t.highest_tariff
