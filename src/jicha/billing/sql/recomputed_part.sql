-- What each point of each bill should be charged, segment by segment, amounts side by side: energy by component and register,
-- funds, step increments, basic charge and the power-factor adjustment, each rounded half up to the cent.
--
-- Energies stay DECIMAL(18, 4) and amounts DECIMAL(18, 2) from step to step: 64 bits, where a sum or quotient of them has 128.
-- What does not fit there ends the query with an error.
--
-- A point has one customer, and a customer with two bills in the month is refused before: rows of one point are joined by its number
-- alone, which costs half of a join by two texts.

-- What follows from a price alone is told once a price, not once a bill.
WITH book AS (
    SELECT
        *,
        COALESCE(energy_total, purchase_total, line_loss_total, transmission_total, system_total) IS NULL AS lacks_total,
        COALESCE(energy_sharp, purchase_sharp, line_loss_sharp, transmission_sharp, system_sharp) IS NULL AS lacks_sharp,
        COALESCE(energy_peak, purchase_peak, line_loss_peak, transmission_peak, system_peak) IS NULL AS lacks_peak,
        COALESCE(energy_flat, purchase_flat, line_loss_flat, transmission_flat, system_flat) IS NULL AS lacks_flat,
        COALESCE(energy_valley, purchase_valley, line_loss_valley, transmission_valley, system_valley) IS NULL AS lacks_valley,
        COALESCE(energy_deep_valley, purchase_deep_valley, line_loss_deep_valley, transmission_deep_valley, system_deep_valley) IS NULL AS lacks_deep_valley,
        GREATEST(
            abs(COALESCE(energy_total, 0)), abs(COALESCE(energy_sharp, 0)), abs(COALESCE(energy_peak, 0)), abs(COALESCE(energy_flat, 0)), abs(COALESCE(energy_valley, 0)), abs(COALESCE(energy_deep_valley, 0)),
            abs(COALESCE(purchase_total, 0)), abs(COALESCE(purchase_sharp, 0)), abs(COALESCE(purchase_peak, 0)), abs(COALESCE(purchase_flat, 0)), abs(COALESCE(purchase_valley, 0)), abs(COALESCE(purchase_deep_valley, 0)),
            abs(COALESCE(line_loss_total, 0)), abs(COALESCE(line_loss_sharp, 0)), abs(COALESCE(line_loss_peak, 0)), abs(COALESCE(line_loss_flat, 0)), abs(COALESCE(line_loss_valley, 0)), abs(COALESCE(line_loss_deep_valley, 0)),
            abs(COALESCE(transmission_total, 0)), abs(COALESCE(transmission_sharp, 0)), abs(COALESCE(transmission_peak, 0)), abs(COALESCE(transmission_flat, 0)), abs(COALESCE(transmission_valley, 0)), abs(COALESCE(transmission_deep_valley, 0)),
            abs(COALESCE(system_total, 0)), abs(COALESCE(system_sharp, 0)), abs(COALESCE(system_peak, 0)), abs(COALESCE(system_flat, 0)), abs(COALESCE(system_valley, 0)), abs(COALESCE(system_deep_valley, 0))
        ) <= 9.999999999 AS prices_fit
    FROM billing_price
),

