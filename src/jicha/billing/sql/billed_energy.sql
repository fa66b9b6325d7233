-- What is billed at each point of each bill, in kWh by register: sub meters and fixed shares taken off their main meter, then
-- transformer loss and line loss added (domain 4.3, 4.4); with what the power factor is judged by.
WITH own AS (
    SELECT
        l.bill_id,
        l.mp_id,
        l.parent_mp_id,
        l.metering_mode,
        l.tou,
        l.fixed_kwh,
        l.fixed_ratio,
        l.line_loss_pct,
        l.transformer_loss,
        l.fixed_ratio IS NOT NULL OR l.fixed_kwh IS NOT NULL AS is_fixed,
        CASE WHEN NOT l.tou AND l.fixed_ratio IS NULL AND l.fixed_kwh IS NULL THEN m.kwh_total END AS kwh_total,
        CASE WHEN l.tou AND l.fixed_ratio IS NULL AND l.fixed_kwh IS NULL THEN m.kwh_sharp END AS kwh_sharp,
        CASE WHEN l.tou AND l.fixed_ratio IS NULL AND l.fixed_kwh IS NULL THEN m.kwh_peak END AS kwh_peak,
        CASE WHEN l.tou AND l.fixed_ratio IS NULL AND l.fixed_kwh IS NULL THEN m.kwh_flat END AS kwh_flat,
        CASE WHEN l.tou AND l.fixed_ratio IS NULL AND l.fixed_kwh IS NULL THEN m.kwh_valley END AS kwh_valley,
        CASE WHEN l.tou AND l.fixed_ratio IS NULL AND l.fixed_kwh IS NULL THEN m.kwh_deep_valley END AS kwh_deep_valley,
        m.kvarh,
        m.demand_kw,
        CASE
            WHEN l.fixed_ratio IS NOT NULL OR l.fixed_kwh IS NOT NULL THEN NULL
            WHEN m.mp_id IS NULL THEN 'missing_reading'
            WHEN m.refusal IS NOT NULL THEN m.refusal
            WHEN l.tou AND COALESCE(m.kwh_sharp, m.kwh_peak, m.kwh_flat, m.kwh_valley, m.kwh_deep_valley) IS NULL
                THEN CASE WHEN m.kwh_total IS NULL THEN 'missing_reading' ELSE 'missing_band' END
            WHEN NOT l.tou AND m.kwh_total IS NULL THEN 'missing_reading'
        END AS refusal
    FROM bill_segment AS l
    LEFT JOIN metered_energy AS m ON m.mp_id = l.mp_id
    WHERE l.is_last AND l.refusal IS NULL
),

metered AS (
    SELECT *, COALESCE(kwh_total, 0) + COALESCE(kwh_sharp, 0) + COALESCE(kwh_peak, 0) + COALESCE(kwh_flat, 0) + COALESCE(kwh_valley, 0) + COALESCE(kwh_deep_valley, 0) AS metered_kwh
    FROM own
),

-- Sub meters, of this customer and of others, by their main point.
sub AS (
    SELECT bill_id, parent_mp_id AS mp_id, metered_kwh AS kwh, refusal
    FROM metered
    WHERE parent_mp_id IS NOT NULL AND NOT is_fixed
    UNION ALL
    SELECT
        o.bill_id,
        o.mp_id,
        COALESCE(m.kwh_total, COALESCE(m.kwh_sharp, 0) + COALESCE(m.kwh_peak, 0) + COALESCE(m.kwh_flat, 0) + COALESCE(m.kwh_valley, 0) + COALESCE(m.kwh_deep_valley, 0)) AS kwh,
        CASE WHEN m.mp_id IS NULL THEN 'missing_reading' ELSE m.refusal END AS refusal
    FROM metered AS o
    INNER JOIN rebill_bill AS b ON b.bill_id = o.bill_id
    INNER JOIN metering_point AS p ON p.parent_mp_id = o.mp_id AND p.usage = 'billing' AND p.status <> 'planned' AND p.customer_no <> b.customer_no
    LEFT JOIN metered_energy AS m ON m.mp_id = p.mp_id
),

