-- One row a customer and billing month: all bills netted, and the normal bill alone.
-- Reversals carry negative amounts, so a plain sum nets them.
WITH sums AS (
    SELECT
        customer_no,
        bill_month,
        min(org_no) AS org_no,
        sum(kwh) AS kwh,
        sum(total_yuan) AS total_yuan,
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
    CASE WHEN (kwh > 0 AND total_yuan >= 0) OR (kwh < 0 AND total_yuan <= 0) THEN div_hu(total_yuan, kwh, 6) END
        AS price_yuan_per_kwh
FROM sums
