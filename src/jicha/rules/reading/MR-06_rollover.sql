WITH wrapped AS (
    SELECT
        e.*,
        CAST(e.value + e.dial_span - e.previous_value AS DECIMAL(38, 4)) * e.multiplier AS wrapped_kwh,
        CAST(e.kva AS DECIMAL(38, 4)) * $capacity_factor
        * (GREATEST(COALESCE(date_diff('day', CAST(e.previous_at AS DATE), CAST(e.read_at AS DATE)), 31), 1) * 24) AS limit_kwh
    FROM register_energy AS e
    WHERE
        e.bill_month = $month
        AND e.register <> 'max_demand'
        AND e.value < e.previous_value
        AND e.previous_value * 10 >= e.dial_span * 9
        -- A register cannot show more than its span: there the archive has the wrong number of digits.
        AND e.previous_value < e.dial_span
        -- Still in the upper half it did not wrap: MR-05.
        AND (e.is_rollover OR e.value * 2 < e.dial_span)
    QUALIFY row_number() OVER (
        PARTITION BY e.mp_id, e.meter_id
        ORDER BY CASE WHEN e.register = 'total' THEN 0 ELSE 1 END, e.register
    ) = 1
),
points AS (
    SELECT customer_no, count(*) AS point_count
    FROM metering_point
    WHERE usage = 'billing'
    GROUP BY customer_no
),
judged AS (
    SELECT
        w.*,
        b.normal_kwh AS billed_kwh,
        CASE
            WHEN NOT w.is_rollover THEN GREATEST(w.wrapped_kwh - w.limit_kwh, 0)
            -- The bill of a point that is the customer's only one must hold what the register counted through zero.
            WHEN w.register = 'total' AND w.usage = 'billing' AND n.point_count = 1 AND b.normal_kwh IS NOT NULL
                THEN CASE WHEN w.wrapped_kwh - b.normal_kwh > 1 THEN w.wrapped_kwh - b.normal_kwh ELSE 0 END
        END AS kwh
    FROM wrapped AS w
    LEFT JOIN customer_month AS b ON b.customer_no = w.customer_no AND b.bill_month = w.bill_month
    LEFT JOIN points AS n ON n.customer_no = w.customer_no
)
SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    j.bill_month,
    CAST(j.previous_at AS DATE) AS period_from,
    CAST(j.read_at AS DATE) AS period_to,
    CASE WHEN j.is_rollover THEN 1 ELSE 2 END AS severity,
    CASE WHEN j.is_rollover THEN 'plausible' ELSE 'implausible' END AS kind,
    j.meter_id,
    j.register,
    j.digits,
    j.previous_value,
    j.value,
    j.multiplier,
    CAST(j.wrapped_kwh AS DECIMAL(18, 4)) AS wrapped_kwh,
    CAST(j.limit_kwh AS DECIMAL(18, 4)) AS limit_kwh,
    j.billed_kwh,
    CAST(j.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(j.kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN j.is_rollover THEN 'company' ELSE 'customer' END AS direction
FROM judged AS j
LEFT JOIN customer_price AS c ON c.customer_no = j.customer_no AND c.bill_month = j.bill_month
