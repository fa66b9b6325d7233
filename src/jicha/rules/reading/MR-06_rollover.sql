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
        -- Still in the top tenth it did not go through zero: a fall, MR-05 alone.
        AND (e.is_rollover OR e.value * 10 < e.dial_span * 9)
    QUALIFY row_number() OVER (
        PARTITION BY e.mp_id, e.meter_id
        ORDER BY CASE WHEN e.register = 'total' THEN 0 ELSE 1 END, e.register
    ) = 1
),
-- What the customer's bill must hold: the energy of all its main meters, counted through zero.
due AS (
    SELECT
        m.customer_no,
        CASE WHEN count(*) = count(m.energy_kwh) THEN sum(m.energy_kwh) END AS due_kwh
    FROM point_month AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE m.bill_month = $month AND m.usage = 'billing' AND p.parent_mp_id IS NULL
    GROUP BY m.customer_no
),
judged AS (
    SELECT
        w.*,
        d.due_kwh,
        b.normal_kwh AS billed_kwh,
        CASE
            WHEN NOT w.is_rollover THEN GREATEST(w.wrapped_kwh - w.limit_kwh, 0)
            ELSE LEAST(d.due_kwh - b.normal_kwh, w.wrapped_kwh)
        END AS kwh
    FROM wrapped AS w
    LEFT JOIN customer_month AS b ON b.customer_no = w.customer_no AND b.bill_month = w.bill_month
    LEFT JOIN due AS d ON d.customer_no = w.customer_no
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
    CAST(j.due_kwh AS DECIMAL(18, 4)) AS due_kwh,
    j.billed_kwh,
    CAST(j.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(j.kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN j.is_rollover THEN 'company' ELSE 'customer' END AS direction
FROM judged AS j
LEFT JOIN customer_price AS c ON c.customer_no = j.customer_no AND c.bill_month = j.bill_month
-- A possible rollover that the bill has counted through zero is in order.
WHERE NOT (j.is_rollover AND COALESCE(j.kwh, $billed_tolerance_kwh + 1) <= $billed_tolerance_kwh)
