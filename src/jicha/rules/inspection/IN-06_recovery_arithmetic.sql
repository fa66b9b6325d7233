-- Settled cases of default use or theft (违约用电、窃电) whose recovery is wrongly calculated (追补计算错误): energy that is not power × days ×
-- hours, fewer days than an unknown time counts, hours of neither lighting nor power users, a wrong charge or multiple.
WITH settled AS (
    SELECT
        b.case_no,
        b.customer_no,
        b.nature,
        b.act,
        b.found_on,
        b.kwh,
        b.days,
        b.hours_per_day,
        b.capacity_kva,
        b.back_yuan,
        b.multiple,
        b.penalty_yuan,
        b.evidence,
        b.closed_on,
        c.org_no,
        COALESCE(c.kind = 'lv_res', FALSE) AS is_residential,
        COALESCE(c.category_code IN ('200', '201', '202', '401'), FALSE) AS is_lighting,
        COALESCE(b.evidence LIKE '%' || $proof_word || '%' OR b.evidence LIKE '%' || $curve_word || '%', FALSE) AS is_proved,
        CASE
            WHEN b.nature = 'theft' THEN 'theft'
            WHEN b.act IN ('low_price_line', 'over_capacity', 'suspended_or_sealed', 'moved_equipment', 'unauthorised_source') THEN b.act
            WHEN b.act LIKE '%电价%' OR b.act LIKE '%用电类别%' THEN 'low_price_line'
            WHEN b.act LIKE '%暂停%' OR b.act LIKE '%封存%' THEN 'suspended_or_sealed'
            WHEN b.act LIKE '%容量%' OR b.act LIKE '%增容%' THEN 'over_capacity'
            WHEN b.act LIKE '%引入%' OR b.act LIKE '%供出%' OR b.act LIKE '%并网%' THEN 'unauthorised_source'
            WHEN b.act LIKE '%迁移%' OR b.act LIKE '%更动%' OR b.act LIKE '%擅自操作%' THEN 'moved_equipment'
        END AS act_code
    FROM breach_case AS b
    LEFT JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE
        b.state = 'closed'
        AND COALESCE(b.closed_on, b.found_on) >= $month
        AND COALESCE(b.closed_on, b.found_on) < LEAST($month_end, $as_of)
),

governed AS (
    SELECT
        s.*,
        l.law_version,
        l.multiple_is_ceiling,
        l.multiple AS law_multiple,
        l.unknown_days,
        CASE WHEN s.is_lighting THEN l.hours_lighting ELSE l.hours_power END AS assumed_hours,
        l.multiple IS NOT NULL AND (l.yuan_per_kw IS NULL OR COALESCE(s.back_yuan, 0) > 0) AS is_by_multiple,
        -- The charge of one time, where it goes by capacity or by the time.
        CASE
            WHEN l.yuan_per_kw IS NOT NULL THEN CAST(s.capacity_kva AS DECIMAL(38, 4)) * l.yuan_per_kw
            WHEN s.is_residential THEN CAST(l.residential_yuan_each AS DECIMAL(38, 6))
            ELSE CAST(l.other_yuan_each AS DECIMAL(38, 6))
        END AS yuan_each_time,
        s.act_code IN ('suspended_or_sealed', 'moved_equipment') AS is_each_time,
        COALESCE(s.days < l.unknown_days, FALSE) AND NOT s.is_proved AS has_few_days,
        COALESCE(s.hours_per_day NOT IN (l.hours_power, l.hours_lighting), FALSE) AND NOT s.is_proved AS has_odd_hours
    FROM settled AS s
    INNER JOIN breach_law AS l ON l.act_code = s.act_code AND l.law_from <= s.found_on AND l.law_to > s.found_on
),

timed AS (
    SELECT
        *,
        CASE WHEN has_few_days THEN unknown_days ELSE days END AS days_due,
        CASE WHEN has_odd_hours THEN assumed_hours ELSE hours_per_day END AS hours_due,
        CASE WHEN unknown_days IS NOT NULL AND capacity_kva > 0 THEN CAST(capacity_kva AS DECIMAL(38, 4)) * days * hours_per_day END AS booked_power_kwh
    FROM governed
),

measured AS (
    SELECT
        *,
        COALESCE(ABS(kwh - booked_power_kwh) > CAST($tolerance AS DECIMAL(38, 6)) * booked_power_kwh, FALSE) AND NOT is_proved AS has_odd_energy
    FROM timed
),

