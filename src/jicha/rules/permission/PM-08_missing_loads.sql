-- Days or reading sections of which the load is missing or far too small (数据接口缺失): the frozen readings, district supply and feeder supply of an
-- organisation by day, and the readings of a section by its plan.
WITH loaded AS (
    SELECT 'district_daily' AS load, d.org_no, s.day AS loaded_on, count(*) AS rows_loaded
    FROM district_daily AS s
    INNER JOIN district AS d ON d.district_id = s.district_id
    WHERE s.day >= $month AND s.day < LEAST($month_end, $as_of) AND s.supply_kwh IS NOT NULL
    GROUP BY d.org_no, s.day
    UNION ALL
    SELECT 'feeder_daily' AS load, f.org_no, s.day AS loaded_on, count(*) AS rows_loaded
    FROM feeder_daily AS s
    INNER JOIN feeder AS f ON f.feeder_id = s.feeder_id
    WHERE s.day >= $month AND s.day < LEAST($month_end, $as_of) AND s.supply_kwh IS NOT NULL
    GROUP BY f.org_no, s.day
    UNION ALL
    SELECT 'daily_freeze' AS load, p.org_no, z.day AS loaded_on, count(*) AS rows_loaded
    FROM daily_freeze AS z
    INNER JOIN metering_point AS p ON p.mp_id = z.mp_id
    WHERE z.day >= $month AND z.day < LEAST($month_end, $as_of) AND z.register = 'total' AND z.value IS NOT NULL
    GROUP BY p.org_no, z.day
),

usual AS (
    SELECT load, org_no, CAST(median(rows_loaded) AS DECIMAL(18, 1)) AS usual_rows
    FROM loaded
    GROUP BY load, org_no
),

days AS (
    SELECT day
    FROM working_day
    WHERE day >= $month AND day < LEAST($month_end, $as_of)
),

missing_day AS (
    SELECT u.load, u.org_no, d.day, u.usual_rows, COALESCE(l.rows_loaded, 0) AS rows_loaded
    FROM usual AS u
    CROSS JOIN days AS d
    LEFT JOIN loaded AS l ON l.load = u.load AND l.org_no = u.org_no AND l.loaded_on = d.day
    WHERE COALESCE(l.rows_loaded, 0) < CAST(u.usual_rows AS DECIMAL(38, 4)) * $share
),

by_day AS (
    SELECT
        load,
        org_no,
        count(*) AS gaps,
        min(day) AS first_day,
        max(day) AS last_day,
        sum(rows_loaded) AS rows_loaded,
        CAST(sum(usual_rows) AS DECIMAL(18, 1)) AS rows_expected,
        string_agg(CAST(day AS VARCHAR), ' ' ORDER BY day) AS where_zh
    FROM missing_day
    GROUP BY load, org_no
),

planned AS (
    SELECT reading_section, org_no, planned_on
    FROM reading_plan
    WHERE bill_month = $month AND CAST(planned_on + $grace_days * INTERVAL 1 DAY AS DATE) < $as_of
),

read_point AS (
    SELECT DISTINCT mp_id
    FROM reading
    WHERE bill_month = $month
),

by_section AS (
    SELECT
        'reading ' || s.reading_section AS load,
        s.org_no,
        CAST(1 AS BIGINT) AS gaps,
        s.planned_on AS first_day,
        s.planned_on AS last_day,
        count(r.mp_id) AS rows_loaded,
        CAST(count(*) AS DECIMAL(18, 1)) AS rows_expected,
        '抄表段 ' || s.reading_section AS where_zh
    FROM planned AS s
    INNER JOIN customer AS c ON c.reading_section = s.reading_section
    INNER JOIN metering_point AS p ON p.customer_no = c.customer_no
    LEFT JOIN read_point AS r ON r.mp_id = p.mp_id
    WHERE
        p.usage = 'billing'
        AND p.status = 'running'
        AND c.status <> 'closed'
        AND c.opened_on < s.planned_on
        -- A fixed share (定量定比) has no readings of its own.
        AND EXISTS (SELECT 1 FROM meter_installation AS i WHERE i.mp_id = p.mp_id AND i.removed_at IS NULL)
    GROUP BY s.reading_section, s.org_no, s.planned_on
    HAVING count(*) >= $least_points AND count(r.mp_id) < CAST($share AS DECIMAL(38, 4)) * count(*)
),

gap AS (
    SELECT load, org_no, gaps, first_day, last_day, rows_loaded, rows_expected, where_zh FROM by_day
    UNION ALL
    SELECT load, org_no, gaps, first_day, last_day, rows_loaded, rows_expected, where_zh FROM by_section
)

SELECT
    g.org_no AS subject_id,
    g.org_no,
    $month AS bill_month,
    g.first_day AS period_from,
    CAST(g.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    g.load,
    g.gaps,
    g.rows_loaded,
    g.rows_expected,
    g.where_zh AS where_missing
FROM gap AS g
