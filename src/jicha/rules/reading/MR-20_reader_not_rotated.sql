-- Reading sections that the same reader has read for too long, where the station has another reader (抄表员未轮换).
WITH plan AS (
    SELECT
        reading_section,
        org_no,
        bill_month,
        reader_id,
        lag(reader_id) OVER (PARTITION BY reading_section ORDER BY bill_month) AS reader_before
    FROM reading_plan
    WHERE bill_month <= $month AND reader_id IS NOT NULL
),
-- The month in which somebody else, or the first known reader, took the section over.
taken AS (
    SELECT
        reading_section,
        max(bill_month) FILTER (WHERE reader_before IS DISTINCT FROM reader_id) AS since_month
    FROM plan
    GROUP BY reading_section
),
known AS (
    SELECT org_no, employee_id AS reader_id
    FROM employee
    WHERE post = 'reader' AND (left_on IS NULL OR left_on > $as_of) AND hired_on IS NOT NULL AND hired_on <= $as_of
    UNION
    SELECT org_no, reader_id
    FROM reading_plan
    WHERE bill_month = $month AND reader_id IS NOT NULL
),
readers AS (
    SELECT org_no, count(*) AS readers
    FROM known
    GROUP BY org_no
)
SELECT
    p.reading_section AS subject_id,
    p.org_no,
    p.bill_month,
    p.reader_id,
    t.since_month,
    CAST(ym($month) - ym(t.since_month) + 1 AS INTEGER) AS months_read,
    r.readers
FROM plan AS p
INNER JOIN taken AS t ON t.reading_section = p.reading_section
INNER JOIN readers AS r ON r.org_no = p.org_no
WHERE
    p.bill_month = $month
    AND ym($month) - ym(t.since_month) + 1 > $months
    AND r.readers > 1