point AS (
    SELECT
        g.bill_id,
        g.mp_id,
        g.segment_from,
        g.is_last,
        g.tariff_code,
        g.voltage_code,
        g.price_from,
        g.is_own,
        g.pf_standard,
        g.basic_charge_mode,
        b.market_mode,
        b.pays_multiple,
        e.kvarh,
        e.billed_kwh,
        e.refusal,
        -- Residential steps (居民阶梯), on the last segment: limits for the tier months of the bill.
        l.tariff_code IS NULL AS has_no_limit,
        g.is_last AND COALESCE(g.step_scheme IN ('annual', 'monthly'), FALSE) AS is_stepped,
        CASE WHEN g.step_scheme = 'annual' THEN y.before_kwh ELSE CAST(0 AS DECIMAL(18, 4)) END AS before_kwh,
        l.second_kwh AS second_limit_kwh,
        l.third_kwh AS third_limit_kwh,
        b.quota_kwh_per_month,
        CASE
            WHEN NOT g.is_last OR COALESCE(g.step_scheme NOT IN ('annual', 'monthly'), TRUE) THEN NULL
            WHEN g.step_scheme = 'annual' AND r.step_part_year = 'full_year' THEN 12
            WHEN g.step_scheme = 'annual' AND year(b.opened_on) = year(b.bill_month) THEN 13 - month(b.opened_on)
            WHEN g.step_scheme = 'annual' AND year(b.opened_on) > year(b.bill_month) THEN 0
            WHEN g.step_scheme = 'annual' THEN 12
            ELSE GREATEST(
                months_between_floor(b.period_from, b.period_to)
                + CASE
                    WHEN date_diff('day', add_months(b.period_from, months_between_floor(b.period_from, b.period_to)), b.period_to) >= r.step_month_round_up_days
                        THEN 1
                    ELSE 0
                END, 1)
        END AS tier_months,
        CASE WHEN g.step_scheme = 'annual' THEN 12 ELSE 1 END AS basis_months,
        -- A multiple of the agency price (代理购电).
        CASE WHEN b.pays_multiple THEN r.exit_price_multiple ELSE 1 END AS purchase_multiple,
        g.first_day,
        g.last_day,
        g.period_days,
        g.first_day = 0 AND g.is_last AS is_whole,
        e.kwh_total AS point_total,
        e.kwh_sharp AS point_sharp,
        e.kwh_peak AS point_peak,
        e.kwh_flat AS point_flat,
        e.kwh_valley AS point_valley,
        e.kwh_deep_valley AS point_deep_valley
    FROM bill_segment AS g
    INNER JOIN rebill_bill AS b ON b.bill_id = g.bill_id
    INNER JOIN billed_energy AS e ON e.mp_id = g.mp_id
    INNER JOIN billing_rule AS r ON r.rule_from = b.rule_from
    LEFT JOIN year_before AS y ON y.mp_id = g.mp_id
    LEFT JOIN billing_step AS l
        ON l.tariff_code = g.tariff_code AND l.step_scheme = g.step_scheme AND l.step_from <= b.period_from AND l.step_to > b.period_from
),

-- A point's energy by segments (分段): up to the end of each less up to its begin, rounded on the way, so that they add up.
quantity AS (
    SELECT
        *,
        CASE
            WHEN is_whole THEN point_total
            ELSE CAST(
                CASE WHEN is_last THEN point_total ELSE div_hu(CAST(point_total AS DECIMAL(38, 4)) * last_day, period_days, 0) END
                - div_hu(CAST(point_total AS DECIMAL(38, 4)) * first_day, period_days, 0) AS DECIMAL(18, 4)
            )
        END AS kwh_total,
        CASE
            WHEN is_whole THEN point_sharp
            ELSE CAST(
                CASE WHEN is_last THEN point_sharp ELSE div_hu(CAST(point_sharp AS DECIMAL(38, 4)) * last_day, period_days, 0) END
                - div_hu(CAST(point_sharp AS DECIMAL(38, 4)) * first_day, period_days, 0) AS DECIMAL(18, 4)
            )
        END AS kwh_sharp,
        CASE
            WHEN is_whole THEN point_peak
            ELSE CAST(
                CASE WHEN is_last THEN point_peak ELSE div_hu(CAST(point_peak AS DECIMAL(38, 4)) * last_day, period_days, 0) END
                - div_hu(CAST(point_peak AS DECIMAL(38, 4)) * first_day, period_days, 0) AS DECIMAL(18, 4)
            )
        END AS kwh_peak,
        CASE
            WHEN is_whole THEN point_flat
            ELSE CAST(
                CASE WHEN is_last THEN point_flat ELSE div_hu(CAST(point_flat AS DECIMAL(38, 4)) * last_day, period_days, 0) END
                - div_hu(CAST(point_flat AS DECIMAL(38, 4)) * first_day, period_days, 0) AS DECIMAL(18, 4)
            )
        END AS kwh_flat,
        CASE
            WHEN is_whole THEN point_valley
            ELSE CAST(
                CASE WHEN is_last THEN point_valley ELSE div_hu(CAST(point_valley AS DECIMAL(38, 4)) * last_day, period_days, 0) END
                - div_hu(CAST(point_valley AS DECIMAL(38, 4)) * first_day, period_days, 0) AS DECIMAL(18, 4)
            )
        END AS kwh_valley,
        CASE
            WHEN is_whole THEN point_deep_valley
            ELSE CAST(
                CASE WHEN is_last THEN point_deep_valley ELSE div_hu(CAST(point_deep_valley AS DECIMAL(38, 4)) * last_day, period_days, 0) END
                - div_hu(CAST(point_deep_valley AS DECIMAL(38, 4)) * first_day, period_days, 0) AS DECIMAL(18, 4)
            )
        END AS kwh_deep_valley
    FROM point
),

