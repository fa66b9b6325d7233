-- Public districts whose daily loss jumps away from its own middle on several days (线损突变), up or down, by more than a fixed step and by more
-- than the district's loss usually moves. Only days on which every customer and every generator is known and nothing is switched over.
WITH usable AS (
    SELECT d.district_id, d.day, d.org_no, d.feeder_id, d.energy_in_kwh, d.loss_kwh, d.loss_rate
    FROM district_day AS d
    INNER JOIN district AS t ON t.district_id = d.district_id
    WHERE
        t.ownership = 'public'
        AND d.day >= $month
        AND d.day < LEAST($month_end, $as_of)
        AND d.members_complete
        AND d.sources_complete
        AND NOT d.switched
        AND d.loss_rate IS NOT NULL
        AND d.energy_in_kwh >= $least_kwh
        AND d.bridged_kwh <= CAST($bridged_share AS DECIMAL(38, 4)) * d.energy_in_kwh
),

-- The middle one of the daily rates, always one that occurs.
middle AS (
    SELECT district_id, min(org_no) AS org_no, min(feeder_id) AS feeder_id, count(*) AS days_used, pctl(loss_rate, 0.5) AS middle_rate
    FROM usable
    GROUP BY district_id
    HAVING count(*) >= $least_days
),

spread AS (
    SELECT u.district_id, pctl(ABS(u.loss_rate - m.middle_rate), 0.5) AS spread_rate
    FROM usable AS u
    INNER JOIN middle AS m ON m.district_id = u.district_id
    GROUP BY u.district_id
),

jump AS (
    SELECT
        u.district_id,
        u.day,
        u.loss_rate - m.middle_rate AS jump_rate,
        u.loss_kwh - CAST(m.middle_rate AS DECIMAL(38, 6)) * u.energy_in_kwh AS beyond_kwh
    FROM usable AS u
    INNER JOIN middle AS m ON m.district_id = u.district_id
    INNER JOIN spread AS s ON s.district_id = u.district_id
    WHERE ABS(u.loss_rate - m.middle_rate) > GREATEST(CAST($least_jump AS DECIMAL(12, 6)), $spreads * s.spread_rate)
),

summed AS (
    SELECT
        district_id,
        count(*) AS jump_days,
        count(*) FILTER (WHERE jump_rate > 0) AS up_days,
        count(*) FILTER (WHERE jump_rate < 0) AS down_days,
        min(day) AS first_day,
        max(day) AS last_day,
        max(ABS(jump_rate)) AS largest_rate,
        CAST(sum(beyond_kwh) FILTER (WHERE jump_rate > 0) AS DECIMAL(38, 4)) AS risen_kwh
    FROM jump
    GROUP BY district_id
    HAVING count(*) >= $days
)

SELECT
    s.district_id AS subject_id,
    m.org_no,
    $month AS bill_month,
    s.first_day AS period_from,
    CAST(s.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    s.district_id,
    m.feeder_id,
    m.days_used,
    s.jump_days,
    s.up_days,
    s.down_days,
    s.first_day,
    CAST(100 * m.middle_rate AS DECIMAL(12, 2)) AS middle_pct,
    CAST(100 * s.largest_rate AS DECIMAL(12, 2)) AS largest_jump_pp,
    s.risen_kwh AS kwh_at_stake,
    round_hu(CAST(s.risen_kwh AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN s.up_days > 0 THEN 'company' ELSE 'none' END AS direction
FROM summed AS s
INNER JOIN middle AS m ON m.district_id = s.district_id
LEFT JOIN district_price AS p ON p.district_id = s.district_id
