-- Public districts that lose too much: on several days, or over the month (台区高损). Only days on which every customer's energy is known.
WITH usable AS (
    SELECT
        d.district_id,
        d.day,
        d.org_no,
        d.feeder_id,
        d.energy_in_kwh,
        d.loss_kwh,
        d.loss_kwh > CAST($day_rate AS DECIMAL(38, 4)) * d.energy_in_kwh AS is_high
    FROM district_day AS d
    INNER JOIN district AS t ON t.district_id = d.district_id
    -- Export that no register tells would only add to the loss, so sources need not be complete here.
    WHERE
        t.ownership = 'public'
        AND d.day >= $month
        AND d.day < LEAST($month_end, $as_of)
        AND d.members_complete
        AND NOT d.switched
        AND d.energy_in_kwh >= $least_kwh
        AND d.bridged_kwh <= CAST($bridged_share AS DECIMAL(38, 4)) * d.energy_in_kwh
),

summed AS (
    SELECT
        district_id,
        min(org_no) AS org_no,
        min(feeder_id) AS feeder_id,
        count(*) AS days_used,
        count(*) FILTER (WHERE is_high) AS high_days,
        min(day) FILTER (WHERE is_high) AS first_high_day,
        min(day) AS first_day,
        max(day) AS last_day,
        sum(energy_in_kwh) AS energy_in_kwh,
        sum(loss_kwh) AS loss_kwh,
        sum(loss_kwh - CAST($day_rate AS DECIMAL(38, 4)) * energy_in_kwh) FILTER (WHERE is_high) AS high_day_excess_kwh
    FROM usable
    GROUP BY district_id
),

judged AS (
    SELECT
        district_id,
        org_no,
        feeder_id,
        days_used,
        high_days,
        first_high_day,
        first_day,
        last_day,
        energy_in_kwh,
        loss_kwh,
        safe_div(loss_kwh, energy_in_kwh) AS loss_rate,
        COALESCE(high_day_excess_kwh, 0) AS high_day_excess_kwh,
        loss_kwh - CAST($month_rate AS DECIMAL(38, 4)) * energy_in_kwh AS month_excess_kwh,
        days_used >= $least_days AND loss_kwh > CAST($month_rate AS DECIMAL(38, 4)) * energy_in_kwh AS high_month,
        high_days >= $days AS high_several_days
    FROM summed
)

SELECT
    j.district_id AS subject_id,
    j.org_no,
    $month AS bill_month,
    j.first_day AS period_from,
    CAST(j.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    j.district_id,
    j.feeder_id,
    j.days_used,
    j.high_days,
    j.first_high_day,
    j.energy_in_kwh,
    j.loss_kwh,
    j.loss_rate,
    CAST(100 * j.loss_rate AS DECIMAL(12, 2)) AS loss_pct,
    j.high_month,
    j.high_several_days,
    p.price_yuan_per_kwh,
    CAST(CASE WHEN j.high_month THEN j.month_excess_kwh ELSE j.high_day_excess_kwh END AS DECIMAL(38, 4)) AS kwh_at_stake,
    round_hu(CAST(CASE WHEN j.high_month THEN j.month_excess_kwh ELSE j.high_day_excess_kwh END AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2)
        AS yuan_at_stake
FROM judged AS j
LEFT JOIN district_price AS p ON p.district_id = j.district_id
WHERE j.high_month OR j.high_several_days