whole AS (
    SELECT
        *,
        CAST(COALESCE(kwh_total, 0) + COALESCE(kwh_sharp, 0) + COALESCE(kwh_peak, 0) + COALESCE(kwh_flat, 0) + COALESCE(kwh_valley, 0) + COALESCE(kwh_deep_valley, 0) AS DECIMAL(18, 4)) AS kwh_all,
        -- What charge_hu asks for: whole kWh of at most eight digits; the prices tell theirs.
        (kwh_total IS NULL OR (kwh_total BETWEEN -99999999 AND 99999999 AND CAST(kwh_total AS DECIMAL(18, 0)) = kwh_total))
        AND (kwh_sharp IS NULL OR (kwh_sharp BETWEEN -99999999 AND 99999999 AND CAST(kwh_sharp AS DECIMAL(18, 0)) = kwh_sharp))
        AND (kwh_peak IS NULL OR (kwh_peak BETWEEN -99999999 AND 99999999 AND CAST(kwh_peak AS DECIMAL(18, 0)) = kwh_peak))
        AND (kwh_flat IS NULL OR (kwh_flat BETWEEN -99999999 AND 99999999 AND CAST(kwh_flat AS DECIMAL(18, 0)) = kwh_flat))
        AND (kwh_valley IS NULL OR (kwh_valley BETWEEN -99999999 AND 99999999 AND CAST(kwh_valley AS DECIMAL(18, 0)) = kwh_valley))
        AND (kwh_deep_valley IS NULL OR (kwh_deep_valley BETWEEN -99999999 AND 99999999 AND CAST(kwh_deep_valley AS DECIMAL(18, 0)) = kwh_deep_valley)) AS kwh_fit
    FROM quantity
),

