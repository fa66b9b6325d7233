WITH points AS (
    SELECT customer_no, count(*) AS point_count
    FROM metering_point
    WHERE usage = 'billing'
    GROUP BY customer_no
),
backward AS (
    SELECT
        e.*,
        ABS(e.energy_kwh) AS fall_kwh,
        -- The bill of a customer with one point took the fall for a rollover: that energy was never used.
        n.point_count = 1
        AND e.register = 'total'
        AND ABS(b.normal_kwh - CAST(e.delta_register + e.dial_span AS DECIMAL(38, 4)) * e.multiplier) <= 3 AS billed_through_zero,
        b.normal_kwh
    FROM register_energy AS e
    LEFT JOIN points AS n ON n.customer_no = e.customer_no
    LEFT JOIN customer_month AS b ON b.customer_no = e.customer_no AND b.bill_month = e.bill_month
    WHERE e.bill_month = $month AND e.is_backward
),
fell AS (
    SELECT
        e.mp_id,
        e.meter_id,
        e.bill_month,
        e.customer_no,
        e.org_no,
        e.register,
        e.previous_at,
        e.read_at,
        e.previous_value AS compared_value,
        e.value AS found_value,
        e.digits,
        e.multiplier,
        'fell_in_cycle' AS kind,
        CASE WHEN COALESCE(e.billed_through_zero, FALSE) THEN e.normal_kwh ELSE e.fall_kwh END AS kwh,
        CASE WHEN COALESCE(e.billed_through_zero, FALSE) THEN 'customer' ELSE 'company' END AS direction
    FROM backward AS e
),
month_rows AS (
    SELECT *
    FROM register_energy
    WHERE bill_month = $month AND register = 'total' AND previous_value IS NOT NULL
),
-- The start of the month is not the end of any recent cycle of this meter: the chain of readings is broken.
unlinked AS (
    SELECT e.*
    FROM month_rows AS e
    WHERE NOT EXISTS (
        SELECT 1
        FROM register_energy AS l
        WHERE
            l.mp_id = e.mp_id
            AND l.meter_id = e.meter_id
            AND l.register = 'total'
            AND l.value = e.previous_value
            AND l.bill_month < $month
            AND ym(l.bill_month) >= ym($month) - $chain_months
    )
),
broken AS (
    SELECT
        e.mp_id,
        e.meter_id,
        e.bill_month,
        e.customer_no,
        e.org_no,
        e.register,
        l.read_at AS previous_at,
        e.previous_at AS read_at,
        l.value AS compared_value,
        e.previous_value AS found_value,
        e.digits,
        e.multiplier,
        CASE WHEN e.previous_value < l.value THEN 'start_below_last_end' ELSE 'start_above_last_end' END AS kind,
        CAST(ABS(e.previous_value - l.value) AS DECIMAL(38, 4)) * e.multiplier AS kwh,
        CASE WHEN e.previous_value < l.value THEN 'customer' ELSE 'company' END AS direction,
        e.value AS end_value,
        l.bill_month AS last_month,
        l.read_at AS last_read_at
    FROM unlinked AS e
    INNER JOIN register_energy AS l ON l.mp_id = e.mp_id AND l.meter_id = e.meter_id
    WHERE
        l.register = 'total'
        AND l.value IS NOT NULL
        AND l.bill_month < $month
        AND ym(l.bill_month) >= ym($month) - $chain_months
    QUALIFY row_number() OVER (PARTITION BY e.mp_id, e.meter_id ORDER BY l.bill_month DESC) = 1
),
gaps AS (
    SELECT b.*
    FROM broken AS b
    WHERE
        b.kwh >= $gap_kwh
        -- A start above the last end long after it means a cycle that the extract lacks, not energy that nobody billed.
        AND (
            b.kind = 'start_below_last_end'
            OR CASE
                WHEN b.read_at IS NULL OR b.last_read_at IS NULL THEN ym($month) - ym(b.last_month) <= $unknown_gap_months
                ELSE date_diff('day', CAST(b.last_read_at AS DATE), CAST(b.read_at AS DATE)) <= $day_slack
            END
        )
        -- The end of this cycle is the start of one billed before it: the two were only issued in the wrong order.
        AND NOT EXISTS (
            SELECT 1
            FROM register_energy AS o
            WHERE
                o.mp_id = b.mp_id
                AND o.meter_id = b.meter_id
                AND o.register = 'total'
                AND o.previous_value = b.end_value
                AND o.bill_month < $month
                AND ym(o.bill_month) >= ym($month) - $chain_months
        )
        -- Taken down and put up again in between, or put right by a correction order.
        AND NOT EXISTS (
            SELECT 1
            FROM meter_installation AS i
            WHERE i.mp_id = b.mp_id AND i.meter_id = b.meter_id AND i.installed_at >= COALESCE(b.last_read_at, CAST(b.last_month AS TIMESTAMP))
        )
        AND NOT EXISTS (
            SELECT 1
            FROM back_bill AS k
            WHERE k.customer_no = b.customer_no AND k.bill_month BETWEEN b.last_month AND $month
        )
),
found AS (
    SELECT mp_id, meter_id, bill_month, customer_no, org_no, register, previous_at, read_at, compared_value, found_value, digits, multiplier, kind, kwh, direction
    FROM fell
    UNION ALL
    SELECT mp_id, meter_id, bill_month, customer_no, org_no, register, previous_at, read_at, compared_value, found_value, digits, multiplier, kind, kwh, direction
    FROM gaps
),
one_each AS (
    SELECT f.*
    FROM found AS f
    LEFT JOIN customer AS c ON c.customer_no = f.customer_no
    WHERE
        -- A generator behind the meter with a reversed CT turns it back; one that exports all through a meter of its own does not.
        NOT (
            f.kind = 'fell_in_cycle'
            AND COALESCE(c.has_generation, FALSE)
            AND NOT EXISTS (SELECT 1 FROM generation_asset AS g WHERE g.customer_no = f.customer_no AND g.mode = 'full_export')
        )
        AND NOT EXISTS (
            SELECT 1
            FROM generation_asset AS g
            WHERE
                f.kind = 'fell_in_cycle'
                AND g.customer_no = f.customer_no
                AND g.mode <> 'full_export'
                AND COALESCE(g.connected_on, g.accepted_on) <= CAST(f.read_at AS DATE)
        )
        -- Programming or clearing sets the register back: an event with its own topic, not a register that runs backwards.
        AND NOT EXISTS (
            SELECT 1
            FROM meter_event AS e
            WHERE
                e.mp_id = f.mp_id
                AND e.meter_id = f.meter_id
                AND e.code IN ($reset_event_codes)
                AND e.started_at > f.previous_at
                AND e.started_at <= f.read_at
        )
    QUALIFY row_number() OVER (
        PARTITION BY f.mp_id, f.meter_id, f.kind
        ORDER BY CASE WHEN f.register = 'total' THEN 0 ELSE 1 END, f.kwh DESC, f.register
    ) = 1
)
SELECT
    o.mp_id AS subject_id,
    o.org_no,
    o.customer_no,
    o.mp_id,
    o.bill_month,
    CAST(o.previous_at AS DATE) AS period_from,
    CAST(o.read_at AS DATE) AS period_to,
    o.meter_id,
    o.register,
    o.kind,
    o.compared_value,
    o.found_value,
    o.digits,
    o.multiplier,
    CAST(CASE WHEN o.register = 'reactive' THEN NULL ELSE o.kwh END AS DECIMAL(18, 4)) AS kwh_at_stake,
    CASE WHEN o.register = 'reactive' THEN NULL ELSE round_hu(CAST(o.kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) END AS yuan_at_stake,
    CASE WHEN o.register = 'reactive' THEN NULL ELSE o.direction END AS direction
FROM one_each AS o
LEFT JOIN customer_price AS c ON c.customer_no = o.customer_no AND c.bill_month = o.bill_month
