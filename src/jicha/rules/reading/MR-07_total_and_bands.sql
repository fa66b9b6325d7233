WITH bands AS (
    SELECT
        mp_id,
        meter_id,
        min(customer_no) AS customer_no,
        min(org_no) AS org_no,
        min(multiplier) AS multiplier,
        min(decimals) AS decimals,
        min(CAST(previous_at AS DATE)) AS period_from,
        max(CAST(read_at AS DATE)) AS period_to,
        max(delta_register) FILTER (WHERE register = 'total') AS total_delta,
        sum(delta_register) FILTER (WHERE register <> 'total') AS band_delta,
        count(*) FILTER (WHERE register <> 'total') AS band_count,
        bool_or(is_backward) AS any_backward,
        count(*) AS register_count,
        count(delta_register) AS known_count,
        min(read_at) <> max(read_at) OR min(previous_at) <> max(previous_at) AS other_moments
    FROM register_energy
    WHERE bill_month = $month AND register IN ('total', 'sharp', 'peak', 'flat', 'valley', 'deep_valley')
    GROUP BY mp_id, meter_id
),
differing AS (
    SELECT
        *,
        total_delta - band_delta AS difference,
        -- Truncation of n + 1 registers can make this much: (n + 1) units of the last decimal.
        CAST(band_count + 1 AS DECIMAL(38, 4)) * CASE COALESCE(decimals, 2)
            WHEN 0 THEN CAST(1 AS DECIMAL(16, 4))
            WHEN 1 THEN CAST('0.1' AS DECIMAL(16, 4))
            WHEN 2 THEN CAST('0.01' AS DECIMAL(16, 4))
            WHEN 3 THEN CAST('0.001' AS DECIMAL(16, 4))
            ELSE CAST('0.0001' AS DECIMAL(16, 4))
        END AS truncation,
        -- Registers that were read at different minutes may differ by part of a day's use.
        CASE WHEN other_moments THEN div_hu(total_delta, GREATEST(date_diff('day', period_from, period_to), 1), 4) ELSE 0 END AS drift
    FROM bands
    WHERE band_count >= 2 AND register_count = known_count AND NOT any_backward
),
hits AS (
    SELECT d.*
    FROM differing AS d
    WHERE
        ABS(d.difference) > CAST(d.total_delta AS DECIMAL(38, 4)) * $tolerance_share
        AND CAST(ABS(d.difference) AS DECIMAL(38, 4)) > $minimum_register
        AND ABS(d.difference) > d.truncation + ABS(d.drift)
        -- A band that this meter delivered in another cycle and not in this one: a register is absent, the sum cannot be judged.
        AND NOT (
            d.difference > 0
            AND EXISTS (
                SELECT 1
                FROM register_energy AS h
                WHERE
                    h.mp_id = d.mp_id
                    AND h.meter_id = d.meter_id
                    AND h.bill_month < $month
                    AND ym(h.bill_month) >= ym($month) - 12
                    AND h.register IN ('sharp', 'peak', 'flat', 'valley', 'deep_valley')
                    AND NOT EXISTS (
                        SELECT 1
                        FROM register_energy AS n
                        WHERE n.mp_id = h.mp_id AND n.meter_id = h.meter_id AND n.register = h.register AND n.bill_month = $month
                    )
            )
        )
)
SELECT
    h.mp_id AS subject_id,
    h.org_no,
    h.customer_no,
    h.mp_id,
    CAST($month AS DATE) AS bill_month,
    h.period_from,
    h.period_to,
    h.meter_id,
    CAST(h.total_delta AS DECIMAL(16, 4)) AS total_delta,
    CAST(h.band_delta AS DECIMAL(16, 4)) AS band_delta,
    CAST(h.difference AS DECIMAL(16, 4)) AS difference,
    CAST(CAST(safe_div(ABS(h.difference), h.total_delta) AS DECIMAL(12, 6)) * 100 AS DECIMAL(12, 4)) AS difference_pct,
    h.band_count,
    h.decimals,
    h.multiplier,
    CAST(CAST(h.difference AS DECIMAL(38, 4)) * h.multiplier AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(CAST(h.difference AS DECIMAL(38, 4)) * h.multiplier AS DECIMAL(18, 4)) * CAST(c.price_yuan_per_kwh AS DECIMAL(38, 6)), 2) AS yuan_at_stake
FROM hits AS h
LEFT JOIN customer_price AS c ON c.customer_no = h.customer_no AND c.bill_month = $month
