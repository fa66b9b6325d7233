-- Public districts that sold more than came in, on several days (台区负损). Only days on which every generator's export is known;
-- a customer without reading makes the loss look higher, never lower, and energy spread over a gap is not held against the district.
WITH usable AS (
    SELECT
        d.district_id,
        d.day,
        d.org_no,
        d.feeder_id,
        d.energy_in_kwh,
        d.source_kwh,
        d.loss_kwh,
        d.loss_kwh + d.bridged_kwh < -CAST($day_rate AS DECIMAL(38, 4)) * d.energy_in_kwh AS is_negative
    FROM district_day AS d
    INNER JOIN district AS t ON t.district_id = d.district_id
    WHERE
        t.ownership = 'public'
        AND d.day >= $month
        AND d.day < LEAST($month_end, $as_of)
        AND d.sources_complete
        AND NOT d.switched
        AND d.energy_in_kwh >= $least_kwh
),

summed AS (
    SELECT
        district_id,
        min(org_no) AS org_no,
        min(feeder_id) AS feeder_id,
        count(*) AS days_used,
        count(*) FILTER (WHERE is_negative) AS negative_days,
        min(day) FILTER (WHERE is_negative) AS first_negative_day,
        max(day) FILTER (WHERE is_negative) AS last_negative_day,
        sum(energy_in_kwh) AS energy_in_kwh,
        sum(source_kwh) AS source_kwh,
        sum(loss_kwh) AS loss_kwh,
        sum(-loss_kwh - CAST($day_rate AS DECIMAL(38, 4)) * energy_in_kwh) FILTER (WHERE is_negative) AS beyond_kwh
    FROM usable
    GROUP BY district_id
)

SELECT
    district_id AS subject_id,
    org_no,
    $month AS bill_month,
    first_negative_day AS period_from,
    CAST(last_negative_day + INTERVAL 1 DAY AS DATE) AS period_to,
    district_id,
    feeder_id,
    days_used,
    negative_days,
    energy_in_kwh,
    source_kwh,
    loss_kwh,
    safe_div(loss_kwh, energy_in_kwh) AS loss_rate,
    CAST(100 * safe_div(loss_kwh, energy_in_kwh) AS DECIMAL(38, 2)) AS loss_pct,
    CAST(beyond_kwh AS DECIMAL(38, 4)) AS kwh_at_stake
FROM summed
WHERE negative_days >= $days
