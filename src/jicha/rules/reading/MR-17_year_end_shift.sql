-- Of the largest customers, those whose December or January leaves their mean and whose next month goes the other way (跨年电量调节).
-- Judged in the month of the reversal: January for December, February for January.
WITH main_point AS (
    SELECT mp_id, customer_no
    FROM metering_point
    WHERE usage = 'billing' AND parent_mp_id IS NULL
),
cycles AS (
    SELECT
        p.customer_no,
        m.bill_month,
        min(m.org_no) AS org_no,
        count(*) AS points,
        -- Known only when every main point's is.
        CASE WHEN count(m.energy_kwh) = count(*) THEN CAST(sum(m.energy_kwh) AS DECIMAL(18, 4)) END AS energy_kwh,
        CASE WHEN count(m.energy_mean_3) = count(*) THEN CAST(sum(m.energy_mean_3) AS DECIMAL(18, 4)) END AS mean_kwh,
        max(m.days) AS days,
        max(m.read_on) AS read_on
    FROM point_month AS m
    INNER JOIN main_point AS p ON p.mp_id = m.mp_id
    WHERE m.bill_month = $month OR m.bill_month = add_months($month, -1)
    GROUP BY p.customer_no, m.bill_month
),
pairs AS (
    SELECT
        a.customer_no,
        a.org_no,
        a.bill_month AS shifted_month,
        a.points,
        a.energy_kwh AS shifted_energy_kwh,
        a.mean_kwh,
        a.days AS shifted_days,
        a.read_on AS shifted_read_on,
        b.energy_kwh AS next_energy_kwh,
        CAST(a.energy_kwh - a.mean_kwh AS DECIMAL(18, 4)) AS deviation_kwh,
        CAST(b.energy_kwh - a.mean_kwh AS DECIMAL(18, 4)) AS next_deviation_kwh
    FROM cycles AS a
    INNER JOIN cycles AS b ON b.customer_no = a.customer_no AND b.bill_month = $month
    WHERE
        a.bill_month = add_months($month, -1)
        AND CAST(month(a.bill_month) AS VARCHAR) IN ($year_end_months)
        AND a.mean_kwh > 0
        AND a.energy_kwh IS NOT NULL
        AND b.energy_kwh IS NOT NULL
),
largest AS (
    SELECT *
    FROM pairs
    QUALIFY row_number() OVER (PARTITION BY org_no ORDER BY 3 * mean_kwh + shifted_energy_kwh + next_energy_kwh DESC, customer_no) <= $top
),
-- The register as the acquisition system froze it over the same days.
frozen AS (
    SELECT
        p.customer_no,
        count(*) AS frozen_points,
        CAST(sum(f.freeze_energy_kwh) AS DECIMAL(18, 4)) AS frozen_kwh
    FROM freeze_month AS f
    INNER JOIN main_point AS p ON p.mp_id = f.mp_id
    WHERE f.bill_month = add_months($month, -1) AND f.freeze_energy_kwh IS NOT NULL
    GROUP BY p.customer_no
),
compared AS (
    SELECT
        l.*,
        CASE WHEN f.frozen_points = l.points THEN f.frozen_kwh END AS frozen_kwh
    FROM largest AS l
    LEFT JOIN frozen AS f ON f.customer_no = l.customer_no
)
SELECT
    c.customer_no AS subject_id,
    c.org_no,
    c.customer_no,
    CAST($month AS DATE) AS bill_month,
    c.shifted_month,
    CASE WHEN c.deviation_kwh < 0 THEN 'held_back' ELSE 'brought_forward' END AS kind,
    c.mean_kwh,
    c.shifted_energy_kwh,
    c.next_energy_kwh,
    c.frozen_kwh,
    c.shifted_days,
    c.shifted_read_on,
    -- By the frozen register over a cycle of ordinary length, else against the mean.
    CAST(
        ABS(c.shifted_energy_kwh - COALESCE(CASE WHEN c.shifted_days BETWEEN $least_days AND $most_days THEN c.frozen_kwh END, c.mean_kwh))
        AS DECIMAL(18, 4)
    ) AS kwh_at_stake
FROM compared AS c
WHERE
    CAST(ABS(c.deviation_kwh) AS DECIMAL(38, 4)) > CAST(c.mean_kwh AS DECIMAL(38, 4)) * $share
    AND (
        (c.deviation_kwh < 0 AND CAST(c.next_deviation_kwh AS DECIMAL(38, 4)) >= CAST(-c.deviation_kwh AS DECIMAL(38, 4)) * $return_share)
        OR (c.deviation_kwh > 0 AND CAST(-c.next_deviation_kwh AS DECIMAL(38, 4)) >= CAST(c.deviation_kwh AS DECIMAL(38, 4)) * $return_share)
    )
    -- Borne out by the register over a cycle of ordinary length, the energy was really used: a shutdown or a rush of orders.
    AND NOT COALESCE(
        CAST(ABS(c.shifted_energy_kwh - c.frozen_kwh) AS DECIMAL(38, 4)) <= CAST(c.shifted_energy_kwh AS DECIMAL(38, 4)) * $register_tolerance
        AND c.shifted_days BETWEEN $least_days AND $most_days,
        FALSE
    )
