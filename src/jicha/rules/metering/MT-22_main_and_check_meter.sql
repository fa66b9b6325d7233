-- A main meter and the check meter (副表) beside it that differ by more than both may err together, read over the same days.
WITH points AS (
    SELECT
        customer_no,
        min(mp_id) FILTER (WHERE usage = 'billing') AS main_mp_id,
        min(mp_id) FILTER (WHERE usage = 'check') AS check_mp_id
    FROM metering_point
    WHERE
        usage IN ('billing', 'check')
        AND parent_mp_id IS NULL
        AND status = 'running'
        AND (opened_on IS NULL OR opened_on < $month_end)
    GROUP BY customer_no
    -- With two feeds or several check meters nobody can tell which belongs to which.
    HAVING count(*) FILTER (WHERE usage = 'billing') = 1 AND count(*) FILTER (WHERE usage = 'check') = 1
),

-- The permitted error by the accuracy of the meter, percent: 0.5S is 0.5; A, B, C, D of IR46 are 2, 1, 0.5, 0.2.
permitted AS (
    SELECT
        r.mp_id,
        min(r.meter_id) AS meter_id,
        max(CASE upper(trim(m.accuracy))
            WHEN 'A' THEN CAST('2' AS DECIMAL(12, 6))
            WHEN 'B' THEN CAST('1' AS DECIMAL(12, 6))
            WHEN 'C' THEN CAST('0.5' AS DECIMAL(12, 6))
            WHEN 'D' THEN CAST('0.2' AS DECIMAL(12, 6))
            ELSE TRY_CAST(replace(upper(trim(m.accuracy)), 'S', '') AS DECIMAL(12, 6))
        END) AS class_pct
    FROM register_energy AS r
    INNER JOIN meter AS m ON m.meter_id = r.meter_id
    WHERE r.bill_month = $month AND r.register = 'total'
    GROUP BY r.mp_id
    -- Two meters in a month, or one without a class: not compared.
    HAVING count(DISTINCT r.meter_id) = 1
),

compared AS (
    SELECT
        p.customer_no,
        p.main_mp_id,
        p.check_mp_id,
        b.org_no,
        b.previous_on,
        b.read_on,
        b.energy_kwh AS main_kwh,
        c.energy_kwh AS check_kwh,
        b.energy_kwh - c.energy_kwh AS gap_kwh,
        x.class_pct + y.class_pct AS permitted_pct
    FROM points AS p
    INNER JOIN point_month AS b ON b.mp_id = p.main_mp_id AND b.bill_month = $month
    INNER JOIN point_month AS c ON c.mp_id = p.check_mp_id AND c.bill_month = $month
    INNER JOIN permitted AS x ON x.mp_id = p.main_mp_id
    INNER JOIN permitted AS y ON y.mp_id = p.check_mp_id
    WHERE
        c.read_on = b.read_on
        AND c.previous_on = b.previous_on
        AND b.energy_kwh IS NOT NULL
        AND c.energy_kwh >= $least_kwh
        AND NOT b.estimated
        AND NOT c.estimated
        AND NOT b.missed
        AND NOT c.missed
        AND NOT b.has_backward
        AND NOT c.has_backward
)

SELECT
    g.main_mp_id AS subject_id,
    g.org_no,
    g.customer_no,
    g.main_mp_id AS mp_id,
    $month AS bill_month,
    g.previous_on AS period_from,
    g.read_on AS period_to,
    g.check_mp_id,
    g.main_kwh,
    g.check_kwh,
    g.permitted_pct,
    CAST(div_hu(CAST(g.gap_kwh AS DECIMAL(38, 4)) * 100, g.check_kwh, 2) AS DECIMAL(18, 2)) AS gap_pct,
    k.price_yuan_per_kwh,
    ABS(g.gap_kwh) AS kwh_at_stake,
    round_hu(CAST(ABS(g.gap_kwh) AS DECIMAL(38, 4)) * k.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN g.gap_kwh < 0 THEN 'company' ELSE 'customer' END AS direction
FROM compared AS g
LEFT JOIN customer_price AS k ON k.customer_no = g.customer_no AND k.bill_month = $month
WHERE ABS(g.gap_kwh) * 100 > CAST(g.check_kwh AS DECIMAL(38, 4)) * g.permitted_pct * $slack
