-- Points assessed by power factor whose factor stays very low, or whose reactive energy is nothing or is not read.
WITH assessed AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.pf_standard,
        COALESCE(c.running_kva_as_of, c.contract_kva) AS capacity_kva,
        c.has_generation
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    WHERE
        s.pf_standard IS NOT NULL
        AND s.usage = 'billing'
        AND s.parent_mp_id IS NULL
        AND s.status = 'running'
        AND c.status = 'active'
),

-- Whole kWh and kvarh, as the factor is reckoned from (3.2); a falling or estimated register tells no factor.
energy AS (
    SELECT
        a.mp_id,
        m.bill_month,
        m.previous_on,
        m.read_on,
        CAST(round_hu(m.energy_kwh, 0) AS DECIMAL(38, 0)) AS kwh,
        CAST(round_hu(m.reactive_kvarh, 0) AS DECIMAL(38, 0)) AS kvarh,
        m.energy_kwh > CAST(a.capacity_kva AS DECIMAL(38, 4)) * $idle_hours AS is_used
    FROM point_month AS m
    INNER JOIN assessed AS a ON a.mp_id = m.mp_id
    WHERE
        m.bill_month >= add_months($month, -1)
        AND m.bill_month <= $month
        AND NOT m.missed
        AND NOT m.has_backward
        AND NOT m.estimated
),

-- Rows of the reactive register, missed ones too: those are missed readings (MR-01), not a missing meter.
reactive_rows AS (
    SELECT r.mp_id, bool_or(r.status <> 'read' OR r.value IS NULL OR r.previous_value IS NULL OR r.value < r.previous_value) AS is_unsound
    FROM reading AS r
    SEMI JOIN assessed AS a ON a.mp_id = r.mp_id
    WHERE r.bill_month = $month AND r.register = 'reactive'
    GROUP BY r.mp_id
),

-- cos φ of two decimals, half up, is below c exactly when P² < (c − 0.005)² · (P² + Q²): no square root.
factors AS (
    SELECT
        *,
        kvarh IS NOT NULL
        AND CAST(kwh AS DECIMAL(38, 0)) * kwh * 1000000
        < CAST($least_factor * 1000 - 5 AS DECIMAL(38, 0)) * CAST($least_factor * 1000 - 5 AS DECIMAL(38, 0))
        * (CAST(kwh AS DECIMAL(38, 0)) * kwh + CAST(kvarh AS DECIMAL(38, 0)) * kvarh) AS is_low
    FROM energy
),

judged AS (
    SELECT
        a.*,
        f.previous_on,
        f.read_on,
        f.kwh,
        f.kvarh,
        b.kwh AS last_kwh,
        b.kvarh AS last_kvarh,
        CASE
            WHEN NOT f.is_used THEN NULL
            WHEN f.is_low AND b.is_low AND b.is_used AND NOT a.has_generation AND NOT r.is_unsound THEN 'low'
            WHEN f.kvarh = 0 AND NOT r.is_unsound THEN 'no_reactive_energy'
            WHEN r.mp_id IS NULL THEN 'no_reactive_reading'
        END AS fault
    FROM assessed AS a
    INNER JOIN factors AS f ON f.mp_id = a.mp_id AND f.bill_month = $month
    LEFT JOIN factors AS b ON b.mp_id = a.mp_id AND b.bill_month < $month
    LEFT JOIN reactive_rows AS r ON r.mp_id = a.mp_id
),

alone AS (
    SELECT customer_no
    FROM assessed
    GROUP BY customer_no
    HAVING count(*) = 1
),

-- What the month's bill granted or charged for the factor: the adjustment belongs to the bill, so to a customer's only assessed point.
adjusted AS (
    SELECT
        b.customer_no,
        min(b.power_factor) AS billed_factor,
        min(b.pf_adjust_pct) AS adjust_pct,
        sum(l.amount_yuan) AS adjustment_yuan
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    SEMI JOIN judged AS j ON j.customer_no = b.customer_no AND j.fault IS NOT NULL
    SEMI JOIN alone AS a ON a.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item = 'pf_adjustment'
    GROUP BY b.customer_no
)

SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.previous_on AS period_from,
    j.read_on AS period_to,
    j.fault,
    CASE j.fault
        WHEN 'low' THEN '连续两月功率因数偏低'
        WHEN 'no_reactive_energy' THEN '无功电量为零'
        ELSE '无无功示数'
    END AS fault_zh,
    CASE j.fault
        WHEN 'low' THEN 'a very low power factor for two months'
        WHEN 'no_reactive_energy' THEN 'no reactive energy'
        ELSE 'no reactive reading'
    END AS fault_en,
    j.pf_standard,
    j.capacity_kva,
    j.kwh,
    j.kvarh,
    j.last_kwh,
    j.last_kvarh,
    d.billed_factor,
    d.adjust_pct,
    d.adjustment_yuan,
    CASE WHEN j.fault <> 'low' AND d.adjustment_yuan < 0 THEN -d.adjustment_yuan END AS yuan_at_stake
FROM judged AS j
LEFT JOIN adjusted AS d ON d.customer_no = j.customer_no
WHERE j.fault IS NOT NULL
