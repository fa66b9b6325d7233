-- The power-factor standards that are lawful for a customer in the audited month.
-- Contract capacity and capacity in service may fall in different bands, and a category may leave the purpose open:
-- then several standards are possible, and a rule must not choose between them.
WITH capacity AS (
    SELECT
        customer_no,
        org_no,
        CASE
            WHEN voltage_code = 'lt1' THEN 'lv'
            WHEN voltage_code IS NOT NULL OR kind = 'hv' THEN 'hv'
            ELSE 'lv'
        END AS supply,
        category_code,
        -- GB/T 4754 division: the first two digits, whether or not the section letter stands before them.
        CASE
            WHEN substr(trade_code, 1, 1) BETWEEN 'A' AND 'Z' THEN substr(trade_code, 2, 2)
            ELSE substr(trade_code, 1, 2)
        END AS division,
        LEAST(COALESCE(contract_kva, running_kva_as_of), COALESCE(running_kva_as_of, contract_kva)) AS low_kva,
        GREATEST(COALESCE(contract_kva, running_kva_as_of), COALESCE(running_kva_as_of, contract_kva)) AS high_kva
    FROM customer_state
    WHERE status <> 'closed' AND COALESCE(contract_kva, running_kva_as_of) IS NOT NULL
),

purposes AS (
    SELECT customer_no, 'residential' AS purpose FROM capacity WHERE substr(category_code, 1, 1) = '2'
    UNION ALL
    SELECT customer_no, 'resale' AS purpose FROM capacity WHERE substr(category_code, 1, 1) = '5'
    UNION ALL
    SELECT customer_no, CASE WHEN category_code IN ('301', '302') THEN 'irrigation' ELSE 'agriculture' END AS purpose
    FROM capacity
    WHERE substr(category_code, 1, 1) = '3'
    UNION ALL
    -- Large industry by category; a trade outside industry leaves it open, since both merged under one two-part price.
    SELECT customer_no, 'industrial' AS purpose FROM capacity WHERE substr(category_code, 1, 1) = '1'
    UNION ALL
    SELECT customer_no, 'other' AS purpose
    FROM capacity
    WHERE substr(category_code, 1, 1) = '1' AND NOT division BETWEEN '06' AND '46'
    UNION ALL
    SELECT customer_no, 'other' AS purpose FROM capacity WHERE category_code IN ('401', '402', '405')
    UNION ALL
    SELECT customer_no, 'industrial' AS purpose FROM capacity WHERE category_code IN ('403', '404')
    UNION ALL
    -- The merged class says nothing of the purpose: the trade does.
    SELECT customer_no, 'industrial' AS purpose
    FROM capacity
    WHERE category_code = '400' AND COALESCE(division BETWEEN '06' AND '46', TRUE)
    UNION ALL
    SELECT customer_no, 'other' AS purpose
    FROM capacity
    WHERE category_code = '400' AND NOT COALESCE(division BETWEEN '06' AND '46', FALSE)
),

possible AS (
    SELECT c.customer_no, s.standard
    FROM capacity AS c
    INNER JOIN purposes AS p ON p.customer_no = c.customer_no
    LEFT JOIN power_factor_standard AS s
        ON s.purpose = p.purpose AND s.supply = c.supply AND c.low_kva >= s.from_kva AND c.low_kva < s.below_kva
    UNION ALL
    SELECT c.customer_no, s.standard
    FROM capacity AS c
    INNER JOIN purposes AS p ON p.customer_no = c.customer_no
    LEFT JOIN power_factor_standard AS s
        ON s.purpose = p.purpose AND s.supply = c.supply AND c.high_kva >= s.from_kva AND c.high_kva < s.below_kva
),

summed AS (
    SELECT
        customer_no,
        CAST(count(DISTINCT standard) AS BIGINT) AS standards,
        bool_or(standard IS NULL) AS may_be_free,
        min(standard) AS standard_low,
        max(standard) AS standard_high
    FROM possible
    GROUP BY customer_no
)

SELECT
    c.customer_no,
    c.org_no,
    c.supply,
    c.low_kva,
    c.high_kva,
    s.standards,
    s.may_be_free,
    s.standard_low,
    s.standard_high
FROM capacity AS c
INNER JOIN summed AS s ON s.customer_no = c.customer_no
