-- The multiplier (倍率) by which the energy is billed, against the ratios of the installation and of the instrument transformers in the ledger.
WITH used AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.usage,
        i.meter_id,
        i.installed_at,
        i.multiplier,
        i.pt_ratio,
        CAST(i.ct_ratio AS DECIMAL(38, 6)) * i.pt_ratio AS installation_product
    FROM metering_point AS p
    INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
    WHERE
        p.status IN ('running', 'stopped')
        AND i.installed_at < $month_end
        AND (i.removed_at IS NULL OR i.removed_at > $month)
    QUALIFY row_number() OVER (PARTITION BY i.mp_id, i.meter_id ORDER BY i.installed_at DESC) = 1
),

-- A transformer with taps, or one that was replaced, stands in the ledger with several ratios: any pair of them may be the one in use.
transformer_product AS (
    SELECT
        u.mp_id,
        u.meter_id,
        min(CAST(c.ratio AS DECIMAL(38, 6)) * COALESCE(v.ratio, u.pt_ratio)) AS lowest,
        max(CAST(c.ratio AS DECIMAL(38, 6)) * COALESCE(v.ratio, u.pt_ratio)) AS highest,
        bool_or(
            ABS(CAST(c.ratio AS DECIMAL(38, 6)) * COALESCE(v.ratio, u.pt_ratio) - u.multiplier)
            <= CAST($tolerance AS DECIMAL(38, 6)) * u.multiplier
        ) AS one_agrees
    FROM used AS u
    INNER JOIN instrument_transformer AS c ON c.mp_id = u.mp_id AND c.kind = 'ct'
    LEFT JOIN instrument_transformer AS v ON v.mp_id = u.mp_id AND v.kind = 'pt'
    GROUP BY u.mp_id, u.meter_id
),

compared AS (
    SELECT
        u.mp_id,
        u.customer_no,
        u.org_no,
        u.usage,
        u.meter_id,
        u.installed_at,
        u.multiplier,
        u.installation_product,
        t.lowest AS transformer_product,
        ABS(u.installation_product - u.multiplier) > CAST($tolerance AS DECIMAL(38, 6)) * u.installation_product AS installation_differs,
        COALESCE(NOT t.one_agrees, FALSE) AS transformers_differ,
        -- The nameplates go before the record of the installation; two different products of nameplates leave the right one open.
        CASE
            WHEN t.one_agrees THEN u.multiplier
            WHEN t.lowest = t.highest THEN t.lowest
            WHEN t.lowest IS NULL THEN u.installation_product
        END AS right_multiplier
    FROM used AS u
    LEFT JOIN transformer_product AS t ON t.mp_id = u.mp_id AND t.meter_id = u.meter_id
),

stake AS (
    SELECT
        c.mp_id,
        c.customer_no,
        c.org_no,
        c.usage,
        c.meter_id,
        c.installed_at,
        c.multiplier,
        c.installation_product,
        c.transformer_product,
        c.right_multiplier,
        r.delta_register,
        r.previous_at,
        r.read_at,
        CASE
            WHEN c.usage <> 'check'
                THEN CAST(CAST(r.delta_register AS DECIMAL(38, 4)) * (c.right_multiplier - c.multiplier) AS DECIMAL(38, 4))
        END AS owed_kwh
    FROM compared AS c
    LEFT JOIN register_energy AS r
        ON r.mp_id = c.mp_id AND r.meter_id = c.meter_id AND r.register = 'total' AND r.bill_month = $month
    WHERE c.installation_differs OR c.transformers_differ
)

SELECT
    s.mp_id AS subject_id,
    s.org_no,
    s.customer_no,
    s.mp_id,
    $month AS bill_month,
    CAST(s.previous_at AS DATE) AS period_from,
    CAST(s.read_at AS DATE) AS period_to,
    s.meter_id,
    s.installed_at,
    s.multiplier,
    s.installation_product,
    s.transformer_product,
    s.right_multiplier,
    s.delta_register,
    p.price_yuan_per_kwh,
    ABS(s.owed_kwh) AS kwh_at_stake,
    CASE WHEN s.usage = 'billing' THEN round_hu(CAST(ABS(s.owed_kwh) AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2) END AS yuan_at_stake,
    -- Energy that a generator delivered and that was not counted is owed to the customer.
    CASE
        WHEN s.owed_kwh IS NULL OR s.owed_kwh = 0 THEN NULL
        WHEN (s.owed_kwh > 0) = (s.usage = 'billing') THEN 'company'
        ELSE 'customer'
    END AS direction
FROM stake AS s
LEFT JOIN customer_price AS p ON p.customer_no = s.customer_no AND p.bill_month = $month
