WITH withheld AS (
    SELECT
        f.*,
        CAST(f.freeze_at_planned - f.value AS DECIMAL(38, 4)) * f.multiplier AS withheld_kwh
    FROM freeze_month AS f
    WHERE
        f.usage = 'billing'
        AND f.bill_month <= $month
        AND ym(f.bill_month) >= ym($month) - 3
        -- Settled before the planned day, the planned day's register is no measure (that shift is MR-11).
        AND f.read_day >= f.planned_on
        AND f.freeze_at_planned > f.value
        -- A register that wrapped after the planned day is behind its freeze without anything withheld.
        AND COALESCE(f.gap_register, -1) < 0
),
enough AS (
    SELECT
        *,
        withheld_kwh > GREATEST(
            CAST($minimum_kwh AS DECIMAL(38, 4)),
            CAST(ABS(COALESCE(energy_kwh, 0)) AS DECIMAL(38, 4)) * $share
        ) AS is_share,
        withheld_kwh > $once_kwh AS is_large
    FROM withheld
),
-- The cycle before this one, whatever the length of the cycle: the last reading month of the point.
last_cycle AS (
    SELECT e.mp_id, max(m.bill_month) AS bill_month
    FROM enough AS e
    INNER JOIN point_month AS m ON m.mp_id = e.mp_id
    WHERE e.bill_month = $month AND m.bill_month < $month AND ym(m.bill_month) >= ym($month) - 3
    GROUP BY e.mp_id
)
SELECT
    e.mp_id AS subject_id,
    e.org_no,
    e.customer_no,
    e.mp_id,
    e.bill_month,
    e.meter_id,
    CASE WHEN p.mp_id IS NOT NULL THEN 'two_cycles' ELSE 'large_once' END AS kind,
    e.planned_on,
    e.read_at,
    e.value AS billed_value,
    e.freeze_at_planned AS freeze_value,
    e.multiplier,
    e.energy_kwh,
    CAST(p.withheld_kwh AS DECIMAL(18, 4)) AS withheld_before_kwh,
    CAST(e.withheld_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(CAST(e.withheld_kwh AS DECIMAL(18, 4)) AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM enough AS e
LEFT JOIN last_cycle AS l ON l.mp_id = e.mp_id
LEFT JOIN enough AS p ON p.mp_id = e.mp_id AND p.meter_id = e.meter_id AND p.bill_month = l.bill_month AND p.is_share
LEFT JOIN customer_price AS c ON c.customer_no = e.customer_no AND c.bill_month = e.bill_month
WHERE
    e.bill_month = $month
    AND ((e.is_share AND p.mp_id IS NOT NULL) OR e.is_large)
