WITH shifted AS (
    SELECT
        m.mp_id,
        m.org_no,
        m.customer_no,
        m.bill_month,
        m.read_on,
        pl.planned_on,
        pl.original_planned_on,
        pl.reading_section,
        pl.reader_id,
        date_diff('day', pl.planned_on, m.read_on) AS shift_days,
        c.closed_on,
        p.removed_on
    FROM point_month AS m
    INNER JOIN customer AS c ON c.customer_no = m.customer_no
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    INNER JOIN reading_plan AS pl ON pl.reading_section = c.reading_section AND pl.bill_month = $month
    WHERE m.bill_month = $month AND m.usage = 'billing' AND m.read_on IS NOT NULL AND NOT m.missed
)
SELECT
    s.mp_id AS subject_id,
    s.org_no,
    s.customer_no,
    s.mp_id,
    s.bill_month,
    s.planned_on,
    s.original_planned_on,
    s.read_on,
    s.shift_days,
    s.reading_section,
    s.reader_id,
    count(*) OVER (PARTITION BY s.reading_section) AS shifted_points_of_section
FROM shifted AS s
WHERE
    ABS(s.shift_days) >= $days
    -- The last reading of a customer that leaves is taken when it leaves.
    AND (s.closed_on IS NULL OR ABS(date_diff('day', s.closed_on, s.read_on)) > 1)
    AND (s.removed_on IS NULL OR ABS(date_diff('day', s.removed_on, s.read_on)) > 1)
