-- Energy of every register reading (domain 4.1): one row per metering point, meter, billing month and register.
WITH dial AS (
    SELECT
        meter_id,
        digits,
        decimals,
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
installed AS (
    SELECT
        mp_id,
        meter_id,
        multiplier,
        -- A reading at the very moment of a change belongs to what was there before it, hence (from, until].
        CASE
            WHEN row_number() OVER (PARTITION BY mp_id, meter_id ORDER BY installed_at) = 1 THEN CAST('1900-01-01' AS TIMESTAMP)
            ELSE installed_at
        END AS from_at,
        COALESCE(lead(installed_at) OVER (PARTITION BY mp_id, meter_id ORDER BY installed_at), CAST('9999-12-31' AS TIMESTAMP)) AS until_at
    FROM meter_installation
),
place AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.usage,
        p.district_id,
        COALESCE(c.running_kva, c.contract_kva) AS kva
    FROM metering_point AS p
    LEFT JOIN customer AS c ON c.customer_no = p.customer_no
),
joined AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.bill_month,
        r.register,
        p.customer_no,
        p.org_no,
        p.usage,
        p.district_id,
        p.kva,
        r.previous_value,
        r.previous_at,
        r.value,
        r.read_at,
        r.method,
        r.status,
        r.reader_id,
        r.edited_at,
        r.edited_by,
        d.digits,
        d.decimals,
        d.dial_span,
        i.multiplier,
        CASE WHEN r.register = 'max_demand' THEN NULL ELSE CAST(r.value - r.previous_value AS DECIMAL(16, 4)) END AS plain_delta
    FROM reading AS r
    LEFT JOIN place AS p ON p.mp_id = r.mp_id
    LEFT JOIN dial AS d ON d.meter_id = r.meter_id
    LEFT JOIN installed AS i
        ON i.mp_id = r.mp_id
        AND i.meter_id = r.meter_id
        AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) > i.from_at
        AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) <= i.until_at
),
-- The factor of the acceptance test, dated: one row a billing month.
month_rule AS (
    SELECT m.bill_month, u.rollover_capacity_factor
    FROM (SELECT DISTINCT bill_month FROM reading) AS m
    INNER JOIN billing_rule AS u ON m.bill_month >= u.rule_from AND m.bill_month < u.rule_to
),
judged AS (
    SELECT
        j.*,
        -- Acceptance test of a rollover: what it would mean must be physically possible, E <= S x hours x factor.
        -- Where the capacity is not known, only a step from the top tenth of the dial into the bottom tenth counts.
        CASE
            WHEN j.plain_delta IS NULL OR j.plain_delta >= 0 OR j.dial_span IS NULL OR j.previous_value >= j.dial_span THEN FALSE
            WHEN j.kva IS NULL OR j.multiplier IS NULL THEN j.previous_value * 10 >= j.dial_span * 9 AND j.value * 10 <= j.dial_span
            ELSE COALESCE(
                CAST(j.plain_delta + j.dial_span AS DECIMAL(38, 4)) * j.multiplier
                <= CAST(
                    CAST(j.kva AS DECIMAL(38, 4))
                    * (GREATEST(COALESCE(date_diff('day', CAST(j.previous_at AS DATE), CAST(j.read_at AS DATE)), 31), 1) * 24)
                    AS DECIMAL(32, 4)
                ) * u.rollover_capacity_factor,
                FALSE
            )
        END AS is_rollover
    FROM joined AS j
    LEFT JOIN month_rule AS u ON u.bill_month = j.bill_month
),
counted AS (
    SELECT
        *,
        CAST(CASE WHEN is_rollover THEN plain_delta + dial_span ELSE plain_delta END AS DECIMAL(16, 4)) AS delta_register
    FROM judged
)
SELECT
    mp_id,
    meter_id,
    bill_month,
    register,
    customer_no,
    org_no,
    usage,
    district_id,
    previous_value,
    previous_at,
    value,
    read_at,
    method,
    status,
    reader_id,
    edited_at,
    edited_by,
    CAST(digits AS INTEGER) AS digits,
    CAST(decimals AS INTEGER) AS decimals,
    dial_span,
    kva,
    multiplier,
    delta_register,
    is_rollover,
    COALESCE(plain_delta < 0 AND NOT is_rollover, FALSE) AS is_backward,
    -- Most meters have no transformer: a product of 128 bits that is divided again costs them nothing.
    CASE
        WHEN multiplier = 1 THEN CAST(delta_register AS DECIMAL(18, 4))
        ELSE CAST(CAST(delta_register AS DECIMAL(38, 4)) * multiplier AS DECIMAL(18, 4))
    END AS energy_kwh
FROM counted
