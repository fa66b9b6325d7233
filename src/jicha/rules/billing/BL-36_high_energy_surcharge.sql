-- Customers on the list of high-energy users (高耗能) whose bill carries neither the multiple of the purchase price nor a surcharge.
WITH listed AS (
    SELECT c.customer_no, c.org_no, c.market_mode, c.category_code, c.trade_code
    FROM customer AS c
    WHERE c.high_energy_listed AND c.status = 'active' AND c.market_mode <> 'market'
),

-- A paper frees a customer who has left the list before the archive knows it.
freed AS (
    SELECT DISTINCT customer_no
    FROM proof
    WHERE kind = 'exemption' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
),

bills AS (
    SELECT b.bill_id, b.customer_no, b.period_from, b.period_to, COALESCE(b.pf_adjust_pct, 0) AS pf_adjust_pct
    FROM bill AS b
    SEMI JOIN listed AS c ON c.customer_no = b.customer_no
    ANTI JOIN freed AS f ON f.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal'
),

-- The lowest purchase price of the cycle, where a price changed in it.
lines AS (
    SELECT
        b.bill_id,
        l.line_no,
        l.quantity,
        l.amount_yuan,
        min(CASE l.register
            WHEN 'sharp' THEN k.purchase_sharp
            WHEN 'peak' THEN k.purchase_peak
            WHEN 'flat' THEN k.purchase_flat
            WHEN 'valley' THEN k.purchase_valley
            WHEN 'deep_valley' THEN k.purchase_deep_valley
            ELSE k.purchase_total
        END) AS unit_price,
        COALESCE(bool_and(k.purchase_in_base), FALSE) AS in_base
    FROM bills AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id AND l.item = 'energy' AND l.component = 'purchase'
    INNER JOIN point_scheme AS s ON s.mp_id = l.mp_id
    LEFT JOIN billing_price AS k
        ON
            k.tariff_code = s.tariff_code
            AND k.voltage_code = s.voltage_code
            AND k.price_from < b.period_to
            AND (k.price_to IS NULL OR k.price_to > b.period_from)
    GROUP BY b.bill_id, l.line_no, l.quantity, l.amount_yuan
),

purchase AS (
    SELECT
        bill_id,
        sum(quantity) AS kwh,
        sum(amount_yuan) AS billed_yuan,
        sum(round_hu(CAST(quantity AS DECIMAL(38, 4)) * unit_price * $multiple, 2)) AS due_yuan,
        bool_and(in_base) AS in_base
    FROM lines
    GROUP BY bill_id
    HAVING count(unit_price) = count(*)
),

-- Some bills carry the surcharge as a line of its own.
surcharges AS (
    SELECT b.bill_id, sum(l.amount_yuan) AS surcharge_yuan
    FROM bills AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id AND l.item = 'other'
    GROUP BY b.bill_id
),

short AS (
    SELECT
        b.customer_no,
        p.kwh,
        p.billed_yuan,
        p.due_yuan,
        COALESCE(s.surcharge_yuan, 0) AS surcharge_yuan,
        p.due_yuan - p.billed_yuan - COALESCE(s.surcharge_yuan, 0) AS short_yuan,
        CASE WHEN p.in_base THEN b.pf_adjust_pct ELSE 0 END AS pf_adjust_pct
    FROM bills AS b
    INNER JOIN purchase AS p ON p.bill_id = b.bill_id
    LEFT JOIN surcharges AS s ON s.bill_id = b.bill_id
),

valued AS (
    SELECT
        customer_no,
        sum(kwh) AS kwh,
        sum(billed_yuan) AS billed_yuan,
        sum(due_yuan) AS due_yuan,
        sum(surcharge_yuan) AS surcharge_yuan,
        sum(short_yuan) AS short_yuan,
        sum(short_yuan + round_hu(div_hu(CAST(short_yuan AS DECIMAL(38, 2)) * pf_adjust_pct, 100, 9), 2)) AS yuan_at_stake
    FROM short
    GROUP BY customer_no
)

SELECT
    v.customer_no AS subject_id,
    c.org_no,
    v.customer_no,
    $month AS bill_month,
    c.market_mode,
    c.category_code,
    c.trade_code,
    v.kwh,
    v.billed_yuan,
    v.surcharge_yuan,
    v.due_yuan,
    v.yuan_at_stake
FROM valued AS v
INNER JOIN listed AS c ON c.customer_no = v.customer_no
WHERE v.short_yuan > $least_yuan