subs AS (
    SELECT bill_id, mp_id, sum(kwh) AS kwh, min(refusal) AS refusal
    FROM sub
    GROUP BY bill_id, mp_id
),

-- Fixed quantities first, in whole kWh and in the order of their points; each takes no more than is left.
quantity AS (
    SELECT
        f.bill_id,
        f.mp_id,
        f.parent_mp_id,
        m.metered_kwh - COALESCE(s.kwh, 0) AS left_kwh,
        COALESCE(round_hu(f.fixed_kwh, 0), 0) AS fixed_kwh,
        CASE WHEN f.fixed_kwh IS NULL THEN f.fixed_ratio END AS fixed_ratio,
        sum(COALESCE(round_hu(f.fixed_kwh, 0), 0)) OVER (
            PARTITION BY f.bill_id, f.parent_mp_id
            ORDER BY f.mp_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS until_kwh,
        sum(COALESCE(round_hu(f.fixed_kwh, 0), 0)) OVER (PARTITION BY f.bill_id, f.parent_mp_id) AS all_kwh
    FROM metered AS f
    INNER JOIN metered AS m ON m.bill_id = f.bill_id AND m.mp_id = f.parent_mp_id
    LEFT JOIN subs AS s ON s.bill_id = m.bill_id AND s.mp_id = m.mp_id
    WHERE f.is_fixed
),

ratio AS (
    SELECT
        *,
        GREATEST(left_kwh - all_kwh, 0) AS rest_kwh,
        COALESCE(round_hu(CAST(GREATEST(left_kwh - all_kwh, 0) AS DECIMAL(38, 4)) * fixed_ratio, 0), 0) AS part_kwh
    FROM quantity
),

fixed AS (
    SELECT
        bill_id,
        mp_id,
        parent_mp_id,
        CASE
            WHEN fixed_ratio IS NULL THEN LEAST(fixed_kwh, GREATEST(left_kwh - (until_kwh - fixed_kwh), 0))
            ELSE LEAST(part_kwh, GREATEST(rest_kwh - (sum(part_kwh) OVER (
                PARTITION BY bill_id, parent_mp_id
                ORDER BY mp_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) - part_kwh), 0))
        END AS kwh
    FROM ratio
),

fixed_sum AS (
    SELECT bill_id, parent_mp_id AS mp_id, sum(kwh) AS kwh
    FROM fixed
    GROUP BY bill_id, parent_mp_id
),

reduced AS (
    SELECT
        m.*,
        f.kwh AS fixed_part_kwh,
        COALESCE(s.kwh, 0) + COALESCE(x.kwh, 0) AS taken_kwh,
        -- Where a remainder of shares falls: on flat, or on the largest band.
        CASE
            WHEN m.kwh_flat IS NOT NULL THEN 'flat'
            WHEN m.kwh_sharp >= GREATEST(COALESCE(m.kwh_peak, -1), COALESCE(m.kwh_valley, -1), COALESCE(m.kwh_deep_valley, -1)) THEN 'sharp'
            WHEN m.kwh_peak >= GREATEST(COALESCE(m.kwh_valley, -1), COALESCE(m.kwh_deep_valley, -1)) THEN 'peak'
            WHEN m.kwh_valley >= COALESCE(m.kwh_deep_valley, -1) THEN 'valley'
            ELSE 'deep_valley'
        END AS rest_band,
        -- Where losses go: on the band that the rules name, or on the first band there is.
        CASE
            WHEN u.loss_band = 'peak' AND m.kwh_peak IS NOT NULL THEN 'peak'
            WHEN u.loss_band = 'flat' AND m.kwh_flat IS NOT NULL THEN 'flat'
            WHEN m.kwh_sharp IS NOT NULL THEN 'sharp'
            WHEN m.kwh_peak IS NOT NULL THEN 'peak'
            WHEN m.kwh_flat IS NOT NULL THEN 'flat'
            WHEN m.kwh_valley IS NOT NULL THEN 'valley'
            ELSE 'deep_valley'
        END AS loss_band,
        CASE
            WHEN m.refusal IS NOT NULL THEN m.refusal
            WHEN s.refusal IS NOT NULL THEN s.refusal
            WHEN m.metered_kwh < COALESCE(s.kwh, 0) THEN 'sub_above_main'
            WHEN m.metered_kwh < 0 THEN 'negative_energy'
        END AS chain_refusal
    FROM metered AS m
    INNER JOIN rebill_bill AS b ON b.bill_id = m.bill_id
    INNER JOIN billing_rule AS u ON u.rule_from = b.rule_from
    LEFT JOIN subs AS s ON s.bill_id = m.bill_id AND s.mp_id = m.mp_id
    LEFT JOIN fixed AS f ON f.bill_id = m.bill_id AND f.mp_id = m.mp_id
    LEFT JOIN fixed_sum AS x ON x.bill_id = m.bill_id AND x.mp_id = m.mp_id
),

-- Whole kWh, half up: (2·a + b) // (2·b).
shares AS (
    SELECT
        *,
        CASE WHEN taken_kwh > 0 AND metered_kwh > 0 AND kwh_sharp IS NOT NULL THEN (2 * CAST(taken_kwh AS INT128) * CAST(kwh_sharp AS INT128) + CAST(metered_kwh AS INT128)) // (2 * CAST(metered_kwh AS INT128)) ELSE 0 END AS off_sharp,
        CASE WHEN taken_kwh > 0 AND metered_kwh > 0 AND kwh_peak IS NOT NULL THEN (2 * CAST(taken_kwh AS INT128) * CAST(kwh_peak AS INT128) + CAST(metered_kwh AS INT128)) // (2 * CAST(metered_kwh AS INT128)) ELSE 0 END AS off_peak,
        CASE WHEN taken_kwh > 0 AND metered_kwh > 0 AND kwh_flat IS NOT NULL THEN (2 * CAST(taken_kwh AS INT128) * CAST(kwh_flat AS INT128) + CAST(metered_kwh AS INT128)) // (2 * CAST(metered_kwh AS INT128)) ELSE 0 END AS off_flat,
        CASE WHEN taken_kwh > 0 AND metered_kwh > 0 AND kwh_valley IS NOT NULL THEN (2 * CAST(taken_kwh AS INT128) * CAST(kwh_valley AS INT128) + CAST(metered_kwh AS INT128)) // (2 * CAST(metered_kwh AS INT128)) ELSE 0 END AS off_valley,
        CASE WHEN taken_kwh > 0 AND metered_kwh > 0 AND kwh_deep_valley IS NOT NULL THEN (2 * CAST(taken_kwh AS INT128) * CAST(kwh_deep_valley AS INT128) + CAST(metered_kwh AS INT128)) // (2 * CAST(metered_kwh AS INT128)) ELSE 0 END AS off_deep_valley
    FROM reduced
),

main_left AS (
    SELECT
        bill_id,
        mp_id,
        parent_mp_id,
        metering_mode,
        tou,
        is_fixed,
        line_loss_pct,
        transformer_loss,
        metered_kwh + COALESCE(fixed_part_kwh, 0) AS metered_kwh,
        kvarh,
        demand_kw,
        loss_band,
        chain_refusal,
        CASE WHEN is_fixed THEN fixed_part_kwh ELSE kwh_total - taken_kwh END AS kwh_total,
        kwh_sharp - off_sharp - CASE WHEN rest_band = 'sharp' THEN taken_kwh - (off_sharp + off_peak + off_flat + off_valley + off_deep_valley) ELSE 0 END AS kwh_sharp,
        kwh_peak - off_peak - CASE WHEN rest_band = 'peak' THEN taken_kwh - (off_sharp + off_peak + off_flat + off_valley + off_deep_valley) ELSE 0 END AS kwh_peak,
        kwh_flat - off_flat - CASE WHEN rest_band = 'flat' THEN taken_kwh - (off_sharp + off_peak + off_flat + off_valley + off_deep_valley) ELSE 0 END AS kwh_flat,
        kwh_valley - off_valley - CASE WHEN rest_band = 'valley' THEN taken_kwh - (off_sharp + off_peak + off_flat + off_valley + off_deep_valley) ELSE 0 END AS kwh_valley,
        kwh_deep_valley - off_deep_valley - CASE WHEN rest_band = 'deep_valley' THEN taken_kwh - (off_sharp + off_peak + off_flat + off_valley + off_deep_valley) ELSE 0 END AS kwh_deep_valley
    FROM shares
),

-- Transformer loss of low-side metering: units in parallel share the load by kVA (domain 4.4, K:high).
unit AS (
    SELECT
        t.bill_id,
        t.mp_id,
        t.transformer_id,
        t.kva,
        CAST(
            CASE WHEN t.period_days_in_service = t.period_days THEN r.full_month_hours ELSE CAST(t.period_days_in_service AS INT128) * r.day_hours END AS INT128
        ) AS hours,
        t.no_load_loss_kw,
        t.load_loss_kw,
        t.no_load_current_pct,
        t.impedance_pct,
        r.load_shape_factor
    FROM transformer_days AS t
    INNER JOIN rebill_bill AS b ON b.bill_id = t.bill_id
    INNER JOIN billing_rule AS r ON r.rule_from = b.rule_from
    QUALIFY row_number() OVER (PARTITION BY t.bill_id, t.transformer_id ORDER BY t.segment_from) = 1
),

ranked AS (
    SELECT *, dense_rank() OVER (PARTITION BY bill_id, mp_id ORDER BY hours DESC) AS hours_rank
    FROM unit
),

-- Whole numbers, since three hours and two squares outgrow a quotient of decimals: kVA in hundredths, kW and percentages in
-- ten-thousandths, K in hundredths.
plates AS (
    SELECT
        bill_id,
        mp_id,
        bool_or(no_load_loss_kw IS NULL OR load_loss_kw IS NULL OR no_load_current_pct IS NULL OR impedance_pct IS NULL OR (hours_rank > 3 AND hours > 0))
            AS is_unknown,
        CAST(COALESCE(sum(CAST(kva * 100 AS INT128)) FILTER (WHERE hours > 0), 0) AS INT128) AS kva,
        CAST(max(load_shape_factor) * 100 AS INT128) AS load_shape,
        COALESCE(max(hours) FILTER (WHERE hours_rank = 1 AND hours > 0), 1) AS hours_1,
        COALESCE(max(hours) FILTER (WHERE hours_rank = 2 AND hours > 0), 1) AS hours_2,
        COALESCE(max(hours) FILTER (WHERE hours_rank = 3 AND hours > 0), 1) AS hours_3,
        COALESCE(sum(CAST(no_load_loss_kw * 10000 AS INT128) * hours), 0) AS iron,
        COALESCE(sum(CAST(kva * 100 AS INT128) * CAST(no_load_current_pct * 10000 AS INT128) * hours), 0) AS magnetising,
        COALESCE(sum(CAST(load_loss_kw * 10000 AS INT128)) FILTER (WHERE hours_rank = 1 AND hours > 0), 0) AS load_1,
        COALESCE(sum(CAST(load_loss_kw * 10000 AS INT128)) FILTER (WHERE hours_rank = 2 AND hours > 0), 0) AS load_2,
        COALESCE(sum(CAST(load_loss_kw * 10000 AS INT128)) FILTER (WHERE hours_rank = 3 AND hours > 0), 0) AS load_3,
        COALESCE(sum(CAST(kva * 100 AS INT128) * CAST(impedance_pct * 10000 AS INT128)) FILTER (WHERE hours_rank = 1 AND hours > 0), 0) AS impedance_1,
        COALESCE(sum(CAST(kva * 100 AS INT128) * CAST(impedance_pct * 10000 AS INT128)) FILTER (WHERE hours_rank = 2 AND hours > 0), 0) AS impedance_2,
        COALESCE(sum(CAST(kva * 100 AS INT128) * CAST(impedance_pct * 10000 AS INT128)) FILTER (WHERE hours_rank = 3 AND hours > 0), 0) AS impedance_3
    FROM ranked
    GROUP BY bill_id, mp_id
),

loaded AS (
    SELECT
        m.bill_id,
        m.mp_id,
        p.mp_id IS NULL OR p.is_unknown AS is_unknown,
        p.kva,
        p.load_shape,
        p.iron,
        p.magnetising,
        -- Units of equal hours are added up; up to three different hours T1, T2, T3 come over one denominator S² · T1 · T2 · T3.
        CAST(p.kva AS INT128) * p.kva * CAST(p.hours_1 AS INT128) * p.hours_2 * p.hours_3 AS bottom,
        CAST(p.load_1 AS INT128) * p.hours_2 * p.hours_3
        + CAST(p.load_2 AS INT128) * p.hours_1 * p.hours_3
        + CAST(p.load_3 AS INT128) * p.hours_1 * p.hours_2 AS load_hours,
        CAST(p.impedance_1 AS INT128) * p.hours_2 * p.hours_3
        + CAST(p.impedance_2 AS INT128) * p.hours_1 * p.hours_3
        + CAST(p.impedance_3 AS INT128) * p.hours_1 * p.hours_2 AS impedance_hours,
        CAST(m.metered_kwh AS INT128) * CAST(m.metered_kwh AS INT128)
        + CAST(COALESCE(m.kvarh, 0) AS INT128) * CAST(COALESCE(m.kvarh, 0) AS INT128) AS square
    FROM main_left AS m
    LEFT JOIN plates AS p ON p.bill_id = m.bill_id AND p.mp_id = m.mp_id
    WHERE m.transformer_loss AND m.metering_mode = 'hv_lv' AND m.parent_mp_id IS NULL AND NOT m.is_fixed AND m.chain_refusal IS NULL
),

quotient AS (
    SELECT
        bill_id,
        mp_id,
        is_unknown,
        is_unknown OR kva = 0 AS is_nothing,
        CAST(iron AS INT128) * bottom * 100 + CAST(load_hours AS INT128) * load_shape * square * 10000 AS active_top,
        CAST(bottom AS INT128) * 1000000 AS active_bottom,
        CAST(magnetising AS INT128) * bottom + CAST(impedance_hours AS INT128) * load_shape * square * 100 AS reactive_top,
        CAST(bottom AS INT128) * 100000000 AS reactive_bottom
    FROM loaded
),

-- ΔWp = P0·T + K·Pk·(Wp² + Wq²) ÷ (S²·T); ΔWq = I0%·S·T ÷ 100 + K·Uk%·(Wp² + Wq²) ÷ (100·S·T); each rounded once, half up.
loss AS (
    SELECT
        bill_id,
        mp_id,
        is_unknown,
        CAST(CASE WHEN is_nothing THEN 0 ELSE (2 * active_top + active_bottom) // (2 * active_bottom) END AS DECIMAL(18, 0)) AS loss_kwh,
        CAST(CASE WHEN is_nothing THEN 0 ELSE (2 * reactive_top + reactive_bottom) // (2 * reactive_bottom) END AS DECIMAL(18, 0)) AS loss_kvarh
    FROM quotient
),

-- The loss is shared among the main point and the customer's own parts by energy, the remainder to the main point.
part AS (
    SELECT
        m.bill_id,
        m.mp_id,
        COALESCE(m.parent_mp_id, m.mp_id) AS main_mp_id,
        m.parent_mp_id IS NULL AS is_main,
        COALESCE(m.kwh_total, 0) + COALESCE(m.kwh_sharp, 0) + COALESCE(m.kwh_peak, 0) + COALESCE(m.kwh_flat, 0) + COALESCE(m.kwh_valley, 0) + COALESCE(m.kwh_deep_valley, 0) AS kwh
    FROM main_left AS m
),

shared AS (
    SELECT
        p.bill_id,
        p.mp_id,
        p.main_mp_id,
        p.is_main,
        l.loss_kwh,
        CASE
            WHEN p.is_main OR sum(p.kwh) OVER (PARTITION BY p.bill_id, p.main_mp_id) <= 0 THEN 0
            ELSE
                (2 * CAST(l.loss_kwh AS INT128) * CAST(p.kwh AS INT128) + CAST(sum(p.kwh) OVER (PARTITION BY p.bill_id, p.main_mp_id) AS INT128))
                // (2 * CAST(sum(p.kwh) OVER (PARTITION BY p.bill_id, p.main_mp_id) AS INT128))
        END AS share_kwh
    FROM part AS p
    INNER JOIN loss AS l ON l.bill_id = p.bill_id AND l.mp_id = p.main_mp_id
),

added AS (
    SELECT
        bill_id,
        mp_id,
        CASE WHEN is_main THEN loss_kwh - sum(share_kwh) OVER (PARTITION BY bill_id, main_mp_id) ELSE share_kwh END AS kwh
    FROM shared
),

with_loss AS (
    SELECT
        m.*,
        COALESCE(a.kwh, 0) AS added_kwh,
        COALESCE(l.loss_kwh, 0) AS loss_kwh,
        COALESCE(l.loss_kvarh, 0) AS loss_kvarh,
        CASE WHEN m.chain_refusal IS NOT NULL THEN m.chain_refusal WHEN l.is_unknown THEN 'no_transformer_parameters' END AS refusal,
        CASE
            WHEN m.line_loss_pct > 0 AND m.parent_mp_id IS NULL AND NOT m.is_fixed
                THEN round_hu(CAST(COALESCE(m.kwh_total, 0) + COALESCE(m.kwh_sharp, 0) + COALESCE(m.kwh_peak, 0) + COALESCE(m.kwh_flat, 0) + COALESCE(m.kwh_valley, 0) + COALESCE(m.kwh_deep_valley, 0) + COALESCE(a.kwh, 0) AS DECIMAL(38, 4)) * CAST(CAST(m.line_loss_pct AS DECIMAL(38, 6)) * CAST('0.01' AS DECIMAL(3, 2)) AS DECIMAL(14, 8)), 0)
            ELSE 0
        END AS line_loss_kwh
    FROM main_left AS m
    LEFT JOIN added AS a ON a.bill_id = m.bill_id AND a.mp_id = m.mp_id
    LEFT JOIN loss AS l ON l.bill_id = m.bill_id AND l.mp_id = m.mp_id
)

SELECT
    bill_id,
    mp_id,
    parent_mp_id,
    refusal,
    metered_kwh,
    loss_kwh,
    line_loss_kwh,
    ABS(kvarh) + loss_kvarh AS kvarh,
    demand_kw,
    kwh_total + added_kwh + line_loss_kwh AS kwh_total,
    kwh_sharp + CASE WHEN loss_band = 'sharp' THEN added_kwh + line_loss_kwh ELSE 0 END AS kwh_sharp,
    kwh_peak + CASE WHEN loss_band = 'peak' THEN added_kwh + line_loss_kwh ELSE 0 END AS kwh_peak,
    kwh_flat + CASE WHEN loss_band = 'flat' THEN added_kwh + line_loss_kwh ELSE 0 END AS kwh_flat,
    kwh_valley + CASE WHEN loss_band = 'valley' THEN added_kwh + line_loss_kwh ELSE 0 END AS kwh_valley,
    kwh_deep_valley + CASE WHEN loss_band = 'deep_valley' THEN added_kwh + line_loss_kwh ELSE 0 END AS kwh_deep_valley,
    COALESCE(kwh_total, 0) + COALESCE(kwh_sharp, 0) + COALESCE(kwh_peak, 0) + COALESCE(kwh_flat, 0) + COALESCE(kwh_valley, 0) + COALESCE(kwh_deep_valley, 0) + added_kwh + line_loss_kwh AS billed_kwh
FROM with_loss
