-- What each billing meter showed in the audited month, in whole kWh by register (domain 4.1): CT × PT of the installation it
-- was read in, both meters of a swap, rollovers that the capacity makes possible. Null: the meter has no such register.
WITH installed AS (
    SELECT
        mp_id,
        meter_id,
        CAST(CAST(ct_ratio AS DECIMAL(38, 6)) * pt_ratio AS DECIMAL(24, 12)) AS ratio,
        -- A reading at the very moment of a change belongs to what was there before it, hence (from, until].
        CASE
            WHEN row_number() OVER (PARTITION BY mp_id, meter_id ORDER BY installed_at) = 1 THEN CAST('1900-01-01' AS TIMESTAMP)
            ELSE installed_at
        END AS from_at,
        COALESCE(lead(installed_at) OVER (PARTITION BY mp_id, meter_id ORDER BY installed_at), CAST('9999-12-31' AS TIMESTAMP)) AS until_at
    FROM meter_installation
),

dial AS (
    SELECT
        meter_id,
        -- The span of the register, 10^digits: the first value that it cannot show.
        CASE digits
            WHEN 3 THEN CAST(1000 AS DECIMAL(16, 4))
            WHEN 4 THEN CAST(10000 AS DECIMAL(16, 4))
            WHEN 5 THEN CAST(100000 AS DECIMAL(16, 4))
            WHEN 6 THEN CAST(1000000 AS DECIMAL(16, 4))
            WHEN 7 THEN CAST(10000000 AS DECIMAL(16, 4))
            WHEN 8 THEN CAST(100000000 AS DECIMAL(16, 4))
            WHEN 9 THEN CAST(1000000000 AS DECIMAL(16, 4))
        END AS dial_span
    FROM meter
),

shown AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.register,
        r.value,
        r.previous_value,
        r.previous_at,
        r.read_at,
        i.ratio,
        r.status <> 'read' OR r.value IS NULL OR (r.register <> 'max_demand' AND r.previous_value IS NULL) AS is_missing,
        COALESCE(r.register <> 'max_demand' AND r.value < r.previous_value, FALSE) AS is_falling
    FROM reading AS r
    SEMI JOIN metering_point AS p ON p.mp_id = r.mp_id AND p.usage = 'billing'
    LEFT JOIN installed AS i
        ON
            i.mp_id = r.mp_id
            AND i.meter_id = r.meter_id
            AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) > i.from_at
            AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) <= i.until_at
    WHERE r.bill_month = $month AND r.register <> 'reverse'
),

-- A falling register has passed its last number (翻转) where the capacity makes that possible; else it ran backwards.
fallen AS (
    SELECT
        s.mp_id,
        s.meter_id,
        s.register,
        d.dial_span,
        CASE
            WHEN d.dial_span IS NULL OR s.previous_value >= d.dial_span THEN FALSE
            WHEN COALESCE(c.running_kva, c.contract_kva) IS NULL
                THEN s.previous_value * 10 >= d.dial_span * 9 AND s.value * 10 <= d.dial_span
            ELSE
                CAST(s.value - s.previous_value + d.dial_span AS DECIMAL(38, 4)) * s.ratio
                <= CAST(CAST(COALESCE(c.running_kva, c.contract_kva) AS DECIMAL(38, 4))
                    * (GREATEST(COALESCE(date_diff('day', CAST(s.previous_at AS DATE), CAST(s.read_at AS DATE)), 31), 1) * u.day_hours) AS DECIMAL(38, 4))
                * u.rollover_capacity_factor
        END AS is_rollover
    FROM shown AS s
    INNER JOIN metering_point AS p ON p.mp_id = s.mp_id
    LEFT JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT JOIN dial AS d ON d.meter_id = s.meter_id
    LEFT JOIN billing_rule AS u ON $month >= u.rule_from AND $month < u.rule_to
    WHERE s.is_falling
),

energised AS (
    SELECT
        s.mp_id,
        s.register,
        s.is_missing,
        COALESCE(s.ratio, 0) = 0 AS has_no_ratio,
        s.is_falling AND NOT COALESCE(f.is_rollover, FALSE) AS is_backward,
        -- A thousand million is no energy of a month and no demand; it is cut there, so that no product of it overflows and stops
        -- the bills of everyone else.
        LEAST(CAST(
            CASE
                WHEN s.register = 'max_demand' THEN s.value
                WHEN f.is_rollover THEN s.value - s.previous_value + f.dial_span
                ELSE s.value - s.previous_value
            END AS DECIMAL(38, 4)
        ) * s.ratio, 1000000000) AS energy
    FROM shown AS s
    LEFT JOIN fallen AS f ON f.mp_id = s.mp_id AND f.meter_id = s.meter_id AND f.register = s.register
)

SELECT
    mp_id,
    CASE
        WHEN bool_or(is_missing) OR NOT bool_or(register IN ('total', 'sharp', 'peak', 'flat', 'valley', 'deep_valley')) THEN 'missing_reading'
        -- A register that falls without a ratio is no rollover that could be judged.
        WHEN bool_or(is_backward AND NOT has_no_ratio) THEN 'backward_register'
        WHEN bool_or(has_no_ratio) THEN 'no_multiplier'
    END AS refusal,
    round_hu(sum(energy) FILTER (WHERE register = 'total'), 0) AS kwh_total,
    round_hu(sum(energy) FILTER (WHERE register = 'sharp'), 0) AS kwh_sharp,
    round_hu(sum(energy) FILTER (WHERE register = 'peak'), 0) AS kwh_peak,
    round_hu(sum(energy) FILTER (WHERE register = 'flat'), 0) AS kwh_flat,
    round_hu(sum(energy) FILTER (WHERE register = 'valley'), 0) AS kwh_valley,
    round_hu(sum(energy) FILTER (WHERE register = 'deep_valley'), 0) AS kwh_deep_valley,
    round_hu(sum(energy) FILTER (WHERE register = 'reactive'), 0) AS kvarh,
    round_hu(max(energy) FILTER (WHERE register = 'max_demand'), 4) AS demand_kw
FROM energised
GROUP BY mp_id