charged AS (
    SELECT
        q.*,
        CASE WHEN q.kwh_total <> 0 THEN charge_hu(q.kwh_total, p.energy_total, q.kwh_fit AND p.prices_fit) END AS energy_total_yuan,
        CASE WHEN q.kwh_sharp <> 0 THEN charge_hu(q.kwh_sharp, p.energy_sharp, q.kwh_fit AND p.prices_fit) END AS energy_sharp_yuan,
        CASE WHEN q.kwh_peak <> 0 THEN charge_hu(q.kwh_peak, p.energy_peak, q.kwh_fit AND p.prices_fit) END AS energy_peak_yuan,
        CASE WHEN q.kwh_flat <> 0 THEN charge_hu(q.kwh_flat, p.energy_flat, q.kwh_fit AND p.prices_fit) END AS energy_flat_yuan,
        CASE WHEN q.kwh_valley <> 0 THEN charge_hu(q.kwh_valley, p.energy_valley, q.kwh_fit AND p.prices_fit) END AS energy_valley_yuan,
        CASE WHEN q.kwh_deep_valley <> 0 THEN charge_hu(q.kwh_deep_valley, p.energy_deep_valley, q.kwh_fit AND p.prices_fit) END AS energy_deep_valley_yuan,
        CASE WHEN q.kwh_total <> 0 THEN charge_hu(q.kwh_total, p.purchase_total, q.kwh_fit AND p.prices_fit, q.purchase_multiple) END AS purchase_total_yuan,
        CASE WHEN q.kwh_sharp <> 0 THEN charge_hu(q.kwh_sharp, p.purchase_sharp, q.kwh_fit AND p.prices_fit, q.purchase_multiple) END AS purchase_sharp_yuan,
        CASE WHEN q.kwh_peak <> 0 THEN charge_hu(q.kwh_peak, p.purchase_peak, q.kwh_fit AND p.prices_fit, q.purchase_multiple) END AS purchase_peak_yuan,
        CASE WHEN q.kwh_flat <> 0 THEN charge_hu(q.kwh_flat, p.purchase_flat, q.kwh_fit AND p.prices_fit, q.purchase_multiple) END AS purchase_flat_yuan,
        CASE WHEN q.kwh_valley <> 0 THEN charge_hu(q.kwh_valley, p.purchase_valley, q.kwh_fit AND p.prices_fit, q.purchase_multiple) END AS purchase_valley_yuan,
        CASE WHEN q.kwh_deep_valley <> 0 THEN charge_hu(q.kwh_deep_valley, p.purchase_deep_valley, q.kwh_fit AND p.prices_fit, q.purchase_multiple) END AS purchase_deep_valley_yuan,
        CASE WHEN q.kwh_total <> 0 THEN charge_hu(q.kwh_total, p.line_loss_total, q.kwh_fit AND p.prices_fit) END AS line_loss_total_yuan,
        CASE WHEN q.kwh_sharp <> 0 THEN charge_hu(q.kwh_sharp, p.line_loss_sharp, q.kwh_fit AND p.prices_fit) END AS line_loss_sharp_yuan,
        CASE WHEN q.kwh_peak <> 0 THEN charge_hu(q.kwh_peak, p.line_loss_peak, q.kwh_fit AND p.prices_fit) END AS line_loss_peak_yuan,
        CASE WHEN q.kwh_flat <> 0 THEN charge_hu(q.kwh_flat, p.line_loss_flat, q.kwh_fit AND p.prices_fit) END AS line_loss_flat_yuan,
        CASE WHEN q.kwh_valley <> 0 THEN charge_hu(q.kwh_valley, p.line_loss_valley, q.kwh_fit AND p.prices_fit) END AS line_loss_valley_yuan,
        CASE WHEN q.kwh_deep_valley <> 0 THEN charge_hu(q.kwh_deep_valley, p.line_loss_deep_valley, q.kwh_fit AND p.prices_fit) END AS line_loss_deep_valley_yuan,
        CASE WHEN q.kwh_total <> 0 THEN charge_hu(q.kwh_total, p.transmission_total, q.kwh_fit AND p.prices_fit) END AS transmission_total_yuan,
        CASE WHEN q.kwh_sharp <> 0 THEN charge_hu(q.kwh_sharp, p.transmission_sharp, q.kwh_fit AND p.prices_fit) END AS transmission_sharp_yuan,
        CASE WHEN q.kwh_peak <> 0 THEN charge_hu(q.kwh_peak, p.transmission_peak, q.kwh_fit AND p.prices_fit) END AS transmission_peak_yuan,
        CASE WHEN q.kwh_flat <> 0 THEN charge_hu(q.kwh_flat, p.transmission_flat, q.kwh_fit AND p.prices_fit) END AS transmission_flat_yuan,
        CASE WHEN q.kwh_valley <> 0 THEN charge_hu(q.kwh_valley, p.transmission_valley, q.kwh_fit AND p.prices_fit) END AS transmission_valley_yuan,
        CASE WHEN q.kwh_deep_valley <> 0 THEN charge_hu(q.kwh_deep_valley, p.transmission_deep_valley, q.kwh_fit AND p.prices_fit) END AS transmission_deep_valley_yuan,
        CASE WHEN q.kwh_total <> 0 THEN charge_hu(q.kwh_total, p.system_total, q.kwh_fit AND p.prices_fit) END AS system_total_yuan,
        CASE WHEN q.kwh_sharp <> 0 THEN charge_hu(q.kwh_sharp, p.system_sharp, q.kwh_fit AND p.prices_fit) END AS system_sharp_yuan,
        CASE WHEN q.kwh_peak <> 0 THEN charge_hu(q.kwh_peak, p.system_peak, q.kwh_fit AND p.prices_fit) END AS system_peak_yuan,
        CASE WHEN q.kwh_flat <> 0 THEN charge_hu(q.kwh_flat, p.system_flat, q.kwh_fit AND p.prices_fit) END AS system_flat_yuan,
        CASE WHEN q.kwh_valley <> 0 THEN charge_hu(q.kwh_valley, p.system_valley, q.kwh_fit AND p.prices_fit) END AS system_valley_yuan,
        CASE WHEN q.kwh_deep_valley <> 0 THEN charge_hu(q.kwh_deep_valley, p.system_deep_valley, q.kwh_fit AND p.prices_fit) END AS system_deep_valley_yuan,
        CASE WHEN q.kwh_all <> 0 AND p.fund IS NOT NULL THEN charge_hu(q.kwh_all, p.fund) END AS fund_yuan,
        p.energy_in_base,
        p.purchase_in_base,
        p.line_loss_in_base,
        p.transmission_in_base,
        p.system_in_base,
        p.fund_in_base,
        p.step_in_base,
        p.step2,
        p.step3,
        (
            (q.kwh_total <> 0 AND p.lacks_total)
            OR (q.kwh_sharp <> 0 AND p.lacks_sharp)
            OR (q.kwh_peak <> 0 AND p.lacks_peak)
            OR (q.kwh_flat <> 0 AND p.lacks_flat)
            OR (q.kwh_valley <> 0 AND p.lacks_valley)
            OR (q.kwh_deep_valley <> 0 AND p.lacks_deep_valley)
        ) AS has_no_price,
        CASE
            WHEN q.market_mode = 'market' AND NOT q.is_own
                THEN (
                    (q.kwh_total <> 0 AND p.purchase_total IS NOT NULL)
                    OR (q.kwh_sharp <> 0 AND p.purchase_sharp IS NOT NULL)
                    OR (q.kwh_peak <> 0 AND p.purchase_peak IS NOT NULL)
                    OR (q.kwh_flat <> 0 AND p.purchase_flat IS NOT NULL)
                    OR (q.kwh_valley <> 0 AND p.purchase_valley IS NOT NULL)
                    OR (q.kwh_deep_valley <> 0 AND p.purchase_deep_valley IS NOT NULL)
                )
            ELSE FALSE
        END AS is_market_unknown
    FROM whole AS q
    INNER JOIN book AS p ON p.tariff_code = q.tariff_code AND p.voltage_code = q.voltage_code AND p.price_from = q.price_from
),

