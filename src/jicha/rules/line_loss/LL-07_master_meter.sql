-- Master meters (考核表) of public districts that stand at zero or whose energy is missing, while others of the station have theirs.
WITH supplied AS (
    SELECT s.district_id, s.day, s.supply_kwh, d.org_no, d.feeder_id, d.ownership
    FROM district_daily AS s
    INNER JOIN district AS d ON d.district_id = s.district_id
    WHERE s.day >= $month AND s.day < LEAST($month_end, $as_of)
),

-- A day on which nothing of the station arrived is a lost load (PM-08), not a fault of each meter.
loaded AS (
    SELECT org_no, day FROM supplied WHERE supply_kwh IS NOT NULL GROUP BY org_no, day HAVING count(*) >= $least_districts
),

-- Only districts with customers: a new one, or one out of use, passes nothing.
served AS (
    SELECT p.district_id, min(p.opened_on) AS opened_on
    FROM metering_point AS p
    WHERE p.usage = 'billing' AND p.status = 'running' AND p.district_id IS NOT NULL
    GROUP BY p.district_id
),

used AS (
    SELECT district_id, sum(energy_kwh) AS month_kwh
    FROM point_month
    WHERE bill_month = $month AND usage = 'billing' AND energy_kwh IS NOT NULL
    GROUP BY district_id
),

expected AS (
    SELECT d.district_id, d.org_no, d.feeder_id, l.day
    FROM district AS d
    INNER JOIN served AS v ON v.district_id = d.district_id
    INNER JOIN loaded AS l ON l.org_no = d.org_no AND (v.opened_on IS NULL OR l.day >= v.opened_on)
    WHERE d.ownership = 'public'
),

judged AS (
    SELECT
        e.district_id,
        min(e.org_no) AS org_no,
        min(e.feeder_id) AS feeder_id,
        count(*) FILTER (WHERE s.supply_kwh IS NULL) AS missing_days,
        count(*) FILTER (WHERE s.supply_kwh = 0) AS zero_days,
        min(e.day) FILTER (WHERE s.supply_kwh IS NULL OR s.supply_kwh = 0) AS first_day,
        max(e.day) FILTER (WHERE s.supply_kwh IS NULL OR s.supply_kwh = 0) AS last_day
    FROM expected AS e
    LEFT JOIN supplied AS s ON s.district_id = e.district_id AND s.day = e.day
    GROUP BY e.district_id
)

SELECT
    j.district_id AS subject_id,
    j.org_no,
    $month AS bill_month,
    j.first_day AS period_from,
    CAST(j.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    j.district_id,
    j.feeder_id,
    j.zero_days,
    j.missing_days,
    j.first_day,
    u.month_kwh AS sold_month_kwh
FROM judged AS j
INNER JOIN used AS u ON u.district_id = j.district_id
WHERE u.month_kwh >= $least_sold_kwh AND (j.zero_days >= $zero_days OR j.missing_days >= $missing_days)
