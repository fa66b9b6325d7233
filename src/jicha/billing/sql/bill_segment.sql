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
        CASE WHEN x.mp_id IS NOT NULL THEN GREATEST(t.period_from, x.valid_from) END AS scheme_from,
        CASE WHEN x.mp_id IS NOT NULL THEN LEAST(t.period_to, COALESCE(x.valid_to, t.period_to)) END AS scheme_to
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
        CASE WHEN p.price_from IS NOT NULL THEN GREATEST(s.scheme_from, p.price_from) END AS segment_from,
        CASE WHEN p.price_from IS NOT NULL THEN LEAST(s.scheme_to, p.price_to) END AS segment_to
    FROM scheme AS s
    LEFT JOIN billing_price AS p
        ON
            p.tariff_code = s.tariff_code
            AND p.voltage_code = s.voltage_code
            AND p.price_from < s.scheme_to
            AND p.price_to > s.scheme_from
),

-- Schemes of one point follow each other; where one begins before the one before it has ended, two are valid at once.
several AS (
    SELECT bill_id, mp_id
    FROM scheme
    GROUP BY bill_id, mp_id
    HAVING count(*) > 1
),

ordered AS (
    SELECT
        s.bill_id,
        s.mp_id,
        s.scheme_to,
        lead(s.scheme_from) OVER (PARTITION BY s.bill_id, s.mp_id ORDER BY s.scheme_from) AS next_from
    FROM scheme AS s
    SEMI JOIN several AS m ON m.bill_id = s.bill_id AND m.mp_id = s.mp_id
),

overlapping AS (
    SELECT DISTINCT bill_id, mp_id
    FROM ordered
    WHERE next_from < scheme_to
),

scheme_days AS (
    SELECT bill_id, mp_id, COALESCE(sum(date_diff('day', scheme_from, scheme_to)), 0) AS days
    FROM scheme
    GROUP BY bill_id, mp_id
),

-- The spans of a tariff's prices never overlap, so that fewer days than the scheme's mean a day without a price.
price_days AS (
    SELECT
        bill_id,
        mp_id,
        scheme_from,
        COALESCE(sum(date_diff('day', segment_from, segment_to)), 0) AS days,
        bool_or(is_ambiguous) AS is_ambiguous
    FROM priced
    GROUP BY bill_id, mp_id, scheme_from
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
        WHEN o.bill_id IS NOT NULL OR c.is_ambiguous THEN 'two_price_versions'
        WHEN k.days < p.days THEN 'no_scheme'
        WHEN n.tariff_code IS NULL THEN 'unknown_tariff'
        WHEN c.days < date_diff('day', p.scheme_from, p.scheme_to) THEN 'no_price'
        -- A basic charge is one of a month: a longer period has no one demand and no one share (as the Decimal engine says).
        WHEN
            p.parent_mp_id IS NULL
            AND p.basic_charge_mode <> 'none'
            AND p.period_to > CASE
                WHEN p.period_from = last_day(p.period_from) THEN last_day(add_months(p.period_from, 1))
                ELSE add_months(p.period_from, 1)
            END
            THEN 'impossible_period'
    END AS refusal
FROM priced AS p
INNER JOIN scheme_days AS k ON k.bill_id = p.bill_id AND k.mp_id = p.mp_id
LEFT JOIN price_days AS c ON c.bill_id = p.bill_id AND c.mp_id = p.mp_id AND c.scheme_from = p.scheme_from
LEFT JOIN overlapping AS o ON o.bill_id = p.bill_id AND o.mp_id = p.mp_id
LEFT JOIN known AS n ON n.tariff_code = p.tariff_code