bounded AS (
    SELECT
        *,
        CAST(before_kwh + billed_kwh AS DECIMAL(18, 4)) AS after_kwh,
        CASE
            WHEN is_stepped
                THEN CAST(
                    CASE WHEN tier_months = basis_months THEN second_limit_kwh ELSE div_hu(CAST(second_limit_kwh AS DECIMAL(38, 4)) * tier_months, basis_months, 0) END
                    + CAST(quota_kwh_per_month AS DECIMAL(38, 4)) * tier_months AS DECIMAL(18, 4)
                )
        END AS second_kwh,
        CASE
            WHEN is_stepped
                THEN CAST(
                    CASE WHEN tier_months = basis_months THEN third_limit_kwh ELSE div_hu(CAST(third_limit_kwh AS DECIMAL(38, 4)) * tier_months, basis_months, 0) END
                    + CAST(quota_kwh_per_month AS DECIMAL(38, 4)) * tier_months AS DECIMAL(18, 4)
                )
        END AS third_kwh
    FROM charged
),

tiered AS (
    SELECT
        *,
        CASE
            WHEN second_kwh IS NULL OR before_kwh IS NULL THEN NULL
            ELSE
                GREATEST(LEAST(after_kwh, COALESCE(third_kwh, after_kwh)), second_kwh)
                - GREATEST(LEAST(before_kwh, COALESCE(third_kwh, before_kwh)), second_kwh)
        END AS step2_kwh,
        CASE WHEN third_kwh IS NULL OR before_kwh IS NULL THEN NULL ELSE GREATEST(after_kwh, third_kwh) - GREATEST(before_kwh, third_kwh) END AS step3_kwh
    FROM bounded
),

-- Capacity in service of each segment, and of the average day of the whole period.
capacity AS (
    SELECT
        mp_id,
        segment_from,
        sum(CAST(kva AS DECIMAL(38, 4)) * charged_days) AS kva_days,
        div_hu(sum(CAST(kva AS DECIMAL(38, 4)) * period_days_in_service), min(period_days), 4) AS average_kva
    FROM transformer_days
    GROUP BY mp_id, segment_from
),

-- The energy of all points of a bill decides on a lower demand price (负荷率激励).
by_demand AS (
    SELECT DISTINCT bill_id
    FROM bill_segment
    WHERE basic_charge_mode IN ('contract_demand', 'actual_demand')
),

bill_energy AS (
    SELECT e.bill_id, sum(e.billed_kwh) AS kwh
    FROM billed_energy AS e
    SEMI JOIN by_demand AS d ON d.bill_id = e.bill_id
    GROUP BY e.bill_id
),

