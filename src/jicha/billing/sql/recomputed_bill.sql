-- Every normal bill of the audited month as it should have been, beside what was issued; a refusal (拒算) instead of a guess.
WITH refused AS (
    SELECT bill_id, refusal
    FROM rebill_bill
    WHERE refusal IS NOT NULL
    UNION ALL
    SELECT bill_id, refusal
    FROM bill_segment
    WHERE refusal IS NOT NULL
    UNION ALL
    SELECT bill_id, refusal
    FROM billed_energy
    WHERE refusal IS NOT NULL
    UNION ALL
    SELECT bill_id, refusal
    FROM recomputed_part
    WHERE refusal IS NOT NULL
),

refusal AS (
    SELECT
        bill_id,
        CASE
        WHEN bool_or(refusal = 'missing_reading') THEN 'missing_reading'
        WHEN bool_or(refusal = 'backward_register') THEN 'backward_register'
        WHEN bool_or(refusal = 'no_multiplier') THEN 'no_multiplier'
        WHEN bool_or(refusal = 'missing_band') THEN 'missing_band'
        WHEN bool_or(refusal = 'sub_above_main') THEN 'sub_above_main'
        WHEN bool_or(refusal = 'no_transformer_parameters') THEN 'no_transformer_parameters'
        WHEN bool_or(refusal = 'two_price_versions') THEN 'two_price_versions'
        WHEN bool_or(refusal = 'no_scheme') THEN 'no_scheme'
        WHEN bool_or(refusal = 'no_price') THEN 'no_price'
        WHEN bool_or(refusal = 'unknown_tariff') THEN 'unknown_tariff'
        WHEN bool_or(refusal = 'impossible_period') THEN 'impossible_period'
        WHEN bool_or(refusal = 'market_price_unknown') THEN 'market_price_unknown'
        WHEN bool_or(refusal = 'year_history_missing') THEN 'year_history_missing'
        WHEN bool_or(refusal = 'no_reactive_reading') THEN 'no_reactive_reading'
        WHEN bool_or(refusal = 'no_demand_reading') THEN 'no_demand_reading'
        WHEN bool_or(refusal = 'no_capacity') THEN 'no_capacity'
        WHEN bool_or(refusal = 'negative_energy') THEN 'negative_energy'
        WHEN bool_or(refusal = 'no_billing_point') THEN 'no_billing_point'
        WHEN bool_or(refusal = 'several_bills_in_month') THEN 'several_bills_in_month'
        END AS refusal
    FROM refused
    GROUP BY bill_id
),

part AS (
    SELECT
        bill_id,
        sum(CASE WHEN is_last THEN billed_kwh END) AS kwh,
        sum(CASE WHEN is_last THEN kvarh END) AS kvarh,
        sum(energy_yuan) AS energy_yuan,
        COALESCE(sum(COALESCE(step2_yuan, 0) + COALESCE(step3_yuan, 0)), 0) AS step_yuan,
        COALESCE(sum(basic_yuan), 0) AS basic_yuan,
        COALESCE(sum(pf_adjustment_yuan), 0) AS pf_adjustment_yuan,
        COALESCE(sum(fund_yuan), 0) AS fund_yuan
    FROM recomputed_part
    GROUP BY bill_id
),

-- A bill shows one factor and one percentage: those of its last main point and of the last standard there.
factor AS (
    SELECT bill_id, power_factor, pf_adjust_pct
    FROM recomputed_part
    WHERE power_factor IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY bill_id
        ORDER BY mp_id DESC, CASE WHEN pf_adjust_pct IS NULL THEN 1 ELSE 0 END, segment_from DESC
    ) = 1
),

-- Few bills have a step charge; what was issued of the other items is asked of the bills that differ only (wrong_bill).
issued AS (
    SELECT bill_id, sum(amount_yuan) AS step_yuan
    FROM issued_line
    WHERE item = 'step'
    GROUP BY bill_id
),

told AS (
    SELECT
        b.*,
        -- A bill without a refusal of its own and without any part has no point to bill.
        COALESCE(r.refusal, CASE WHEN p.bill_id IS NULL THEN 'no_billing_point' END) AS told_refusal,
        p.kwh,
        p.kvarh,
        p.energy_yuan,
        p.step_yuan,
        p.basic_yuan,
        p.pf_adjustment_yuan,
        p.fund_yuan,
        p.energy_yuan + p.step_yuan + p.basic_yuan + p.pf_adjustment_yuan + p.fund_yuan AS total_yuan
    FROM rebill_bill AS b
    LEFT JOIN part AS p ON p.bill_id = b.bill_id
    LEFT JOIN refusal AS r ON r.bill_id = b.bill_id
)

SELECT
    b.bill_id,
    b.customer_no,
    b.org_no,
    b.bill_month,
    b.period_from,
    b.period_to,
    b.told_refusal AS refusal,
    CASE WHEN b.told_refusal IS NULL THEN b.kwh END AS kwh,
    CASE WHEN b.told_refusal IS NULL THEN b.kvarh END AS kvarh,
    CASE WHEN b.told_refusal IS NULL THEN f.power_factor END AS power_factor,
    CASE WHEN b.told_refusal IS NULL THEN f.pf_adjust_pct END AS pf_adjust_pct,
    CASE WHEN b.told_refusal IS NULL THEN b.energy_yuan END AS energy_yuan,
    CASE WHEN b.told_refusal IS NULL THEN b.step_yuan END AS step_yuan,
    CASE WHEN b.told_refusal IS NULL THEN b.basic_yuan END AS basic_yuan,
    CASE WHEN b.told_refusal IS NULL THEN b.pf_adjustment_yuan END AS pf_adjustment_yuan,
    CASE WHEN b.told_refusal IS NULL THEN b.fund_yuan END AS fund_yuan,
    CASE WHEN b.told_refusal IS NULL THEN b.total_yuan END AS total_yuan,
    b.issued_kwh,
    b.issued_kvarh,
    b.issued_power_factor,
    COALESCE(i.step_yuan, 0) AS issued_step_yuan,
    b.issued_total_yuan,
    b.issued_pf_adjust_pct,
    CASE WHEN b.told_refusal IS NULL THEN b.issued_total_yuan - b.total_yuan END AS difference_yuan
FROM told AS b
LEFT JOIN factor AS f ON f.bill_id = b.bill_id
LEFT JOIN issued AS i ON i.bill_id = b.bill_id
