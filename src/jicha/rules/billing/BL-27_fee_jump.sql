-- Bills whose fee jumps against the mean of the three cycles before (电费突增突减), by share and by amount. A longer or shorter
-- cycle is compared by the day; a change of tariff explains the fee while the energy stays near its mean.
WITH issued AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.org_no,
        b.bill_month,
        b.period_from,
        b.period_to,
        b.kwh,
        b.total_yuan,
        date_diff('day', b.period_from, b.period_to) AS days
    FROM bill AS b
    ANTI JOIN bill AS v ON v.reverses_bill_id = b.bill_id
    WHERE b.kind = 'normal' AND b.bill_month >= add_months($month, -6) AND b.bill_month <= $month
),

-- Three cycles are the three months before; where bills come every two months, the three of the half year.
past AS (
    SELECT
        customer_no,
        count(*) AS bills_6,
        count(DISTINCT bill_month) AS months_6,
        sum(total_yuan) AS yuan_6,
        sum(kwh) AS kwh_6,
        sum(days) AS days_6,
        min(period_from) AS from_6,
        count(*) FILTER (WHERE bill_month >= add_months($month, -3)) AS bills_3,
        count(DISTINCT bill_month) FILTER (WHERE bill_month >= add_months($month, -3)) AS months_3,
        sum(total_yuan) FILTER (WHERE bill_month >= add_months($month, -3)) AS yuan_3,
        sum(kwh) FILTER (WHERE bill_month >= add_months($month, -3)) AS kwh_3,
        sum(days) FILTER (WHERE bill_month >= add_months($month, -3)) AS days_3,
        min(period_from) FILTER (WHERE bill_month >= add_months($month, -3)) AS from_3
    FROM issued
    WHERE bill_month < $month
    GROUP BY customer_no
),

cycles AS (
    SELECT customer_no, yuan_3 AS past_yuan, kwh_3 AS past_kwh, days_3 AS past_days, from_3 AS past_from
    FROM past
    WHERE bills_3 = 3 AND months_3 = 3 AND yuan_3 > 0
    UNION ALL
    SELECT customer_no, yuan_6 AS past_yuan, kwh_6 AS past_kwh, days_6 AS past_days, from_6 AS past_from
    FROM past
    WHERE bills_6 = 3 AND months_6 = 3 AND bills_3 < 3 AND yuan_6 > 0
),

compared AS (
    SELECT
        b.*,
        c.kind AS customer_kind,
        p.past_yuan,
        p.past_kwh,
        p.past_days,
        p.past_from,
        CAST(p.past_yuan AS DECIMAL(38, 2)) * b.days AS past_yuan_days,
        -- Three times the fee, so that no mean is rounded before it is compared.
        3 * b.total_yuan - p.past_yuan AS rise_3,
        CASE
            WHEN b.days > 0 AND p.past_days > 0 AND ABS(3 * b.days - p.past_days) > 3 * $day_slack
                THEN CAST(b.total_yuan AS DECIMAL(38, 2)) * p.past_days - CAST(p.past_yuan AS DECIMAL(38, 2)) * b.days
        END AS daily_rise
    FROM issued AS b
    INNER JOIN cycles AS p ON p.customer_no = b.customer_no
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE b.bill_month = $month
),

jumping AS (
    SELECT
        *,
        ABS(3 * kwh - past_kwh) <= CAST($share AS DECIMAL(38, 6)) * past_kwh AS has_steady_energy
    FROM compared
    WHERE
        ABS(rise_3) > CAST($share AS DECIMAL(38, 6)) * past_yuan
        AND ABS(rise_3) > 3 * CASE WHEN customer_kind = 'lv_res' THEN $floor_residential_yuan ELSE $floor_yuan END
        AND (daily_rise IS NULL OR ABS(daily_rise) > CAST($share AS DECIMAL(38, 6)) * past_yuan_days)
),

-- The scheme of a point became another one between the first of the three cycles and the end of this one.
retariffed AS (
    SELECT j.bill_id, max(s.valid_from) AS changed_on
    FROM jumping AS j
    INNER JOIN metering_point AS m ON m.customer_no = j.customer_no
    INNER JOIN price_scheme AS s ON s.mp_id = m.mp_id AND s.valid_from > j.past_from AND s.valid_from < j.period_to
    INNER JOIN price_scheme AS o ON o.mp_id = s.mp_id AND o.valid_to = s.valid_from
    WHERE
        j.has_steady_energy
        AND (
            s.tariff_code <> o.tariff_code
            OR s.voltage_code <> o.voltage_code
            OR s.tou <> o.tou
            OR s.basic_charge_mode <> o.basic_charge_mode
            OR s.pf_standard IS DISTINCT FROM o.pf_standard
        )
    GROUP BY j.bill_id
)

SELECT
    j.bill_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.bill_month,
    j.period_from,
    j.period_to,
    j.customer_kind,
    j.total_yuan,
    div_hu(j.past_yuan, 3, 2) AS mean_yuan,
    safe_div(3 * j.total_yuan, j.past_yuan) AS times_of_mean,
    CASE WHEN j.rise_3 > 0 THEN '突增' ELSE '突减' END AS way_zh,
    CASE WHEN j.rise_3 > 0 THEN 'up' ELSE 'down' END AS way,
    j.kwh,
    div_hu(j.past_kwh, 3, 4) AS mean_kwh,
    j.days,
    div_hu(j.past_yuan, 3, 2) - j.total_yuan AS yuan_at_stake
FROM jumping AS j
ANTI JOIN retariffed AS r ON r.bill_id = j.bill_id