basic_base AS (
    SELECT
        g.mp_id,
        g.segment_from,
        g.basic_charge_mode,
        p.capacity,
        b.divisor,
        e.demand_kw,
        r.demand_limit_share,
        r.demand_overrun,
        CASE
            WHEN b.is_full_month AND date_diff('day', g.segment_from, g.segment_to) = g.period_days THEN b.divisor
            ELSE LEAST(date_diff('day', g.segment_from, g.segment_to), b.divisor)
        END AS charged_days,
        k.kva_days AS unit_kva_days,
        b.contract_kva,
        COALESCE(k.average_kva, b.contract_kva, 0) AS average_kva,
        GREATEST(
            COALESCE(g.contract_demand_kw, 0),
            round_hu(CAST(COALESCE(k.average_kva, b.contract_kva, 0) AS DECIMAL(38, 4)) * r.contract_demand_floor_share, 4)
        ) AS contract_kw,
        CAST(CASE
            WHEN b.contract_kva > 0 AND w.kwh >= CAST(b.contract_kva AS DECIMAL(38, 4)) * r.demand_discount_kwh_per_kva
                THEN CAST(p.demand AS DECIMAL(38, 9)) * r.demand_discount_factor
            ELSE p.demand
        END AS DECIMAL(18, 9)) AS demand_price
    FROM bill_segment AS g
    INNER JOIN rebill_bill AS b ON b.bill_id = g.bill_id
    INNER JOIN billed_energy AS e ON e.mp_id = g.mp_id
    INNER JOIN billing_rule AS r ON r.rule_from = b.rule_from
    INNER JOIN billing_price AS p ON p.tariff_code = g.tariff_code AND p.voltage_code = g.voltage_code AND p.price_from = g.price_from
    LEFT JOIN capacity AS k ON k.mp_id = g.mp_id AND k.segment_from = g.segment_from
    LEFT JOIN bill_energy AS w ON w.bill_id = g.bill_id
    WHERE g.parent_mp_id IS NULL AND g.basic_charge_mode IN ('capacity', 'contract_demand', 'actual_demand')
),

basic_limit AS (
    SELECT *, CAST(CAST(contract_kw AS DECIMAL(38, 4)) * demand_limit_share AS DECIMAL(38, 6)) AS limit_kw
    FROM basic_base
),

basic_quantity AS (
    SELECT
        *,
        COALESCE(unit_kva_days, CAST(contract_kva AS DECIMAL(38, 4)) * charged_days) AS kva_days,
        -- Six decimals: 1.05 × four of them; not rounded before the price.
        CASE
            WHEN basic_charge_mode = 'actual_demand' THEN CAST(demand_kw AS DECIMAL(38, 6))
            WHEN average_kva <= 0 THEN CAST(0 AS DECIMAL(38, 6))
            WHEN demand_kw <= limit_kw THEN CAST(contract_kw AS DECIMAL(38, 6))
            WHEN demand_overrun = 'actual_plus_excess' THEN CAST(demand_kw + demand_kw - limit_kw AS DECIMAL(38, 6))
            WHEN demand_overrun = 'contract_plus_double_excess' THEN CAST(contract_kw + demand_kw + demand_kw - limit_kw - limit_kw AS DECIMAL(38, 6))
            ELSE CAST(contract_kw + demand_kw + demand_kw - contract_kw - contract_kw AS DECIMAL(38, 6))
        END AS billed_kw
    FROM basic_limit
),

basic AS (
    SELECT
        mp_id,
        segment_from,
        CASE
            WHEN basic_charge_mode = 'capacity' AND kva_days IS NULL THEN 'no_capacity'
            WHEN basic_charge_mode <> 'capacity' AND demand_kw IS NULL THEN 'no_demand_reading'
            WHEN basic_charge_mode = 'capacity' AND capacity IS NULL THEN 'no_price'
            WHEN basic_charge_mode <> 'capacity' AND demand_price IS NULL THEN 'no_price'
        END AS refusal,
        CASE WHEN basic_charge_mode = 'capacity' THEN div_hu(kva_days, divisor, 4) ELSE billed_kw END AS quantity,
        CASE WHEN basic_charge_mode = 'capacity' THEN capacity ELSE demand_price END AS unit_price,
        CASE
            WHEN basic_charge_mode = 'capacity' THEN div_hu(CAST(kva_days AS DECIMAL(38, 4)) * capacity, divisor, 2)
            WHEN charged_days = divisor THEN round_hu(CAST(billed_kw AS DECIMAL(38, 6)) * demand_price, 2)
            -- In millionths of a kW, so that nothing is cut before the one rounding.
            ELSE div_hu(CAST(CAST(billed_kw AS DECIMAL(38, 6)) * 1000000 AS DECIMAL(38, 0)) * demand_price * charged_days, CAST(divisor AS DECIMAL(38, 0)) * 1000000, 2)
        END AS amount_yuan
    FROM basic_quantity
),

