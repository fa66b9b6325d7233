-- Single households on the residential price that use for months what no home does, or mostly in working hours.
WITH families AS (
    SELECT DISTINCT customer_no
    FROM proof
    WHERE kind = 'multi_person' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
),

-- A car is charged at home: the topic of residential piles looks at those.
cars AS (
    SELECT DISTINCT customer_no FROM charging_site
),

points AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.tariff_code,
        s.scheme_from,
        c.household_persons,
        c.running_kva_as_of AS capacity_kva,
        CASE
            WHEN f.customer_no IS NOT NULL OR COALESCE(c.household_persons >= $family_persons, FALSE)
                THEN $month_kwh * $family_factor
            ELSE $month_kwh
        END AS limit_kwh
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    INNER JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    ANTI JOIN cars AS v ON v.customer_no = s.customer_no
    LEFT JOIN families AS f ON f.customer_no = s.customer_no
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.parent_mp_id IS NULL
        AND s.fixed_ratio IS NULL
        AND s.fixed_kwh IS NULL
        AND t.tariff_class = 'residential'
        AND c.kind = 'lv_res'
        AND c.status = 'active'
        AND NOT c.multi_household
),

-- Months in which homes are heated have a limit of their own.
months AS (
    SELECT
        p.mp_id,
        count(*) AS large_months,
        min(m.energy_kwh) AS lowest_kwh,
        max(CASE WHEN m.bill_month = $month THEN m.energy_kwh END) AS energy_kwh
    FROM points AS p
    INNER JOIN point_month AS m ON m.mp_id = p.mp_id
    WHERE
        m.bill_month <= $month
        AND ym(m.bill_month) > ym($month) - $months
        AND m.days BETWEEN 1 AND $longest_days
        AND m.energy_kwh > p.limit_kwh * CASE
            WHEN month(m.bill_month) >= $heating_from OR month(m.bill_month) <= $heating_to THEN $heating_factor
            ELSE 1
        END
    GROUP BY p.mp_id
),

-- Working days of the month; a point of the curve stands at the end of its quarter hour.
quarters AS (
    SELECT
        v.mp_id,
        w.day,
        v.p_kw,
        hour(v.at) * 60 + minute(v.at) > $day_from * 60 AND hour(v.at) * 60 + minute(v.at) <= $day_to * 60 AS by_day
    FROM curve AS v
    INNER JOIN points AS p ON p.mp_id = v.mp_id
    INNER JOIN working_day AS w ON w.day = CAST(v.at - INTERVAL 15 MINUTE AS DATE) AND w.is_working_day
    WHERE v.at > CAST($month AS TIMESTAMP) AND v.at <= CAST($month_end AS TIMESTAMP) AND v.p_kw IS NOT NULL
),

shares AS (
    SELECT
        mp_id,
        count(DISTINCT day) AS curve_days,
        COALESCE(sum(p_kw) FILTER (WHERE by_day), 0) AS day_sum,
        sum(p_kw) AS all_sum
    FROM quarters
    GROUP BY mp_id
    HAVING sum(p_kw) > 0 AND count(*) >= count(DISTINCT day) * $day_points
),

judged AS (
    SELECT
        p.*,
        m.large_months,
        m.lowest_kwh,
        m.energy_kwh,
        s.curve_days,
        safe_div(s.day_sum, s.all_sum) AS day_share,
        CASE
            WHEN m.large_months >= $months THEN 'large_use'
            WHEN s.curve_days >= $least_days AND CAST(s.day_sum AS DECIMAL(38, 4)) > CAST(s.all_sum AS DECIMAL(38, 4)) * $day_share THEN 'working_hours'
        END AS fault
    FROM points AS p
    LEFT JOIN months AS m ON m.mp_id = p.mp_id
    LEFT JOIN shares AS s ON s.mp_id = p.mp_id
)

SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.fault,
    CASE j.fault WHEN 'large_use' THEN '连续数月大电量' ELSE '工作日白天用电占比高' END AS fault_zh,
    CASE j.fault WHEN 'large_use' THEN 'large energy for months' ELSE 'energy mostly in working hours' END AS fault_en,
    j.tariff_code,
    j.scheme_from,
    j.household_persons,
    j.limit_kwh,
    j.lowest_kwh,
    j.energy_kwh,
    j.curve_days,
    j.day_share,
    r.tariff_due,
    r.kwh,
    r.billed_yuan,
    r.due_yuan,
    -- Where the steps make a home's energy dearer than a shop's, nothing is owed.
    CASE WHEN r.difference_yuan > 0 THEN r.difference_yuan END AS yuan_at_stake
FROM judged AS j
LEFT JOIN single_rate_bill AS r
    ON r.mp_id = j.mp_id AND (j.capacity_kva IS NULL OR j.capacity_kva < $two_part_kva)
WHERE j.fault IS NOT NULL
