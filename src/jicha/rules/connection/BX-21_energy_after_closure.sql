-- Closed accounts (销户) whose meter still counts: the daily freezes of the audited month, or else its readings, rise after the closing day.
-- A meter that hangs at another point meanwhile counts for that one. Valued at the average price of the customer's last bill.
WITH closed AS (
    SELECT customer_no, org_no, closed_on
    FROM customer
    WHERE status = 'closed' AND closed_on < $as_of
),

point AS (
    SELECT p.mp_id, p.customer_no, c.org_no, c.closed_on
    FROM metering_point AS p
    INNER JOIN closed AS c ON c.customer_no = p.customer_no
    WHERE p.usage = 'billing' AND p.parent_mp_id IS NULL
),

hung AS (
    SELECT i.mp_id, i.meter_id, i.multiplier
    FROM meter_installation AS i
    SEMI JOIN point AS p ON p.mp_id = i.mp_id
    QUALIFY row_number() OVER (PARTITION BY i.mp_id, i.meter_id ORDER BY i.installed_at DESC) = 1
),

-- Where and when a meter of these points hangs elsewhere.
elsewhere AS (
    SELECT i.meter_id, i.mp_id, CAST(i.installed_at AS DATE) AS from_day, CAST(i.removed_at AS DATE) AS to_day
    FROM meter_installation AS i
    SEMI JOIN hung AS h ON h.meter_id = i.meter_id
),

frozen AS (
    SELECT
        p.mp_id,
        f.meter_id,
        f.day,
        f.value,
        lag(f.value) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS value_before,
        lag(f.day) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS day_before
    FROM daily_freeze AS f
    INNER JOIN point AS p ON p.mp_id = f.mp_id
    WHERE
        f.register = 'total'
        AND f.value IS NOT NULL
        AND f.day > p.closed_on
        AND f.day >= $month
        AND f.day <= $month_end
        AND f.day <= $as_of
),

read AS (
    SELECT
        p.mp_id,
        r.meter_id,
        CAST(r.previous_at AS DATE) AS day_before,
        CAST(r.read_at AS DATE) AS day,
        r.previous_value AS value_before,
        r.value
    FROM reading AS r
    INNER JOIN point AS p ON p.mp_id = r.mp_id
    WHERE
        r.bill_month = $month
        AND r.register = 'total'
        AND r.status = 'read'
        AND COALESCE(r.method <> 'estimated', TRUE)
        AND CAST(r.previous_at AS DATE) >= p.closed_on
        AND r.read_at < $as_of
        AND NOT EXISTS (SELECT 1 AS one FROM frozen AS f WHERE f.mp_id = r.mp_id)
),

span AS (
    SELECT mp_id, meter_id, day_before, day, value_before, value FROM frozen WHERE value > value_before
    UNION ALL
    SELECT mp_id, meter_id, day_before, day, value_before, value FROM read WHERE value > value_before
),

used AS (
    SELECT
        p.customer_no,
        min(s.mp_id) AS mp_id,
        min(s.meter_id) AS meter_id,
        min(s.day_before) AS used_from,
        max(s.day) AS used_to,
        sum(CAST(s.value - s.value_before AS DECIMAL(38, 4)) * h.multiplier) AS kwh
    FROM span AS s
    INNER JOIN point AS p ON p.mp_id = s.mp_id
    INNER JOIN hung AS h ON h.mp_id = s.mp_id AND h.meter_id = s.meter_id
    WHERE NOT EXISTS (
        SELECT 1 AS one
        FROM elsewhere AS e
        WHERE e.meter_id = s.meter_id AND e.mp_id <> s.mp_id AND e.from_day < s.day AND (e.to_day IS NULL OR e.to_day > s.day_before)
    )
    GROUP BY p.customer_no
    HAVING sum(CAST(s.value - s.value_before AS DECIMAL(38, 4)) * h.multiplier) > $min_kwh
),

last_bill AS (
    SELECT b.customer_no, div_hu(b.total_yuan, b.kwh, 6) AS price_yuan_per_kwh
    FROM bill AS b
    SEMI JOIN used AS u ON u.customer_no = b.customer_no
    WHERE b.kind = 'normal' AND b.kwh > 0 AND b.total_yuan > 0 AND b.bill_month <= $month
    QUALIFY row_number() OVER (PARTITION BY b.customer_no ORDER BY b.bill_month DESC, b.bill_id) = 1
)

SELECT
    u.customer_no AS subject_id,
    c.org_no,
    u.customer_no,
    u.mp_id,
    u.used_from AS period_from,
    u.used_to AS period_to,
    CAST(u.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    CAST(round_hu(CAST(u.kwh AS DECIMAL(38, 4)) * l.price_yuan_per_kwh, 2) AS DECIMAL(18, 2)) AS yuan_at_stake,
    c.closed_on,
    u.meter_id,
    l.price_yuan_per_kwh
FROM used AS u
INNER JOIN closed AS c ON c.customer_no = u.customer_no
LEFT JOIN last_bill AS l ON l.customer_no = u.customer_no
