-- Bills issued more working days after the last reading of the month than allowed (发行超期).
WITH issued AS (
    SELECT bill_id, customer_no, org_no, bill_month, period_from, period_to, total_yuan, issued_at, calculated_at
    FROM bill
    WHERE bill_month = $month AND kind = 'normal' AND issued_at IS NOT NULL
),

last_reading AS (
    SELECT p.customer_no, max(r.read_at) AS read_at
    FROM reading AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    WHERE r.bill_month = $month AND r.status = 'read' AND r.read_at IS NOT NULL AND p.usage = 'billing'
    GROUP BY p.customer_no
),

elapsed AS (
    SELECT i.bill_id, w.working_day_no - f.working_day_no AS working_days, l.read_at
    FROM issued AS i
    INNER JOIN last_reading AS l ON l.customer_no = i.customer_no
    INNER JOIN working_day AS f ON f.day = CAST(l.read_at AS DATE)
    INNER JOIN working_day AS w ON w.day = CAST(i.issued_at AS DATE)
    WHERE l.read_at <= i.issued_at
)

SELECT
    i.bill_id AS subject_id,
    i.org_no,
    i.customer_no,
    i.bill_month,
    i.period_from,
    i.period_to,
    e.read_at,
    i.calculated_at,
    i.issued_at,
    e.working_days,
    $most_days AS most_days,
    i.total_yuan AS bill_yuan
FROM issued AS i
INNER JOIN elapsed AS e ON e.bill_id = i.bill_id
WHERE e.working_days > $most_days