energies AS (
    SELECT
        *,
        CAST(CASE
            WHEN NOT (has_few_days OR has_odd_hours OR has_odd_energy) THEN kwh
            WHEN booked_power_kwh IS NOT NULL
                THEN round_hu(CAST(capacity_kva AS DECIMAL(38, 4)) * CAST(days_due AS DECIMAL(38, 0)) * CAST(hours_due AS DECIMAL(38, 6)), 4)
            WHEN days > 0 AND COALESCE(hours_per_day, 1) > 0
                THEN div_hu(
                    CAST(kwh AS DECIMAL(38, 4)) * CAST(days_due AS DECIMAL(38, 0)) * CAST(COALESCE(hours_due, 1) AS DECIMAL(38, 3)),
                    CAST(COALESCE(hours_per_day, 1) AS DECIMAL(38, 6)) * days,
                    4
                )
        END AS DECIMAL(18, 4)) AS kwh_due,
        CASE
            WHEN multiple_is_ceiling THEN LEAST(COALESCE(multiple, law_multiple), law_multiple)
            ELSE law_multiple
        END AS multiple_due,
        is_by_multiple AND COALESCE(multiple > law_multiple OR (multiple <> law_multiple AND NOT multiple_is_ceiling), FALSE) AS has_odd_multiple,
        -- A charge for each time is judged by the nearest number of times.
        yuan_each_time * CASE WHEN is_each_time THEN GREATEST(div_hu(penalty_yuan, yuan_each_time, 0), 1) ELSE 1 END AS charge_due
    FROM measured
),

charged AS (
    SELECT
        *,
        CASE
            -- Under a ceiling an agreed multiple that was not written down may be any lower one.
            WHEN is_by_multiple AND multiple_is_ceiling AND multiple IS NULL
                THEN penalty_yuan > CAST(multiple_due AS DECIMAL(38, 6)) * back_yuan * (1 + $tolerance)
            WHEN is_by_multiple
                THEN ABS(penalty_yuan - CAST(COALESCE(multiple, multiple_due) AS DECIMAL(38, 6)) * back_yuan)
                    > CAST($tolerance AS DECIMAL(38, 6)) * CAST(COALESCE(multiple, multiple_due) AS DECIMAL(38, 6)) * back_yuan
            ELSE ABS(penalty_yuan - charge_due) > CAST($tolerance AS DECIMAL(38, 6)) * charge_due
        END AS has_odd_charge
    FROM energies
),

-- The price is the one that the case itself used: back-pay ÷ energy.
recomputed AS (
    SELECT
        *,
        CASE WHEN kwh_due <> kwh THEN div_hu(CAST(back_yuan AS DECIMAL(38, 2)) * kwh_due, kwh, 2) ELSE back_yuan END AS back_due_yuan,
        CASE
            WHEN NOT is_by_multiple THEN round_hu(charge_due, 2)
            WHEN (COALESCE(has_odd_charge, FALSE) OR has_odd_multiple) AND kwh_due <> kwh
                THEN div_hu(CAST(multiple_due AS DECIMAL(38, 6)) * back_yuan * kwh_due, kwh, 2)
            WHEN COALESCE(has_odd_charge, FALSE) OR has_odd_multiple THEN round_hu(CAST(multiple_due AS DECIMAL(38, 6)) * back_yuan, 2)
            WHEN kwh_due <> kwh THEN div_hu(CAST(penalty_yuan AS DECIMAL(38, 2)) * kwh_due, kwh, 2)
            ELSE penalty_yuan
        END AS penalty_due_yuan
    FROM charged
    WHERE has_few_days OR has_odd_hours OR has_odd_energy OR has_odd_multiple OR COALESCE(has_odd_charge, FALSE)
)

SELECT
    case_no AS subject_id,
    org_no,
    customer_no,
    $month AS bill_month,
    nature,
    act,
    act_code,
    found_on,
    closed_on,
    law_version,
    substr(CONCAT(
        CASE WHEN has_few_days THEN '、无证据少于规定天数' ELSE '' END,
        CASE WHEN has_odd_hours THEN '、日用电小时数不符' ELSE '' END,
        CASE WHEN has_odd_energy THEN '、电量不等于容量×天数×小时' ELSE '' END,
        CASE WHEN has_odd_multiple THEN '、倍数不符' ELSE '' END,
        CASE WHEN COALESCE(has_odd_charge, FALSE) THEN '、违约使用电费不符' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN has_few_days THEN ', too few days without proof' ELSE '' END,
        CASE WHEN has_odd_hours THEN ', hours a day of neither kind of user' ELSE '' END,
        CASE WHEN has_odd_energy THEN ', energy is not power × days × hours' ELSE '' END,
        CASE WHEN has_odd_multiple THEN ', multiple is not that of the rule' ELSE '' END,
        CASE WHEN COALESCE(has_odd_charge, FALSE) THEN ', the charge is wrong' ELSE '' END
    ), 3) AS reasons_en,
    capacity_kva,
    days,
    days_due,
    hours_per_day,
    hours_due,
    kwh,
    kwh_due,
    multiple,
    multiple_due,
    back_yuan,
    back_due_yuan,
    penalty_yuan,
    penalty_due_yuan,
    kwh_due - kwh AS kwh_at_stake,
    CAST(
        COALESCE(back_due_yuan, 0) - COALESCE(back_yuan, 0) + penalty_due_yuan - penalty_yuan AS DECIMAL(18, 2)
    ) AS yuan_at_stake
FROM recomputed
