-- Billing points whose price voltage (电价电压等级) is not that of the supply or metering point.
WITH habit AS (
    -- Local rule shows in the archive itself: how most points supplied high and metered low are priced.
    SELECT
        $priced_at = 'metering' OR (
            $priced_at = 'usual'
            AND count(*) FILTER (WHERE voltage_code = 'lt1') > count(*) FILTER (WHERE voltage_code = supply_voltage_code)
        ) AS by_metering
    FROM point_scheme
    WHERE usage = 'billing' AND metering_mode = 'hv_lv' AND supply_voltage_code <> 'lt1'
),

points AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.tariff_code,
        s.voltage_code,
        s.supply_voltage_code,
        s.metering_mode,
        s.scheme_from,
        -- Metered and priced on the low side where the province prices by the metering point.
        CASE
            WHEN s.metering_mode = 'hv_lv' AND h.by_metering THEN 'lt1'
            WHEN s.metering_mode = 'lv_lv' AND s.supply_voltage_code = 'lt1' THEN 'lt1'
            WHEN s.metering_mode <> 'lv_lv' AND s.supply_voltage_code <> 'lt1' THEN s.supply_voltage_code
        END AS due_voltage_code
    FROM point_scheme AS s
    CROSS JOIN habit AS h
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.has_scheme
        AND s.supply_voltage_code IS NOT NULL
        -- An agreed line loss goes with a price voltage agreed for the boundary of property.
        AND COALESCE(s.line_loss_pct, 0) = 0
),

book AS (
    SELECT
        tariff_code,
        voltage_code,
        component,
        register,
        min(unit_price) AS unit_price,
        min(unit_price) = max(unit_price) AS is_single,
        bool_and(in_pf_base) AS in_pf_base
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY tariff_code, voltage_code, component, register
),

columns_of AS (
    SELECT DISTINCT tariff_code, voltage_code FROM book
),

covered AS (
    SELECT DISTINCT tariff_code FROM book
),

wrong AS (
    SELECT p.*, c.tariff_code IS NOT NULL AS in_book
    FROM points AS p
    LEFT JOIN covered AS c ON c.tariff_code = p.tariff_code
    LEFT JOIN columns_of AS k ON k.tariff_code = p.tariff_code AND k.voltage_code = p.due_voltage_code
    WHERE
        p.due_voltage_code IS NOT NULL
        AND p.voltage_code <> p.due_voltage_code
        -- Where the book has no column for the voltage due, the neighbouring one it has is lawful (10 and 20 kV, 35 and 110 kV merged).
        AND (c.tariff_code IS NULL OR k.tariff_code IS NOT NULL)
        AND NOT (
            c.tariff_code IS NULL
            AND (
                (p.voltage_code IN ('kv1_10', 'kv20') AND p.due_voltage_code IN ('kv1_10', 'kv20'))
                OR (p.voltage_code IN ('kv35', 'kv110') AND p.due_voltage_code IN ('kv35', 'kv110'))
            )
        )
),

bills AS (
    SELECT b.bill_id, b.pf_adjust_pct
    FROM bill AS b
    SEMI JOIN wrong AS w ON w.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal'
),

-- Each line of the point priced anew in the column due. A line that was not quantity × price (part months) can't be.
lines AS (
    SELECT
        w.mp_id,
        b.pf_adjust_pct,
        CASE WHEN k.is_single AND l.amount_yuan = round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * l.unit_price, 2)
            THEN round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * k.unit_price, 2) - l.amount_yuan
        END AS difference_yuan,
        COALESCE(l.item = 'basic' OR k.in_pf_base, FALSE) AS in_base
    FROM wrong AS w
    INNER JOIN bill_line AS l ON l.mp_id = w.mp_id AND l.item IN ('energy', 'step', 'basic', 'fund')
    INNER JOIN bills AS b ON b.bill_id = l.bill_id
    LEFT JOIN book AS k
        ON
            k.tariff_code = w.tariff_code
            AND k.voltage_code = w.due_voltage_code
            AND k.component = l.component
            AND k.register = l.register
),

valued AS (
    SELECT
        mp_id,
        sum(difference_yuan) AS lines_yuan,
        COALESCE(sum(difference_yuan) FILTER (WHERE in_base), 0) AS base_yuan,
        max(COALESCE(pf_adjust_pct, 0)) AS pf_adjust_pct,
        count(*) AS lines,
        count(difference_yuan) AS priced_lines
    FROM lines
    GROUP BY mp_id
)

SELECT
    w.mp_id AS subject_id,
    w.org_no,
    w.customer_no,
    w.mp_id,
    $month AS bill_month,
    w.tariff_code,
    w.voltage_code AS price_voltage,
    w.due_voltage_code AS voltage_due,
    w.supply_voltage_code AS supply_voltage,
    CASE w.voltage_code
        WHEN 'lt1' THEN '不满1千伏'
        WHEN 'kv1_10' THEN '1至10千伏'
        WHEN 'kv20' THEN '20千伏'
        WHEN 'kv35' THEN '35千伏'
        WHEN 'kv110' THEN '110千伏'
        WHEN 'kv220' THEN '220千伏及以上'
        ELSE w.voltage_code
    END AS price_voltage_zh,
    CASE w.due_voltage_code
        WHEN 'lt1' THEN '不满1千伏'
        WHEN 'kv1_10' THEN '1至10千伏'
        WHEN 'kv20' THEN '20千伏'
        WHEN 'kv35' THEN '35千伏'
        WHEN 'kv110' THEN '110千伏'
        WHEN 'kv220' THEN '220千伏及以上'
        ELSE w.due_voltage_code
    END AS voltage_due_zh,
    w.metering_mode,
    CASE w.metering_mode WHEN 'hv_hv' THEN '高供高计' WHEN 'hv_lv' THEN '高供低计' ELSE '低供低计' END AS metering_mode_zh,
    w.scheme_from,
    w.in_book,
    CASE
        WHEN v.lines = v.priced_lines
            THEN v.lines_yuan + round_hu(div_hu(CAST(v.base_yuan AS DECIMAL(38, 2)) * v.pf_adjust_pct, 100, 9), 2)
    END AS yuan_at_stake
FROM wrong AS w
LEFT JOIN valued AS v ON v.mp_id = w.mp_id