-- No square root: cos φ rounds to c or more exactly when P² ≥ (c − 0.005)² · (P² + Q²), and so, with both sides in millionths
-- and the left one a whole number, when (1000 c − 5)² ≤ 10⁶ · P² // (P² + Q²).
square AS (
    SELECT
        power_factor,
        CASE WHEN power_factor = 0 THEN 0 ELSE CAST(power_factor * 1000 - 5 AS BIGINT) * CAST(power_factor * 1000 - 5 AS BIGINT) END AS from_square
    FROM power_factor_adjustment
    WHERE pf_standard = 0.90
),

cosine AS (
    SELECT power_factor, from_square, COALESCE(lead(from_square) OVER (ORDER BY from_square), 1000001) AS to_square
    FROM square
),

standard AS (
    SELECT DISTINCT mp_id
    FROM bill_segment
    WHERE parent_mp_id IS NULL AND pf_standard IS NOT NULL
),

assessed AS (
    SELECT
        e.mp_id,
        e.kvarh IS NULL AS is_unknown,
        CAST(e.metered_kwh + e.loss_kwh AS INT128) AS active_kwh,
        CAST(e.kvarh AS INT128) AS reactive_kvarh
    FROM billed_energy AS e
    SEMI JOIN standard AS s ON s.mp_id = e.mp_id
),

judged AS (
    SELECT
        mp_id,
        is_unknown,
        CASE
            WHEN active_kwh <> 0 OR reactive_kvarh <> 0
                THEN CAST(
                    CAST(active_kwh AS INT128) * active_kwh * 1000000
                    // (CAST(active_kwh AS INT128) * active_kwh + CAST(reactive_kvarh AS INT128) * reactive_kvarh) AS BIGINT
                )
        END AS cosine_square
    FROM assessed
),

factor AS (
    SELECT a.mp_id, a.is_unknown, t.power_factor
    FROM judged AS a
    LEFT JOIN cosine AS t ON a.cosine_square >= t.from_square AND a.cosine_square < t.to_square
),

summed AS (
    SELECT
        c.*,
        f.power_factor,
        f.mp_id IS NOT NULL AS is_assessed,
        b.amount_yuan AS basic_yuan,
        b.quantity AS basic_quantity,
        b.unit_price AS basic_price,
        CASE WHEN c.step2_kwh <> 0 THEN charge_hu(c.step2_kwh, c.step2) END AS step2_yuan,
        CASE WHEN c.step3_kwh <> 0 THEN charge_hu(c.step3_kwh, c.step3) END AS step3_yuan,
        CASE
            WHEN c.refusal IS NOT NULL THEN c.refusal
            WHEN c.has_no_price THEN 'no_price'
            WHEN c.is_market_unknown THEN 'market_price_unknown'
            WHEN c.is_stepped AND c.has_no_limit THEN 'no_price'
            WHEN c.is_stepped AND c.before_kwh IS NULL THEN 'year_history_missing'
            WHEN b.refusal IS NOT NULL THEN b.refusal
            WHEN f.is_unknown THEN 'no_reactive_reading'
        END AS part_refusal
    FROM tiered AS c
    LEFT JOIN basic AS b ON b.mp_id = c.mp_id AND b.segment_from = c.segment_from
    LEFT JOIN factor AS f ON f.mp_id = c.mp_id
),

