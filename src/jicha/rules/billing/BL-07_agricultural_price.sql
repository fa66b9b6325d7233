-- Points on the agricultural price whose season, load or address does not speak of farming.
WITH points AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.tariff_code,
        s.scheme_from,
        c.name,
        c.address,
        c.category_code,
        c.trade_code,
        c.running_kva_as_of AS capacity_kva
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    INNER JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.parent_mp_id IS NULL
        AND s.fixed_ratio IS NULL
        AND s.fixed_kwh IS NULL
        AND t.tariff_class = 'agriculture'
        AND c.status = 'active'
        -- Temporary supply of trade and industry on this price is a topic of its own.
        AND NOT (c.temporary AND substr(c.category_code, 1, 1) IN ('1', '4'))
),

-- Greenhouses, cold stores and others that a paper allows the price.
allowed AS (
    SELECT DISTINCT customer_no
    FROM proof
    WHERE kind IN ('green_house', 'exemption') AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
),

-- The year up to the audited month; a cycle is dry where all of it lies in the months in which nobody irrigates.
cycles AS (
    SELECT
        p.mp_id,
        m.energy_kwh,
        m.days,
        (month(m.previous_on) >= $dry_from OR month(m.previous_on) <= $dry_to)
        AND (
            month(CAST(m.read_on - 1 * INTERVAL 1 DAY AS DATE)) >= $dry_from
            OR month(CAST(m.read_on - 1 * INTERVAL 1 DAY AS DATE)) <= $dry_to
        ) AS is_dry
    FROM points AS p
    INNER JOIN point_month AS m ON m.mp_id = p.mp_id
    WHERE
        p.category_code IN ($irrigation_categories)
        AND m.bill_month <= $month
        AND ym(m.bill_month) > ym($month) - 12
        AND m.energy_kwh >= 0
        AND m.days BETWEEN 1 AND $longest_days
),

seasons AS (
    SELECT
        mp_id,
        count(*) AS cycles,
        count(*) FILTER (WHERE is_dry) AS dry_cycles,
        sum(energy_kwh) AS year_kwh,
        sum(days) AS year_days,
        sum(energy_kwh) FILTER (WHERE is_dry) AS dry_kwh,
        sum(days) FILTER (WHERE is_dry) AS dry_days
    FROM cycles
    GROUP BY mp_id
),

-- Livestock and fish need their fans and pumps around the clock.
curve_days AS (
    SELECT
        v.mp_id,
        -- A point stands at the end of its quarter hour: 24:00 belongs to the day before.
        CAST(v.at - INTERVAL 15 MINUTE AS DATE) AS day,
        min(v.p_kw) AS min_kw,
        max(v.p_kw) AS max_kw
    FROM curve AS v
    INNER JOIN points AS p ON p.mp_id = v.mp_id
    WHERE
        v.at > CAST($month AS TIMESTAMP)
        AND v.at <= CAST($month_end AS TIMESTAMP)
        AND NOT COALESCE(left(p.trade_code, 3) IN ($constant_trades) OR left(p.trade_code, 2) IN ($constant_trades), FALSE)
    GROUP BY v.mp_id, CAST(v.at - INTERVAL 15 MINUTE AS DATE)
    HAVING count(v.p_kw) >= $day_points AND max(v.p_kw) > 0
),

flat_days AS (
    SELECT
        mp_id,
        count(*) AS curve_days,
        count(*) FILTER (WHERE CAST(min_kw AS DECIMAL(38, 4)) >= CAST(max_kw AS DECIMAL(38, 4)) * $flat_share) AS flat_days
    FROM curve_days
    GROUP BY mp_id
),

judged AS (
    SELECT
        p.*,
        CASE
            WHEN
                n.dry_cycles >= $least_dry
                AND n.year_days >= $least_year_days
                AND CAST(n.dry_kwh AS DECIMAL(38, 4)) * n.year_days > CAST(n.year_kwh AS DECIMAL(38, 4)) * n.dry_days * $dry_share
                THEN 'out_of_season'
            WHEN f.curve_days >= $least_days AND f.flat_days = f.curve_days THEN 'constant_load'
            WHEN
                strpos(p.name, $hotel_word) > 0 OR strpos(p.name, $mall_word) > 0 OR strpos(p.name, $tower_word) > 0
                OR strpos(COALESCE(p.address, ''), $mall_word) > 0 OR strpos(COALESCE(p.address, ''), $tower_word) > 0
                THEN 'urban_place'
        END AS fault,
        n.cycles,
        n.dry_cycles,
        n.dry_kwh,
        n.year_kwh,
        f.curve_days
    FROM points AS p
    ANTI JOIN allowed AS a ON a.customer_no = p.customer_no
    LEFT JOIN seasons AS n ON n.mp_id = p.mp_id
    LEFT JOIN flat_days AS f ON f.mp_id = p.mp_id
)

SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.fault,
    CASE j.fault
        WHEN 'out_of_season' THEN '非灌溉季节用电偏大'
        WHEN 'constant_load' THEN '昼夜负荷恒定'
        ELSE '名称或地址为城市经营场所'
    END AS fault_zh,
    CASE j.fault
        WHEN 'out_of_season' THEN 'much energy outside the irrigation season'
        WHEN 'constant_load' THEN 'a constant load by day and night'
        ELSE 'a name or address of business in town'
    END AS fault_en,
    j.category_code,
    j.trade_code,
    j.tariff_code,
    j.scheme_from,
    j.address,
    j.cycles,
    j.dry_cycles,
    j.dry_kwh,
    j.year_kwh,
    j.curve_days,
    r.tariff_due,
    r.kwh,
    r.billed_yuan,
    r.due_yuan,
    r.difference_yuan AS yuan_at_stake
FROM judged AS j
LEFT JOIN single_rate_bill AS r
    ON r.mp_id = j.mp_id AND (j.capacity_kva IS NULL OR j.capacity_kva < $two_part_kva)
WHERE j.fault IS NOT NULL
