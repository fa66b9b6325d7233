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
        r.register,
        r.value,
        r.previous_value,
        r.status,
        i.ratio,
        d.dial_span,
        COALESCE(c.running_kva, c.contract_kva) AS kva,
        CAST(GREATEST(COALESCE(date_diff('day', CAST(r.previous_at AS DATE), CAST(r.read_at AS DATE)), 31), 1) AS DECIMAL(38, 0))
        * u.day_hours AS span_hours,
        u.rollover_capacity_factor
    FROM reading AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id AND p.usage = 'billing'
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT JOIN dial AS d ON d.meter_id = r.meter_id
    LEFT JOIN billing_rule AS u ON $month >= u.rule_from AND $month < u.rule_to
    LEFT JOIN installed AS i
        ON
            i.mp_id = r.mp_id
            AND i.meter_id = r.meter_id
            AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) > i.from_at
            AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) <= i.until_at
    WHERE r.bill_month = $month AND r.register <> 'reverse'
),

judged AS (
    SELECT
        mp_id,
        register,
        ratio,
        value,
        previous_value,
        status <> 'read' OR value IS NULL OR (register <> 'max_demand' AND previous_value IS NULL) AS is_missing,
        CASE
            WHEN value >= previous_value OR dial_span IS NULL OR previous_value >= dial_span THEN FALSE
            WHEN kva IS NULL THEN previous_value * 10 >= dial_span * 9 AND value * 10 <= dial_span
            ELSE
                CAST(value - previous_value + dial_span AS DECIMAL(38, 4)) * ratio
                <= CAST(CAST(kva AS DECIMAL(38, 4)) * span_hours AS DECIMAL(38, 4)) * rollover_capacity_factor
        END AS is_rollover,
        dial_span
    FROM shown
),

energised AS (
    SELECT
        mp_id,
        register,
        is_missing,
        COALESCE(ratio, 0) = 0 AS has_no_ratio,
        register <> 'max_demand' AND value < previous_value AND NOT is_rollover AS is_backward,
        CAST(
            CASE
                WHEN register = 'max_demand' THEN value
                WHEN is_rollover THEN value - previous_value + dial_span
                ELSE value - previous_value
            END AS DECIMAL(38, 4)
        ) * ratio AS energy
    FROM judged
)

SELECT
    mp_id,
    CASE
        WHEN bool_or(is_missing) THEN 'missing_reading'
        WHEN bool_or(has_no_ratio) THEN 'no_multiplier'
        WHEN bool_or(is_backward) THEN 'backward_register'
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
