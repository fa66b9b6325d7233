-- The billed register beside the frozen one (日冻结) on the days that matter. Only readings with at least one such freeze,
-- of the audited month and the three before it.
WITH billed AS (
    SELECT
        e.mp_id,
        e.meter_id,
        e.bill_month,
        e.customer_no,
        e.org_no,
        e.usage,
        e.method,
        e.status,
        e.previous_value,
        e.value,
        e.read_at,
        e.multiplier,
        e.energy_kwh,
        e.is_rollover,
        e.dial_span,
        CAST(e.previous_at AS DATE) AS previous_day,
        CAST(e.read_at AS DATE) AS read_day,
        p.planned_on
    FROM register_energy AS e
    LEFT JOIN customer AS c ON c.customer_no = e.customer_no
    LEFT JOIN reading_plan AS p ON p.reading_section = c.reading_section AND p.bill_month = e.bill_month
    WHERE e.register = 'total' AND e.bill_month >= add_months($month, -3) AND e.bill_month <= $month
),
wanted AS (
    SELECT mp_id, meter_id, bill_month, 'previous' AS place, previous_day AS day FROM billed
    UNION ALL
    SELECT mp_id, meter_id, bill_month, 'read' AS place, read_day AS day FROM billed
    UNION ALL
    SELECT mp_id, meter_id, bill_month, 'after' AS place, CAST(read_day + 1 * INTERVAL 1 DAY AS DATE) AS day FROM billed
    UNION ALL
    SELECT mp_id, meter_id, bill_month, 'planned' AS place, planned_on AS day FROM billed
),
found AS (
    SELECT
        w.mp_id,
        w.meter_id,
        w.bill_month,
        max(f.value) FILTER (WHERE w.place = 'previous') AS freeze_at_previous,
        max(f.value) FILTER (WHERE w.place = 'read') AS freeze_at_read,
        max(f.value) FILTER (WHERE w.place = 'after') AS freeze_after_read,
        max(f.value) FILTER (WHERE w.place = 'planned') AS freeze_at_planned
    FROM wanted AS w
    INNER JOIN daily_freeze AS f ON f.mp_id = w.mp_id AND f.day = w.day AND f.meter_id = w.meter_id
    WHERE f.register = 'total' AND f.value IS NOT NULL
    GROUP BY w.mp_id, w.meter_id, w.bill_month
),
placed AS (
    SELECT
        b.*,
        f.freeze_at_previous,
        f.freeze_at_read,
        f.freeze_after_read,
        f.freeze_at_planned,
        CAST(GREATEST(COALESCE(date_diff('day', b.previous_day, b.read_day), 1), 1) AS INTEGER) AS span_days,
        -- The use of the read day: up to the next freeze, or twice the mean since the last reading where that is missing.
        CASE
            WHEN f.freeze_after_read >= f.freeze_at_read THEN f.freeze_after_read - f.freeze_at_read
            ELSE GREATEST(
                COALESCE(
                    div_hu(
                        2 * (f.freeze_at_read - b.previous_value),
                        GREATEST(date_diff('day', b.previous_day, b.read_day), 1),
                        4
                    ),
                    0
                ),
                0
            )
        END AS day_use,
        CAST(hour(b.read_at) * 60 + minute(b.read_at) AS INTEGER) AS minutes
    FROM found AS f
    INNER JOIN billed AS b ON b.mp_id = f.mp_id AND b.meter_id = f.meter_id AND b.bill_month = f.bill_month
),
reached AS (
    SELECT
        *,
        -- The highest that the register can have shown at the moment of reading: load in a part of a day is at most four
        -- times its mean, so from 06:00 on all of the day's use has room, at 00:00 none.
        freeze_at_read + CASE
            WHEN minutes = 0 THEN 0
            WHEN minutes >= 360 THEN day_use
            ELSE div_hu(CAST(day_use AS DECIMAL(38, 4)) * LEAST(minutes * 4, 1440), 1440, 4)
        END AS highest
    FROM placed
),
gaps AS (
    SELECT
        *,
        CASE
            WHEN value < freeze_at_read THEN value - freeze_at_read
            WHEN value > highest THEN value - highest
            WHEN value IS NOT NULL AND freeze_at_read IS NOT NULL THEN 0
        END AS plain_gap,
        freeze_at_read - freeze_at_previous
        + CASE WHEN is_rollover AND freeze_at_read < freeze_at_previous THEN dial_span ELSE 0 END AS freeze_step
    FROM reached
)
SELECT
    mp_id,
    meter_id,
    bill_month,
    customer_no,
    org_no,
    usage,
    method,
    status,
    previous_value,
    value,
    read_at,
    read_day,
    planned_on,
    multiplier,
    energy_kwh,
    freeze_at_previous,
    freeze_at_read,
    freeze_after_read,
    freeze_at_planned,
    -- A register that wrapped between the freeze and the reading is not a gap of the whole dial.
    CAST(CASE
        WHEN ABS(plain_gap) * 2 > dial_span AND plain_gap < 0 THEN 0
        ELSE plain_gap
    END AS DECIMAL(16, 4)) AS gap_register,
    -- Most meters have no transformer: a product of 128 bits that is divided again costs them nothing.
    CASE
        WHEN multiplier = 1 THEN CAST(value - freeze_at_read AS DECIMAL(18, 4))
        ELSE CAST(CAST(value - freeze_at_read AS DECIMAL(38, 4)) * multiplier AS DECIMAL(18, 4))
    END AS difference_kwh,
    CASE
        WHEN multiplier = 1 THEN CAST(freeze_step AS DECIMAL(18, 4))
        ELSE CAST(CAST(freeze_step AS DECIMAL(38, 4)) * multiplier AS DECIMAL(18, 4))
    END AS freeze_energy_kwh,
    span_days
FROM gaps
