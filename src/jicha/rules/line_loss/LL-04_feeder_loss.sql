-- Feeders (10 kV 线路) that lose too much over the month, or deliver more than came in. Only days on which every district's master meter and every
-- high-voltage customer is known; for a negative loss every generator's export too.
WITH usable AS (
    SELECT feeder_id, org_no, day, energy_in_kwh, district_kwh, customer_kwh, source_kwh, loss_kwh, sources_complete
    FROM feeder_day
    WHERE
        day >= $month
        AND day < LEAST($month_end, $as_of)
        AND outlets_complete
        AND NOT switched
        AND energy_in_kwh >= $least_kwh
),

summed AS (
    SELECT
        feeder_id,
        min(org_no) AS org_no,
        min(day) AS first_day,
        max(day) AS last_day,
        count(*) AS days_used,
        count(*) FILTER (WHERE sources_complete) AS days_with_sources,
        CAST(sum(energy_in_kwh) AS DECIMAL(38, 4)) AS energy_in_kwh,
        CAST(sum(district_kwh) AS DECIMAL(38, 4)) AS district_kwh,
        CAST(sum(customer_kwh) AS DECIMAL(38, 4)) AS customer_kwh,
        CAST(sum(source_kwh) AS DECIMAL(38, 4)) AS source_kwh,
        CAST(sum(loss_kwh) AS DECIMAL(38, 4)) AS loss_kwh,
        CAST(sum(loss_kwh) FILTER (WHERE sources_complete) AS DECIMAL(38, 4)) AS sure_loss_kwh,
        CAST(sum(energy_in_kwh) FILTER (WHERE sources_complete) AS DECIMAL(38, 4)) AS sure_in_kwh
    FROM usable
    GROUP BY feeder_id
),

judged AS (
    SELECT
        *,
        CASE
            WHEN days_used >= $least_days AND loss_kwh > CAST($high_rate AS DECIMAL(38, 4)) * energy_in_kwh THEN 'high'
            WHEN days_with_sources >= $least_days AND sure_loss_kwh < CAST($low_rate AS DECIMAL(38, 4)) * sure_in_kwh THEN 'negative'
        END AS fault
    FROM summed
),

price AS (
    SELECT m.feeder_id, div_hu(sum(c.price_yuan_per_kwh), count(*), 6) AS price_yuan_per_kwh
    FROM (
        SELECT DISTINCT feeder_id, customer_no
        FROM metering_point
        WHERE feeder_id IS NOT NULL AND usage = 'billing' AND parent_mp_id IS NULL
    ) AS m
    INNER JOIN customer_price AS c ON c.customer_no = m.customer_no
    WHERE c.bill_month = $month AND c.price_yuan_per_kwh IS NOT NULL
    GROUP BY m.feeder_id
),

valued AS (
    SELECT *, CASE WHEN fault = 'high' THEN CAST(loss_kwh - CAST($high_rate AS DECIMAL(38, 4)) * energy_in_kwh AS DECIMAL(38, 4)) END AS beyond_kwh
    FROM judged
    WHERE fault IS NOT NULL
)

SELECT
    v.feeder_id AS subject_id,
    v.org_no,
    $month AS bill_month,
    v.first_day AS period_from,
    CAST(v.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    v.feeder_id,
    v.fault,
    CASE WHEN v.fault = 'high' THEN '高损' ELSE '负损' END AS fault_zh,
    CASE WHEN v.fault = 'high' THEN 'high loss' ELSE 'negative loss' END AS fault_en,
    v.days_used,
    v.energy_in_kwh,
    v.district_kwh,
    v.customer_kwh,
    v.source_kwh,
    v.loss_kwh,
    CAST(100 * safe_div(v.loss_kwh, v.energy_in_kwh) AS DECIMAL(38, 2)) AS loss_pct,
    v.beyond_kwh AS kwh_at_stake,
    round_hu(CAST(v.beyond_kwh AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN v.fault = 'high' THEN 'company' ELSE 'none' END AS direction
FROM valued AS v
LEFT JOIN price AS p ON p.feeder_id = v.feeder_id
