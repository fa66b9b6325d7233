WITH frozen AS (
    SELECT
        mp_id,
        min(freeze_energy_kwh) AS freeze_energy_kwh,
        bool_and(
            CAST(ABS(gap_register) AS DECIMAL(38, 4)) * multiplier
            <= GREATEST(CAST($tolerance_kwh AS DECIMAL(38, 4)), CAST(ABS(energy_kwh) AS DECIMAL(38, 4)) * $tolerance_share)
        ) AS confirmed
    FROM freeze_month
    WHERE bill_month = $month
    GROUP BY mp_id
),
judged AS (
    SELECT
        m.*,
        c.trade_code,
        CASE WHEN NOT m.has_swap THEN f.freeze_energy_kwh END AS freeze_energy_kwh,
        f.confirmed,
        m.energy_kwh >= $minimum_kwh
        AND NOT COALESCE(left(c.trade_code, 2) IN ($constant_trades) OR substr(c.trade_code, 2, 2) IN ($constant_trades), FALSE)
        AND NOT COALESCE(f.confirmed, FALSE)
        -- A meter that reads itself is not estimated, unless its own freeze contradicts the billed reading.
        AND (NOT m.all_ami OR f.confirmed IS NOT NULL) AS may_be_made_up
    FROM point_month AS m
    LEFT JOIN customer AS c ON c.customer_no = m.customer_no
    LEFT JOIN frozen AS f ON f.mp_id = m.mp_id
    WHERE
        m.bill_month = $month
        AND m.usage = 'billing'
        AND (m.estimated OR m.constant_run >= $cycles OR m.manual)
),
kinds AS (
    SELECT
        *,
        CASE
            WHEN estimated THEN 'estimated'
            WHEN may_be_made_up AND constant_run >= $cycles THEN 'same_energy'
            WHEN
                -- Neither estimated nor constant: what is left was entered by hand.
                may_be_made_up
                AND energy_mean_3 > 0
                AND ABS(energy_kwh - energy_mean_3) <= CAST(energy_mean_3 AS DECIMAL(38, 4)) * $band
                THEN 'equals_mean'
        END AS kind
    FROM judged
)
SELECT
    k.mp_id AS subject_id,
    k.org_no,
    k.customer_no,
    k.mp_id,
    k.bill_month,
    k.previous_on AS period_from,
    k.read_on AS period_to,
    k.kind,
    CASE WHEN k.estimated_run >= 2 THEN 2 ELSE 1 END AS severity,
    k.energy_kwh,
    k.energy_mean_3,
    k.estimated_run,
    k.constant_run,
    k.trade_code,
    k.freeze_energy_kwh,
    CAST(k.freeze_energy_kwh - k.energy_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(k.freeze_energy_kwh - k.energy_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM kinds AS k
LEFT JOIN customer_price AS c ON c.customer_no = k.customer_no AND c.bill_month = k.bill_month
WHERE k.kind IS NOT NULL
