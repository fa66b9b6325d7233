-- One row a customer and billing month: all bills netted, and the normal bill alone.
-- Reversals carry negative amounts, so a plain sum nets them.
SELECT
    customer_no,
    bill_month,
    min(org_no) AS org_no,
    CAST(sum(kwh) AS DECIMAL(18, 4)) AS kwh,
    CAST(sum(total_yuan) AS DECIMAL(18, 2)) AS total_yuan,
    CAST(COALESCE(sum(kwh) FILTER (WHERE kind = 'normal'), 0) AS DECIMAL(18, 4)) AS normal_kwh,
    CAST(COALESCE(sum(total_yuan) FILTER (WHERE kind = 'normal'), 0) AS DECIMAL(18, 2)) AS normal_yuan,
    max(bill_id) FILTER (WHERE kind = 'normal') AS bill_id,
    -- A mean price below zero is no price: it comes of a netting whose energy and money have different signs.
    CAST(CASE
        WHEN sum(kwh) > 0 AND sum(total_yuan) >= 0 THEN div_hu(sum(total_yuan), sum(kwh), 6)
        WHEN sum(kwh) < 0 AND sum(total_yuan) <= 0 THEN div_hu(sum(total_yuan), sum(kwh), 6)
    END AS DECIMAL(18, 6)) AS price_yuan_per_kwh
FROM bill
GROUP BY customer_no, bill_month
