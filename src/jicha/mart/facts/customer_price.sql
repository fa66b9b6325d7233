-- The mean price that values a kWh of a customer in a month: of that month, else of the customer's previous twelve months,
-- else of the customer's category in the month, else of the category's previous twelve months, else the same of all customers.
-- Never looks at a later month.
WITH months AS (
    SELECT DISTINCT bill_month
    FROM (
        SELECT DISTINCT bill_month FROM bill
        UNION ALL
        SELECT DISTINCT bill_month FROM reading
    ) AS both_tables
),

known AS (
    SELECT cm.customer_no, cm.bill_month, c.category_code, cm.kwh, cm.total_yuan
    FROM customer_month AS cm
    INNER JOIN customer AS c ON c.customer_no = cm.customer_no
    WHERE cm.price_yuan_per_kwh IS NOT NULL AND cm.kwh > 0
),

wanted AS (
    SELECT c.customer_no, c.category_code, m.bill_month, cm.price_yuan_per_kwh AS own_price
    FROM customer AS c
    CROSS JOIN months AS m
    LEFT JOIN customer_month AS cm ON cm.customer_no = c.customer_no AND cm.bill_month = m.bill_month
),

-- Only the customers without a price of the month need their own history: few rows, so a join beats a window.
own_year AS (
    SELECT w.customer_no, w.bill_month, sum(k.total_yuan) AS yuan, sum(k.kwh) AS kwh
    FROM wanted AS w
    INNER JOIN known AS k ON k.customer_no = w.customer_no
    WHERE
        w.own_price IS NULL
        AND k.bill_month < w.bill_month
        AND ym(k.bill_month) >= ym(w.bill_month) - 12
    GROUP BY w.customer_no, w.bill_month
),

category_month AS (
    SELECT category_code, bill_month, sum(total_yuan) AS yuan, sum(kwh) AS kwh
    FROM known
    GROUP BY category_code, bill_month
),

category_year AS (
    SELECT
        g.category_code,
        m.bill_month,
        sum(g.yuan) FILTER (WHERE g.bill_month = m.bill_month) AS month_yuan,
        sum(g.kwh) FILTER (WHERE g.bill_month = m.bill_month) AS month_kwh,
        sum(g.yuan) AS yuan,
        sum(g.kwh) AS kwh
    FROM category_month AS g
    CROSS JOIN months AS m
    WHERE g.bill_month <= m.bill_month AND ym(g.bill_month) >= ym(m.bill_month) - 12
    GROUP BY g.category_code, m.bill_month
),

all_year AS (
    SELECT
        bill_month,
        sum(month_yuan) AS month_yuan,
        sum(month_kwh) AS month_kwh,
        sum(yuan) AS yuan,
        sum(kwh) AS kwh
    FROM category_year
    GROUP BY bill_month
)

SELECT
    w.customer_no,
    w.bill_month,
    CAST(COALESCE(
        w.own_price,
        div_hu(o.yuan, o.kwh, 6),
        div_hu(g.month_yuan, g.month_kwh, 6),
        div_hu(g.yuan, g.kwh, 6),
        div_hu(a.month_yuan, a.month_kwh, 6),
        div_hu(a.yuan, a.kwh, 6)
    ) AS DECIMAL(18, 6)) AS price_yuan_per_kwh,
    CASE
        WHEN w.own_price IS NOT NULL THEN 'month'
        WHEN o.kwh IS NOT NULL THEN 'own_year'
        WHEN g.kwh IS NOT NULL THEN 'category'
        WHEN a.kwh IS NOT NULL THEN 'all'
    END AS price_source
FROM wanted AS w
LEFT JOIN own_year AS o ON o.customer_no = w.customer_no AND o.bill_month = w.bill_month
LEFT JOIN category_year AS g ON g.category_code = w.category_code AND g.bill_month = w.bill_month
LEFT JOIN all_year AS a ON a.bill_month = w.bill_month
