-- One row a customer and billing month: all bills netted, and the normal bill alone.
-- Reversals carry negative amounts, so a plain sum nets them.
WITH sums AS (
    SELECT
        customer_no,
        bill_month,
        min(org_no) AS org_no,
        CAST(sum(kwh) AS DECIMAL(18, 4)) AS kwh,
        CAST(sum(total_yuan) AS DECIMAL(18, 2)) AS total_yuan,
        COALESCE(sum(kwh) FILTER (WHERE kind = 'normal'), 0) AS normal_kwh,
        COALESCE(sum(total_yuan) FILTER (WHERE kind = 'normal'), 0) AS normal_yuan,
        max(bill_id) FILTER (WHERE kind = 'normal') AS bill_id
    FROM bill
    GROUP BY customer_no, bill_month
)

SELECT
    customer_no,
    bill_month,
    org_no,
    kwh,
    total_yuan,
    normal_kwh,
    normal_yuan,
    bill_id,
    -- A mean price below zero is no price: it comes of a netting whose energy and money have different signs.
    -- Below 400 million yuan the half-up quotient fits 64 bits, many times faster than 128: fen · 10⁸ ÷ (10⁻⁴ kWh).
    CASE
        WHEN NOT ((kwh > 0 AND total_yuan >= 0) OR (kwh < 0 AND total_yuan <= 0)) THEN NULL
        WHEN ABS(total_yuan) < 400000000 AND ABS(kwh) BETWEEN 1 AND 1000000000
            THEN CAST(
                (2 * CAST(ABS(total_yuan) * 100 AS BIGINT) * 100000000 + CAST(ABS(kwh) * 10000 AS BIGINT))
                // (2 * CAST(ABS(kwh) * 10000 AS BIGINT))
                AS DECIMAL(18, 0)
            ) * 0.000001
        ELSE div_hu(total_yuan, kwh, 6)
    END AS price_yuan_per_kwh
FROM sums
