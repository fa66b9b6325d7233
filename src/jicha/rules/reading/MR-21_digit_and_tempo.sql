-- Readers whose hand-entered readings end in some digits far too often, or who read more meters an hour than one can walk to (末位/节奏异常).
WITH entered AS (
    SELECT
        r.reader_id,
        r.mp_id,
        r.meter_id,
        r.bill_month,
        r.read_at,
        p.org_no,
        p.district_id,
        -- The last digit before the point: it is what every meter shows and every reader writes down.
        CAST(r.value * 10000 AS BIGINT) // 10000 % 10 AS last_digit
    FROM reading AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    WHERE
        r.bill_month <= $month
        AND ym(r.bill_month) > ym($month) - $months
        AND r.method IN ($methods)
        AND r.status = 'read'
        AND r.value IS NOT NULL
        AND r.register <> 'max_demand'
        AND r.reader_id IS NOT NULL
),
by_digit AS (
    SELECT reader_id, last_digit, count(*) AS entries
    FROM entered
    GROUP BY reader_id, last_digit
),
digits AS (
    SELECT
        reader_id,
        CAST(sum(entries) AS BIGINT) AS entries,
        CAST(sum(CAST(entries AS DECIMAL(38, 0)) * entries) AS DECIMAL(38, 0)) AS square_sum,
        CAST(max(entries) AS BIGINT) AS most_entries
    FROM by_digit
    GROUP BY reader_id
),
-- χ² = 10 · Σ o² ÷ n − n, with n ÷ 10 expected of each of ten digits.
odd_digits AS (
    SELECT
        d.reader_id,
        d.entries,
        d.most_entries,
        div_hu(10 * d.square_sum - CAST(d.entries AS DECIMAL(38, 0)) * d.entries, d.entries, 3) AS chi_square
    FROM digits AS d
    WHERE
        d.entries >= $least_entries
        AND 10 * d.square_sum - CAST(d.entries AS DECIMAL(38, 0)) * d.entries > CAST(d.entries AS DECIMAL(38, 6)) * $chi_square
),
hours AS (
    SELECT
        reader_id,
        CAST(date_trunc('hour', read_at) AS TIMESTAMP) AS hour_at,
        count(DISTINCT meter_id) AS meters,
        count(DISTINCT district_id) AS districts
    FROM entered
    WHERE bill_month = $month
    GROUP BY reader_id, CAST(date_trunc('hour', read_at) AS TIMESTAMP)
),
fast AS (
    SELECT *
    FROM hours
    WHERE meters > $meters_per_hour AND districts >= $districts
    QUALIFY row_number() OVER (PARTITION BY reader_id ORDER BY meters DESC, hour_at) = 1
),
active AS (
    SELECT reader_id, min(org_no) AS org_no
    FROM entered
    WHERE bill_month = $month
    GROUP BY reader_id
)
SELECT
    a.reader_id AS subject_id,
    COALESCE(e.org_no, a.org_no) AS org_no,
    CAST($month AS DATE) AS bill_month,
    CASE
        WHEN d.reader_id IS NOT NULL AND f.reader_id IS NOT NULL THEN 'digits_and_tempo'
        WHEN d.reader_id IS NOT NULL THEN 'digits'
        ELSE 'tempo'
    END AS kind,
    e.name AS reader_name,
    d.entries,
    d.most_entries,
    d.chi_square,
    f.hour_at,
    f.meters,
    f.districts
FROM active AS a
LEFT JOIN employee AS e ON e.employee_id = a.reader_id
LEFT JOIN odd_digits AS d ON d.reader_id = a.reader_id
LEFT JOIN fast AS f ON f.reader_id = a.reader_id
WHERE d.reader_id IS NOT NULL OR f.reader_id IS NOT NULL
