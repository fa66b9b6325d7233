-- Each billing point of each bill, cut wherever its scheme or one of its prices changes inside the period (分段).
WITH point AS (
    SELECT b.bill_id, b.period_from, b.period_to, b.days, p.mp_id, p.parent_mp_id, p.metering_mode
    FROM rebill_bill AS b
    INNER JOIN metering_point AS p ON p.customer_no = b.customer_no
    WHERE b.refusal IS NULL AND p.usage = 'billing' AND p.status <> 'planned'
),

scheme AS (
    SELECT
        t.bill_id,
        t.mp_id,
        t.parent_mp_id,
        t.metering_mode,
        t.period_from,
        t.period_to,
        t.days,
        x.tariff_code,
        x.voltage_code,
        x.tou,
        x.pf_standard,
        x.basic_charge_mode,
        x.contract_demand_kw,
        x.step_scheme,
        x.fixed_ratio,
        x.fixed_kwh,
        x.line_loss_pct,
        x.transformer_loss,
        GREATEST(t.period_from, x.valid_from) AS scheme_from,
        LEAST(t.period_to, COALESCE(x.valid_to, t.period_to)) AS scheme_to
    FROM point AS t
    LEFT JOIN price_scheme AS x
        ON x.mp_id = t.mp_id AND x.valid_from < t.period_to AND (x.valid_to IS NULL OR x.valid_to > t.period_from)
),

known AS (
    SELECT DISTINCT tariff_code
    FROM billing_price
),

priced AS (
    SELECT
        s.*,
        p.price_from,
        p.is_ambiguous,
        p.is_own,
        GREATEST(s.scheme_from, p.price_from) AS segment_from,
        LEAST(s.scheme_to, p.price_to) AS segment_to
    FROM scheme AS s
    LEFT JOIN billing_price AS p
        ON
            p.tariff_code = s.tariff_code
            AND p.voltage_code = s.voltage_code
            AND p.price_from < s.scheme_to
            AND p.price_to > s.scheme_from
),

-- The days that schemes and prices cover say whether one is missing (fewer) or two are valid at once (more).
covered AS (
    SELECT
        bill_id,
        mp_id,
        min(days) AS days,
        sum(date_diff('day', segment_from, segment_to)) AS priced_days,
        bool_or(is_ambiguous) AS is_ambiguous
    FROM priced
    GROUP BY bill_id, mp_id
),

covered_scheme AS (
    SELECT bill_id, mp_id, COALESCE(sum(date_diff('day', scheme_from, scheme_to)), 0) AS scheme_days
    FROM scheme
    WHERE tariff_code IS NOT NULL
    GROUP BY bill_id, mp_id
)

SELECT
    p.bill_id,
    p.mp_id,
    p.parent_mp_id,
    p.metering_mode,
    p.segment_from,
    p.segment_to,
    date_diff('day', p.period_from, p.segment_from) AS first_day,
    date_diff('day', p.period_from, p.segment_to) AS last_day,
    p.days AS period_days,
    p.segment_to = p.period_to AS is_last,
    p.tariff_code,
    p.voltage_code,
    p.price_from,
    p.is_own,
    p.tou,
    p.pf_standard,
    p.basic_charge_mode,
    p.contract_demand_kw,
    p.step_scheme,
    p.fixed_ratio,
    p.fixed_kwh,
    p.line_loss_pct,
    p.transformer_loss,
    CASE
        WHEN c.is_ambiguous OR COALESCE(k.scheme_days, 0) > c.days OR c.priced_days > c.days THEN 'two_price_versions'
        WHEN COALESCE(k.scheme_days, 0) < c.days THEN 'no_scheme'
        WHEN n.tariff_code IS NULL THEN 'unknown_tariff'
        WHEN c.priced_days IS NULL OR c.priced_days < c.days THEN 'no_price'
    END AS refusal
FROM priced AS p
INNER JOIN covered AS c ON c.bill_id = p.bill_id AND c.mp_id = p.mp_id
LEFT JOIN covered_scheme AS k ON k.bill_id = p.bill_id AND k.mp_id = p.mp_id
LEFT JOIN known AS n ON n.tariff_code = p.tariff_code
