-- Low-voltage customers who use far more than their class for months and show signs of several users behind one meter (转供电).
WITH usage_month AS (
    SELECT m.customer_no, m.bill_month, sum(m.energy_kwh) AS kwh
    FROM point_month AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE
        m.usage = 'billing'
        AND p.parent_mp_id IS NULL
        AND m.bill_month BETWEEN add_months($month, 1 - $months) AND $month
        AND m.energy_kwh IS NOT NULL
        AND NOT m.missed
        AND NOT m.estimated
    GROUP BY m.customer_no, m.bill_month
),

used AS (
    SELECT customer_no, min(kwh) AS least_kwh, max(CASE WHEN bill_month = $month THEN kwh END) AS month_kwh
    FROM usage_month
    GROUP BY customer_no
    HAVING count(*) = $months
),

-- Supply that is entered as resale (category 5) or as several households on one meter is known and lawful.
people AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.category_code,
        c.trade_code,
        c.address,
        c.contract_kva,
        u.least_kwh,
        u.month_kwh
    FROM customer AS c
    INNER JOIN used AS u ON u.customer_no = c.customer_no
    WHERE
        c.kind IN ('lv_nonres', 'lv_res')
        AND c.status = 'active'
        AND NOT c.multi_household
        AND c.category_code NOT LIKE '5%'
        -- A charging site serves many as well, by its purpose (EV-02).
        AND NOT EXISTS (SELECT 1 FROM charging_site AS s WHERE s.customer_no = c.customer_no)
),

class_median AS (
    SELECT kind, category_code, CAST(count(*) AS BIGINT) AS peers, CAST(median(month_kwh) AS DECIMAL(18, 4)) AS median_kwh
    FROM people
    GROUP BY kind, category_code
    HAVING count(*) >= $peers
),

-- Meters of their own behind the customer's meter.
behind AS (
    SELECT m.customer_no, CAST(count(*) AS BIGINT) AS sub_meters
    FROM metering_point AS s
    INNER JOIN metering_point AS m ON m.mp_id = s.parent_mp_id
    WHERE s.usage = 'check' AND s.status = 'running'
    GROUP BY m.customer_no
),

-- Accounts at the same address that were closed: who stayed there may draw from a neighbour.
closed_here AS (
    SELECT address, CAST(count(*) AS BIGINT) AS closed_accounts
    FROM customer
    WHERE status = 'closed' AND closed_on < $month_end AND closed_on >= add_months($month, -$closed_months)
    GROUP BY address
),

signs AS (
    SELECT
        p.*,
        k.median_kwh,
        k.peers,
        COALESCE(b.sub_meters, 0) AS sub_meters,
        COALESCE(h.closed_accounts, 0) AS closed_accounts,
        substr(COALESCE(p.trade_code, ''), 1, 3) IN ($trades) AS lets_out
    FROM people AS p
    INNER JOIN class_median AS k ON k.kind = p.kind AND k.category_code = p.category_code
    LEFT JOIN behind AS b ON b.customer_no = p.customer_no
    LEFT JOIN closed_here AS h ON h.address = p.address
    WHERE p.least_kwh > CAST(k.median_kwh AS DECIMAL(38, 4)) * $times AND p.least_kwh > $least_kwh
)

SELECT
    s.customer_no AS subject_id,
    s.org_no,
    s.customer_no,
    $month AS bill_month,
    s.category_code,
    s.trade_code,
    s.contract_kva,
    s.month_kwh,
    s.median_kwh,
    s.peers,
    CAST(div_hu(s.month_kwh, s.median_kwh, 1) AS DECIMAL(18, 1)) AS times_of_class,
    s.sub_meters,
    s.closed_accounts,
    concat(
        CASE WHEN s.sub_meters >= $tenants THEN '下装多只分表；' ELSE '' END,
        CASE WHEN s.closed_accounts >= $tenants THEN '同址多户销户；' ELSE '' END,
        CASE WHEN s.lets_out THEN '物业或房屋租赁行业；' ELSE '' END
    ) AS signs_zh,
    concat(
        CASE WHEN s.sub_meters >= $tenants THEN 'meters behind the meter; ' ELSE '' END,
        CASE WHEN s.closed_accounts >= $tenants THEN 'accounts closed at the address; ' ELSE '' END,
        CASE WHEN s.lets_out THEN 'lets out or runs property; ' ELSE '' END
    ) AS signs_en
FROM signs AS s
WHERE s.sub_meters >= $tenants OR s.closed_accounts >= $tenants OR s.lets_out
