-- What the power-factor adjustment of a normal bill of the audited month stands on: the factor, its base, what was charged.
WITH bills AS (
    SELECT b.bill_id, b.customer_no, b.kwh, b.kvarh, b.power_factor
    FROM bill AS b
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal' AND substr(c.category_code, 1, 1) <> '2'
),

-- The book says by tariff and component what belongs to the base; a tariff outside every book follows the usual rule.
book AS (
    SELECT tariff_code, component, bool_and(in_pf_base) AS in_base
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to > $month)
    GROUP BY tariff_code, component
),

lines AS (
    SELECT
        l.bill_id,
        l.item,
        l.amount_yuan,
        CASE
            WHEN l.item = 'basic' THEN TRUE
            WHEN l.item IN ('pf_adjustment', 'fund') THEN FALSE
            ELSE COALESCE(k.in_base, l.item = 'energy')
        END AS in_base
    FROM bill_line AS l
    SEMI JOIN bills AS b ON b.bill_id = l.bill_id
    LEFT JOIN point_scheme AS s ON s.mp_id = l.mp_id
    LEFT JOIN book AS k ON k.tariff_code = s.tariff_code AND k.component = l.component
),

sums AS (
    SELECT
        bill_id,
        sum(amount_yuan) FILTER (WHERE in_base) AS base_yuan,
        COALESCE(sum(amount_yuan) FILTER (WHERE item = 'pf_adjustment'), 0) AS charged_yuan
    FROM lines
    GROUP BY bill_id
),

-- No square root: cos φ rounds to c or more exactly when P² ≥ (c − 0.005)² · (P² + Q²).
computed AS (
    SELECT b.bill_id, max(t.power_factor) AS power_factor
    FROM bills AS b
    CROSS JOIN power_factor_adjustment AS t
    WHERE
        b.power_factor IS NULL
        AND b.kvarh IS NOT NULL
        AND (b.kwh > 0 OR b.kvarh <> 0)
        AND t.pf_standard = 0.90
        AND (
            t.power_factor = 0
            OR CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0)) * CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0)) * 1000000
            >= CAST(t.power_factor * 1000 - 5 AS DECIMAL(38, 0)) * CAST(t.power_factor * 1000 - 5 AS DECIMAL(38, 0))
            * (
                CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0)) * CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0))
                + CAST(round_hu(b.kvarh, 0) AS DECIMAL(38, 0)) * CAST(round_hu(b.kvarh, 0) AS DECIMAL(38, 0))
            )
        )
    GROUP BY b.bill_id
)

SELECT
    b.bill_id,
    b.customer_no,
    b.kwh,
    b.kvarh,
    CAST(COALESCE(round_hu(b.power_factor, 2), c.power_factor) AS DECIMAL(12, 6)) AS power_factor,
    b.power_factor IS NOT NULL AS factor_is_billed,
    CAST(s.base_yuan AS DECIMAL(18, 2)) AS base_yuan,
    CAST(s.charged_yuan AS DECIMAL(18, 2)) AS charged_yuan
FROM bills AS b
LEFT JOIN computed AS c ON c.bill_id = b.bill_id
LEFT JOIN sums AS s ON s.bill_id = b.bill_id
