-- Customers whose prepayment (预收余额) is more than a year of their bills, or less than nothing: more was spent, moved or refunded than ever came.
-- Less than nothing is only judged where the data reach back far enough to know what came.
WITH horizon AS (
    SELECT CAST(date_trunc('month', min(received_at)) AS DATE) AS first_month
    FROM receipt
),

fee AS (
    SELECT m.customer_no, count(*) AS months, sum(m.normal_yuan) AS year_yuan
    FROM customer_month AS m
    SEMI JOIN prepaid_balance AS p ON p.customer_no = m.customer_no
    WHERE m.bill_month <= $month AND m.bill_month > add_months($month, -12) AND m.normal_yuan > 0
    GROUP BY m.customer_no
),

judged AS (
    SELECT
        p.customer_no,
        c.org_no,
        p.balance_yuan,
        p.paid_in_yuan + p.overpaid_yuan + p.moved_in_yuan AS came_yuan,
        p.moved_out_yuan + p.refunded_yuan + p.offset_yuan + p.used_yuan AS went_yuan,
        f.months,
        div_hu(f.year_yuan, f.months, 2) AS month_fee_yuan,
        COALESCE(
            f.months >= $min_months
            AND p.balance_yuan > $min_yuan
            AND CAST(p.balance_yuan AS DECIMAL(38, 2)) * f.months > CAST($months_ahead AS DECIMAL(38, 3)) * f.year_yuan,
            FALSE
        ) AS is_too_much,
        p.balance_yuan < -$tolerance_yuan
        AND (c.opened_on >= h.first_month OR add_months(h.first_month, $known_months) <= $month_end) AS is_negative
    FROM prepaid_balance AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT JOIN fee AS f ON f.customer_no = p.customer_no
    CROSS JOIN horizon AS h
)

SELECT
    customer_no AS subject_id,
    org_no,
    customer_no,
    CASE WHEN is_negative THEN 'negative' ELSE 'too_much' END AS what,
    ABS(balance_yuan) AS yuan_at_stake,
    CASE WHEN is_negative THEN 'company' ELSE 'customer' END AS direction,
    CASE WHEN is_negative THEN '预收余额为负' ELSE '预收余额超过全年电费' END AS reasons,
    CASE WHEN is_negative THEN 'less than nothing' ELSE 'more than a year of bills' END AS reasons_en,
    balance_yuan,
    came_yuan,
    went_yuan,
    month_fee_yuan,
    months AS fee_months
FROM judged
WHERE is_negative OR is_too_much
