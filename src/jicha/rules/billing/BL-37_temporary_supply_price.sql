-- Temporary supply (临时用电) of trade and industry, and construction sites, on the residential or the agricultural price.
WITH points AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.tariff_code,
        s.voltage_code,
        s.scheme_from,
        s.tou,
        t.tariff_class,
        c.category_code,
        c.trade_code,
        c.temporary,
        c.temporary_until,
        c.market_mode,
        c.running_kva_as_of AS capacity_kva,
        CASE
            WHEN
                left(c.trade_code, 1) = $construction_section
                OR left(c.trade_code, 2) IN ($construction_divisions)
                OR strpos(c.name, $site_word) > 0
                THEN 'construction'
            WHEN c.temporary AND substr(c.category_code, 1, 1) IN ('1', '4') THEN 'temporary'
        END AS fault
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    INNER JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        -- A part of the supply may be lived in: sub meters and fixed shares have prices of their own.
        AND s.parent_mp_id IS NULL
        AND s.fixed_ratio IS NULL
        AND s.fixed_kwh IS NULL
        AND c.status = 'active'
        AND t.tariff_class IN ('residential', 'agriculture')
),

proven AS (
    SELECT customer_no
    FROM proof
    WHERE kind = 'residential_price' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
),

wrong AS (
    SELECT p.*
    FROM points AS p
    LEFT JOIN proven AS f ON f.customer_no = p.customer_no
    WHERE p.fault IS NOT NULL AND (f.customer_no IS NULL OR p.tariff_class = 'agriculture')
),

-- What the month's bill charged at the point, and for how much energy; an energy line a component repeats the same kWh.
lines AS (
    SELECT
        b.bill_id,
        b.period_from,
        b.period_to,
        l.mp_id,
        l.item,
        l.component,
        sum(l.quantity) AS kwh,
        sum(l.amount_yuan) AS yuan
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    SEMI JOIN wrong AS w ON w.mp_id = l.mp_id
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item IN ('energy', 'step', 'fund')
    GROUP BY b.bill_id, b.period_from, b.period_to, l.mp_id, l.item, l.component
),

billed AS (
    SELECT
        bill_id,
        mp_id,
        period_from,
        period_to,
        max(CASE WHEN item = 'energy' THEN kwh END) AS kwh,
        sum(yuan) AS yuan
    FROM lines
    GROUP BY bill_id, mp_id, period_from, period_to
    HAVING
        max(CASE WHEN item = 'energy' THEN kwh END) = min(CASE WHEN item = 'energy' THEN kwh END)
        AND period_to > period_from
),

-- The single-rate tariff of trade and industry, where the books have exactly one in the voltage of the point.
targets AS (
    SELECT w.mp_id, min(k.tariff_code) AS tariff_code
    FROM wrong AS w
    INNER JOIN billing_price AS k ON k.voltage_code = w.voltage_code
    INNER JOIN tariff_class AS t ON t.tariff_code = k.tariff_code AND t.tariff_class = 'single'
    WHERE
        k.price_from < $month_end
        AND NOT w.tou
        AND w.market_mode IN ('agency', 'catalogue')
        AND (w.capacity_kva IS NULL OR w.capacity_kva < $two_part_kva)
    GROUP BY w.mp_id
    HAVING min(k.tariff_code) = max(k.tariff_code)
),

-- The cycle is cut where a price of the tariff changes; the energy goes by days, to whole kWh that add up.
spans AS (
    SELECT
        l.mp_id,
        t.tariff_code,
        l.kwh,
        l.yuan AS billed_yuan,
        k.is_ambiguous,
        COALESCE(k.energy_total, k.purchase_total) IS NULL AS has_no_price,
        date_diff('day', l.period_from, l.period_to) AS days,
        GREATEST(date_diff('day', l.period_from, k.price_from), 0) AS first_day,
        LEAST(date_diff('day', l.period_from, COALESCE(k.price_to, l.period_to)), date_diff('day', l.period_from, l.period_to)) AS last_day,
        k.energy_total,
        k.purchase_total,
        k.line_loss_total,
        k.transmission_total,
        k.system_total,
        k.fund
    FROM billed AS l
    INNER JOIN targets AS t ON t.mp_id = l.mp_id
    INNER JOIN wrong AS w ON w.mp_id = l.mp_id
    INNER JOIN billing_price AS k
        ON
            k.tariff_code = t.tariff_code
            AND k.voltage_code = w.voltage_code
            AND k.price_from < l.period_to
            AND (k.price_to IS NULL OR k.price_to > l.period_from)
),

parts AS (
    SELECT
        *,
        CAST(div_hu(CAST(kwh AS DECIMAL(38, 4)) * last_day, days, 0) - div_hu(CAST(kwh AS DECIMAL(38, 4)) * first_day, days, 0) AS DECIMAL(38, 0)) AS part_kwh
    FROM spans
),

repriced AS (
    SELECT
        mp_id,
        min(tariff_code) AS tariff_due,
        min(kwh) AS kwh,
        min(billed_yuan) AS billed_yuan,
        sum(
            COALESCE(round_hu(CAST(part_kwh AS DECIMAL(38, 0)) * energy_total, 2), 0)
            + COALESCE(round_hu(CAST(part_kwh AS DECIMAL(38, 0)) * purchase_total, 2), 0)
            + COALESCE(round_hu(CAST(part_kwh AS DECIMAL(38, 0)) * line_loss_total, 2), 0)
            + COALESCE(round_hu(CAST(part_kwh AS DECIMAL(38, 0)) * transmission_total, 2), 0)
            + COALESCE(round_hu(CAST(part_kwh AS DECIMAL(38, 0)) * system_total, 2), 0)
            + COALESCE(round_hu(CAST(part_kwh AS DECIMAL(38, 0)) * fund, 2), 0)
        ) AS due_yuan
    FROM parts
    GROUP BY mp_id
    HAVING NOT bool_or(is_ambiguous OR has_no_price) AND sum(last_day - first_day) = min(days) AND sum(part_kwh) = min(kwh)
)

SELECT
    w.mp_id AS subject_id,
    w.org_no,
    w.customer_no,
    w.mp_id,
    $month AS bill_month,
    w.fault,
    CASE w.fault WHEN 'construction' THEN '建筑施工' ELSE '临时用电' END AS fault_zh,
    CASE w.fault WHEN 'construction' THEN 'construction site' ELSE 'temporary supply' END AS fault_en,
    CASE w.tariff_class WHEN 'residential' THEN '居民' ELSE '农业' END AS class_zh,
    w.tariff_class,
    w.tariff_code,
    w.scheme_from,
    w.category_code,
    w.trade_code,
    w.temporary_until,
    r.tariff_due,
    r.kwh,
    r.billed_yuan,
    r.due_yuan,
    r.due_yuan - r.billed_yuan AS yuan_at_stake
FROM wrong AS w
LEFT JOIN repriced AS r ON r.mp_id = w.mp_id
