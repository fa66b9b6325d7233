-- Meter swaps whose readings are missing or odd: removal below the last reading, or a new meter that starts elsewhere than it last showed (换表示数缺失).
WITH hung AS (
    SELECT
        mp_id,
        meter_id,
        installed_at,
        removed_at,
        removal_order_no,
        multiplier,
        lead(meter_id) OVER (PARTITION BY mp_id ORDER BY installed_at, meter_id) AS next_meter_id,
        lead(installed_at) OVER (PARTITION BY mp_id ORDER BY installed_at, meter_id) AS next_installed_at,
        lead(install_order_no) OVER (PARTITION BY mp_id ORDER BY installed_at, meter_id) AS next_order_no,
        lead(multiplier) OVER (PARTITION BY mp_id ORDER BY installed_at, meter_id) AS next_multiplier
    FROM meter_installation
),
-- Swaps of late; they are judged in the month in which the new meter is read for the first time.
swap AS (
    SELECT *
    FROM hung
    WHERE
        removed_at IS NOT NULL
        AND next_meter_id IS NOT NULL
        AND next_meter_id <> meter_id
        AND removed_at >= CAST(add_months($month, -$months) AS TIMESTAMP)
        AND removed_at < CAST($month_end AS TIMESTAMP)
),
total_rows AS (
    SELECT mp_id, meter_id, bill_month, previous_value, previous_at, value, read_at, status, is_backward, energy_kwh
    FROM register_energy
    WHERE register = 'total' AND bill_month <= $month AND ym(bill_month) >= ym($month) - $months
),
first_read AS (
    SELECT s.mp_id, s.next_meter_id, min(r.bill_month) AS bill_month
    FROM swap AS s
    INNER JOIN total_rows AS r ON r.mp_id = s.mp_id AND r.meter_id = s.next_meter_id AND r.value IS NOT NULL
    GROUP BY s.mp_id, s.next_meter_id
),
last_read AS (
    SELECT s.mp_id, s.meter_id, max(r.bill_month) AS bill_month
    FROM swap AS s
    INNER JOIN total_rows AS r ON r.mp_id = s.mp_id AND r.meter_id = s.meter_id AND r.value IS NOT NULL
    GROUP BY s.mp_id, s.meter_id
),
-- The highest register that the acquisition system still froze of the meter that came down.
frozen AS (
    SELECT s.mp_id, s.meter_id, max(f.value) AS last_freeze
    FROM swap AS s
    INNER JOIN daily_freeze AS f ON f.mp_id = s.mp_id AND f.meter_id = s.meter_id
    WHERE f.register = 'total' AND f.day >= add_months($month, -$months) AND f.day <= CAST(s.removed_at AS DATE)
    GROUP BY s.mp_id, s.meter_id
),
-- What the new meter showed when it last came down somewhere: a meter that was used before does not start at zero.
used_before AS (
    SELECT r.meter_id, r.mp_id, r.bill_month, max(r.value) AS shown
    FROM reading AS r
    INNER JOIN swap AS s ON s.next_meter_id = r.meter_id
    WHERE r.register = 'total' AND r.value IS NOT NULL AND r.mp_id <> s.mp_id AND r.read_at <= s.next_installed_at
    GROUP BY r.meter_id, r.mp_id, r.bill_month
    QUALIFY row_number() OVER (PARTITION BY r.meter_id ORDER BY r.bill_month DESC, r.mp_id) = 1
),
judged AS (
    SELECT
        s.mp_id,
        s.meter_id,
        s.next_meter_id,
        s.removed_at,
        s.next_installed_at,
        COALESCE(s.removal_order_no, s.next_order_no) AS order_no,
        s.multiplier,
        s.next_multiplier,
        o.previous_value AS last_value,
        o.value AS removal_value,
        f.last_freeze,
        n.previous_value AS start_value,
        u.shown AS used_before_value,
        COALESCE(u.shown, 0) AS expected_start,
        -- The meter's last reading was taken before it came down: what it showed then is not on record.
        o.read_at IS NULL OR date_diff('day', CAST(o.read_at AS DATE), CAST(s.removed_at AS DATE)) > $day_slack AS removal_missing,
        COALESCE(o.is_backward, FALSE) AS removal_below_last,
        n.previous_value IS NULL AS start_missing,
        ABS(n.previous_value - COALESCE(u.shown, 0)) > CASE WHEN u.meter_id IS NULL THEN $new_meter_register ELSE $used_meter_register END AS start_differs
    FROM swap AS s
    INNER JOIN first_read AS fr ON fr.mp_id = s.mp_id AND fr.next_meter_id = s.next_meter_id AND fr.bill_month = $month
    INNER JOIN total_rows AS n ON n.mp_id = s.mp_id AND n.meter_id = s.next_meter_id AND n.bill_month = $month
    LEFT JOIN last_read AS lr ON lr.mp_id = s.mp_id AND lr.meter_id = s.meter_id
    LEFT JOIN total_rows AS o ON o.mp_id = s.mp_id AND o.meter_id = s.meter_id AND o.bill_month = lr.bill_month
    LEFT JOIN frozen AS f ON f.mp_id = s.mp_id AND f.meter_id = s.meter_id
    LEFT JOIN used_before AS u ON u.meter_id = s.next_meter_id
),
found AS (
    SELECT
        *,
        CASE
            WHEN removal_below_last THEN 'removal_below_last'
            WHEN removal_missing THEN 'removal_missing'
            WHEN start_missing THEN 'start_missing'
            ELSE 'start_differs'
        END AS kind,
        CASE
            WHEN removal_below_last THEN CAST(last_value - removal_value AS DECIMAL(38, 4)) * multiplier
            WHEN removal_missing AND last_freeze > COALESCE(removal_value, last_value) THEN CAST(last_freeze - COALESCE(removal_value, last_value) AS DECIMAL(38, 4)) * multiplier
            WHEN removal_missing OR start_missing THEN NULL
            -- A start above what the meter showed is energy that nobody bills; a start below it is billed twice.
            ELSE CAST(start_value - expected_start AS DECIMAL(38, 4)) * next_multiplier
        END AS kwh
    FROM judged
    WHERE removal_below_last OR removal_missing OR start_missing OR start_differs
)
SELECT
    f.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    f.mp_id,
    CAST($month AS DATE) AS bill_month,
    f.kind,
    f.meter_id AS old_meter_id,
    f.next_meter_id AS new_meter_id,
    f.removed_at,
    f.order_no,
    f.last_value,
    f.removal_value,
    f.last_freeze,
    f.start_value,
    f.used_before_value,
    CAST(f.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(CAST(f.kwh AS DECIMAL(18, 4)) AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM found AS f
INNER JOIN metering_point AS p ON p.mp_id = f.mp_id
LEFT JOIN customer_price AS c ON c.customer_no = p.customer_no AND c.bill_month = $month