added AS (
    SELECT
        *,
        COALESCE(step2_yuan, 0) + COALESCE(step3_yuan, 0) AS step_yuan,
        COALESCE(energy_total_yuan, 0) + COALESCE(energy_sharp_yuan, 0) + COALESCE(energy_peak_yuan, 0) + COALESCE(energy_flat_yuan, 0) + COALESCE(energy_valley_yuan, 0) + COALESCE(energy_deep_valley_yuan, 0) AS energy_yuan,
        COALESCE(purchase_total_yuan, 0) + COALESCE(purchase_sharp_yuan, 0) + COALESCE(purchase_peak_yuan, 0) + COALESCE(purchase_flat_yuan, 0) + COALESCE(purchase_valley_yuan, 0) + COALESCE(purchase_deep_valley_yuan, 0) AS purchase_yuan,
        COALESCE(line_loss_total_yuan, 0) + COALESCE(line_loss_sharp_yuan, 0) + COALESCE(line_loss_peak_yuan, 0) + COALESCE(line_loss_flat_yuan, 0) + COALESCE(line_loss_valley_yuan, 0) + COALESCE(line_loss_deep_valley_yuan, 0) AS line_loss_yuan,
        COALESCE(transmission_total_yuan, 0) + COALESCE(transmission_sharp_yuan, 0) + COALESCE(transmission_peak_yuan, 0) + COALESCE(transmission_flat_yuan, 0) + COALESCE(transmission_valley_yuan, 0) + COALESCE(transmission_deep_valley_yuan, 0) AS transmission_yuan,
        COALESCE(system_total_yuan, 0) + COALESCE(system_sharp_yuan, 0) + COALESCE(system_peak_yuan, 0) + COALESCE(system_flat_yuan, 0) + COALESCE(system_valley_yuan, 0) + COALESCE(system_deep_valley_yuan, 0) AS system_yuan
    FROM summed
),

based AS (
    SELECT
        *,
        CASE WHEN energy_in_base THEN energy_yuan ELSE 0 END
        + CASE WHEN purchase_in_base THEN purchase_yuan ELSE 0 END
        + CASE WHEN line_loss_in_base THEN line_loss_yuan ELSE 0 END
        + CASE WHEN transmission_in_base THEN transmission_yuan ELSE 0 END
        + CASE WHEN system_in_base THEN system_yuan ELSE 0 END
        + CASE WHEN fund_in_base THEN COALESCE(fund_yuan, 0) ELSE 0 END
        + CASE WHEN step_in_base THEN step_yuan ELSE 0 END
        + COALESCE(basic_yuan, 0) AS base_yuan
    FROM added
)

SELECT
    b.bill_id,
    b.mp_id,
    b.segment_from,
    b.is_last,
    b.tariff_code,
    b.part_refusal AS refusal,
    b.billed_kwh,
    CASE WHEN b.is_assessed THEN b.kvarh END AS kvarh,
    b.pf_standard,
    b.basic_charge_mode,
    b.kwh_total,
    b.kwh_sharp,
    b.kwh_peak,
    b.kwh_flat,
    b.kwh_valley,
    b.kwh_deep_valley,
    b.energy_total_yuan,
    b.energy_sharp_yuan,
    b.energy_peak_yuan,
    b.energy_flat_yuan,
    b.energy_valley_yuan,
    b.energy_deep_valley_yuan,
    b.purchase_total_yuan,
    b.purchase_sharp_yuan,
    b.purchase_peak_yuan,
    b.purchase_flat_yuan,
    b.purchase_valley_yuan,
    b.purchase_deep_valley_yuan,
    b.line_loss_total_yuan,
    b.line_loss_sharp_yuan,
    b.line_loss_peak_yuan,
    b.line_loss_flat_yuan,
    b.line_loss_valley_yuan,
    b.line_loss_deep_valley_yuan,
    b.transmission_total_yuan,
    b.transmission_sharp_yuan,
    b.transmission_peak_yuan,
    b.transmission_flat_yuan,
    b.transmission_valley_yuan,
    b.transmission_deep_valley_yuan,
    b.system_total_yuan,
    b.system_sharp_yuan,
    b.system_peak_yuan,
    b.system_flat_yuan,
    b.system_valley_yuan,
    b.system_deep_valley_yuan,
    b.energy_yuan + b.purchase_yuan + b.line_loss_yuan + b.transmission_yuan + b.system_yuan AS energy_yuan,
    b.fund_yuan,
    b.step2_kwh,
    b.step3_kwh,
    b.step2_yuan,
    b.step3_yuan,
    b.basic_quantity,
    b.basic_price,
    b.basic_yuan,
    b.base_yuan,
    b.power_factor,
    a.adjust_pct AS pf_adjust_pct,
    CASE WHEN a.adjust_pct IS NOT NULL THEN div_hu(CAST(b.base_yuan AS DECIMAL(38, 2)) * a.adjust_pct, 100, 2) END AS pf_adjustment_yuan
FROM based AS b
LEFT JOIN power_factor_adjustment AS a ON a.pf_standard = b.pf_standard AND a.power_factor = b.power_factor
