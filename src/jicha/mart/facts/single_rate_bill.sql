-- What the month's energy of a point on the residential or agricultural price would cost at the single-rate price of trade and industry.
-- Only energy, steps and funds: a power-factor adjustment of either price is left out. Points with bands, and customers whose purchase
-- price is a contract's or carries the exit factor, have no such price.
WITH points AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.voltage_code,
        -- Homes are many and nobody asks what a small one would pay.
        c.kind = 'lv_res' AND c.trade_code IS NULL AND NOT c.temporary AS is_home
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    INNER JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    WHERE
        s.usage = 'billing'
        AND s.parent_mp_id IS NULL
        AND s.fixed_ratio IS NULL
        AND s.fixed_kwh IS NULL
        AND NOT s.tou
        AND t.tariff_class IN ('residential', 'agriculture')
        AND c.market_mode IN ('agency', 'catalogue')
),

bills AS (
    SELECT b.bill_id, b.period_from, b.period_to, p.mp_id
    FROM bill AS b
    INNER JOIN points AS p ON p.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal' AND (NOT p.is_home OR b.kwh >= 500)
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
    FROM bills AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id AND l.mp_id = b.mp_id
    WHERE l.item IN ('energy', 'step', 'fund')
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

-- The single-rate tariff of trade and industry, where the books have exactly one in a voltage.
targets AS (
    SELECT k.voltage_code, min(k.tariff_code) AS tariff_code
    FROM billing_price AS k
    INNER JOIN tariff_class AS t ON t.tariff_code = k.tariff_code AND t.tariff_class = 'single'
    WHERE k.price_from < $month_end
    GROUP BY k.voltage_code
    HAVING min(k.tariff_code) = max(k.tariff_code)
),

-- The cycle is cut where a price of the tariff changes; the energy goes by days, to whole kWh that add up.
spans AS (
    SELECT
        l.bill_id,
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
    INNER JOIN points AS p ON p.mp_id = l.mp_id
    INNER JOIN targets AS t ON t.voltage_code = p.voltage_code
    INNER JOIN billing_price AS k
        ON
            k.tariff_code = t.tariff_code
            AND k.voltage_code = p.voltage_code
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
        bill_id,
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
    GROUP BY mp_id, bill_id
    HAVING NOT bool_or(is_ambiguous OR has_no_price) AND sum(last_day - first_day) = min(days) AND sum(part_kwh) = min(kwh)
)

SELECT
    mp_id,
    min(tariff_due) AS tariff_due,
    CAST(sum(kwh) AS DECIMAL(18, 4)) AS kwh,
    CAST(sum(billed_yuan) AS DECIMAL(18, 2)) AS billed_yuan,
    CAST(sum(due_yuan) AS DECIMAL(18, 2)) AS due_yuan,
    CAST(sum(due_yuan) - sum(billed_yuan) AS DECIMAL(18, 2)) AS difference_yuan
FROM repriced
GROUP BY mp_id
HAVING count(*) = 1
