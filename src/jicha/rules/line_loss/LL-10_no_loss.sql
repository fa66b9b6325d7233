-- Public districts that lose exactly nothing, or sell nothing of what comes in, on several days (无损台区、零售电量).
WITH judged AS (
    SELECT
        d.district_id,
        min(d.org_no) AS org_no,
        min(d.feeder_id) AS feeder_id,
        count(*) FILTER (WHERE d.loss_kwh = 0) AS days_without_loss,
        count(*) FILTER (WHERE d.sold_kwh = 0) AS days_without_sale,
        min(d.day) FILTER (WHERE d.loss_kwh = 0 OR d.sold_kwh = 0) AS first_day,
        max(d.day) FILTER (WHERE d.loss_kwh = 0 OR d.sold_kwh = 0) AS last_day,
        sum(d.energy_in_kwh) FILTER (WHERE d.sold_kwh = 0) AS unsold_kwh
    FROM district_day AS d
    INNER JOIN district AS t ON t.district_id = d.district_id
    WHERE
        t.ownership = 'public'
        AND d.day >= $month
        AND d.day < LEAST($month_end, $as_of)
        AND d.members_complete
        AND d.sources_complete
        AND NOT d.switched
        AND d.energy_in_kwh >= $least_kwh
    GROUP BY d.district_id
),

-- A new district has its transformer before it has customers.
first_customer AS (
    SELECT district_id, min(opened_on) AS opened_on
    FROM metering_point
    WHERE usage = 'billing' AND district_id IS NOT NULL
    GROUP BY district_id
)

SELECT
    j.district_id AS subject_id,
    j.org_no,
    $month AS bill_month,
    j.first_day AS period_from,
    CAST(j.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    j.district_id,
    j.feeder_id,
    CASE WHEN j.days_without_sale >= $days THEN 'no_sale' ELSE 'no_loss' END AS fault,
    CASE WHEN j.days_without_sale >= $days THEN '零售电量' ELSE '线损为零' END AS fault_zh,
    CASE WHEN j.days_without_sale >= $days THEN 'nothing sold' ELSE 'nothing lost' END AS fault_en,
    CASE WHEN j.days_without_sale >= $days THEN j.days_without_sale ELSE j.days_without_loss END AS odd_days,
    CASE WHEN j.days_without_sale >= $days THEN CAST(j.unsold_kwh AS DECIMAL(38, 4)) END AS kwh_at_stake,
    CASE WHEN j.days_without_sale >= $days THEN round_hu(CAST(j.unsold_kwh AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2) END AS yuan_at_stake,
    CASE WHEN j.days_without_sale >= $days THEN 'company' ELSE 'none' END AS direction
FROM judged AS j
INNER JOIN first_customer AS c ON c.district_id = j.district_id
LEFT JOIN district_price AS p ON p.district_id = j.district_id
WHERE
    (j.days_without_loss >= $days OR j.days_without_sale >= $days)
    AND (c.opened_on IS NULL OR date_diff('day', c.opened_on, $month) >= $new_days)
