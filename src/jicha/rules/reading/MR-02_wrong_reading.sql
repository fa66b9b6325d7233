WITH clock AS (
    -- The clock of these meters was off: their freeze may have been taken up to a day away.
    SELECT DISTINCT f.mp_id, f.meter_id
    FROM freeze_month AS f
    INNER JOIN meter_event AS e ON e.mp_id = f.mp_id AND e.meter_id = f.meter_id
    WHERE
        f.bill_month = $month
        AND e.code IN ($clock_event_codes)
        AND e.started_at <= f.read_at
        AND (e.ended_at IS NULL OR e.ended_at >= CAST(f.read_day - 1 * INTERVAL 1 DAY AS TIMESTAMP))
),
compared AS (
    SELECT
        f.*,
        CAST(ABS(f.gap_register) AS DECIMAL(38, 4)) * f.multiplier
        - CASE WHEN k.mp_id IS NULL THEN 0 ELSE COALESCE(div_hu(ABS(f.energy_kwh), f.span_days, 4), 0) END AS gap_kwh,
        GREATEST(
            CAST($tolerance_kwh AS DECIMAL(38, 4)),
            CAST(ABS(COALESCE(f.energy_kwh, 0)) AS DECIMAL(38, 4)) * $tolerance_share
        ) AS tolerance_kwh
    FROM freeze_month AS f
    LEFT JOIN clock AS k ON k.mp_id = f.mp_id AND k.meter_id = f.meter_id
    WHERE f.bill_month = $month AND f.gap_register <> 0 AND (f.method IS NULL OR f.method <> 'estimated')
)
SELECT
    d.mp_id AS subject_id,
    d.org_no,
    d.customer_no,
    d.mp_id,
    d.bill_month,
    d.meter_id,
    d.method,
    d.read_at,
    d.value AS billed_value,
    d.freeze_at_read AS freeze_value,
    d.freeze_after_read AS next_freeze_value,
    d.multiplier,
    d.energy_kwh,
    CAST(d.difference_kwh AS DECIMAL(18, 4)) AS difference_kwh,
    CAST(d.tolerance_kwh AS DECIMAL(18, 4)) AS tolerance_kwh,
    CAST(-d.difference_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(-d.difference_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM compared AS d
LEFT JOIN customer_price AS c ON c.customer_no = d.customer_no AND c.bill_month = d.bill_month
WHERE
    d.gap_kwh > d.tolerance_kwh
    -- On a swap day the freeze of 00:00 and the reading belong to different moments of different meters.
    AND NOT EXISTS (
        SELECT 1
        FROM meter_installation AS i
        WHERE
            i.mp_id = d.mp_id
            AND (CAST(i.installed_at AS DATE) = d.read_day OR CAST(i.removed_at AS DATE) = d.read_day)
    )
