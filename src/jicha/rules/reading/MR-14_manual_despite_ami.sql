-- Readings entered by hand although the acquisition system had the register of that day (采集成功仍手工录入).
SELECT
    f.mp_id AS subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    f.bill_month,
    f.meter_id,
    f.method,
    f.read_at,
    f.value AS billed_value,
    f.freeze_at_read AS freeze_value,
    f.gap_register,
    r.reader_id,
    -- The reading may lie anywhere between the freezes of two midnights: only what lies outside is at stake.
    CAST(-CAST(f.gap_register AS DECIMAL(38, 4)) * f.multiplier AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(
        CAST(CAST(-CAST(f.gap_register AS DECIMAL(38, 4)) * f.multiplier AS DECIMAL(18, 4)) AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2
    ) AS yuan_at_stake
FROM freeze_month AS f
INNER JOIN reading AS r ON r.mp_id = f.mp_id AND r.meter_id = f.meter_id AND r.bill_month = f.bill_month AND r.register = 'total'
LEFT JOIN customer_price AS c ON c.customer_no = f.customer_no AND c.bill_month = f.bill_month
WHERE
    f.bill_month = $month
    AND f.usage = 'billing'
    AND f.status = 'read'
    AND f.method IN ($methods)
    AND f.freeze_at_read IS NOT NULL
    -- The last reading of a meter that comes down is taken by the one who takes it down.
    AND NOT EXISTS (
        SELECT 1
        FROM meter_installation AS i
        WHERE
            i.mp_id = f.mp_id
            AND i.meter_id = f.meter_id
            AND CAST(i.removed_at AS DATE) = f.read_day
    )
