-- Meters whose test on site (现场检验) showed an error beyond the limit and that were not replaced within the working days that are allowed.
WITH failed AS (
    SELECT
        t.test_id,
        t.mp_id,
        t.meter_id,
        t.kind AS test_kind,
        t.tested_on,
        t.error_pct,
        t.limit_pct,
        p.org_no,
        p.customer_no,
        -- Whatever ended the use of the meter: what the test record says, or the removal in the ledger.
        LEAST(CAST(t.replaced_at AS DATE), CAST(i.removed_at AS DATE)) AS replaced_on
    FROM meter_test AS t
    INNER JOIN metering_point AS p ON p.mp_id = t.mp_id
    LEFT JOIN meter_installation AS i
        ON i.mp_id = t.mp_id AND i.meter_id = t.meter_id AND CAST(i.installed_at AS DATE) <= t.tested_on AND CAST(i.removed_at AS DATE) >= t.tested_on
    WHERE
        t.kind IN ($kinds)
        AND t.tested_on < $as_of
        AND (NOT COALESCE(t.passed, TRUE) OR COALESCE(ABS(t.error_pct) > t.limit_pct, FALSE))
    QUALIFY row_number() OVER (PARTITION BY t.mp_id, t.meter_id, t.tested_on ORDER BY t.test_id) = 1
),

late AS (
    SELECT f.*, w.day AS late_on
    FROM failed AS f
    INNER JOIN working_day AS s ON s.day = f.tested_on
    INNER JOIN working_day AS w ON w.is_working_day AND w.working_day_no = s.working_day_no + $working_days + 1
    WHERE
        w.day >= $month AND w.day < $month_end AND w.day < $as_of
        AND (f.replaced_on IS NULL OR f.replaced_on >= w.day)
),

-- A second test that the meter passed shows that the first was wrong.
retested AS (
    SELECT l.test_id
    FROM late AS l
    INNER JOIN meter_test AS t ON t.mp_id = l.mp_id AND t.meter_id = l.meter_id
    WHERE t.kind IN ($kinds) AND t.passed AND t.tested_on >= l.tested_on AND t.tested_on < l.late_on AND t.test_id <> l.test_id
)

SELECT
    l.mp_id AS subject_id,
    l.org_no,
    l.customer_no,
    l.mp_id,
    $month AS bill_month,
    l.test_id,
    l.meter_id,
    l.test_kind,
    l.tested_on,
    l.error_pct,
    l.limit_pct,
    CASE WHEN l.replaced_on < $as_of THEN l.replaced_on END AS replaced_on,
    l.late_on,
    workdays(CAST(l.tested_on AS TIMESTAMP), COALESCE(
        CASE WHEN l.replaced_on < $as_of THEN l.replaced_on END, CAST($as_of - INTERVAL 1 DAY AS DATE)
    )) AS working_days
FROM late AS l
ANTI JOIN retested AS r ON r.test_id = l.test_id
