-- Tests that the customer asked for (申校) of which the working days to give the result ran out in the audited month.
WITH asked AS (
    SELECT
        t.test_id,
        t.mp_id,
        t.meter_id,
        p.org_no,
        p.customer_no,
        t.requested_at,
        t.tested_on,
        CASE WHEN t.result_at < $as_of THEN t.result_at END AS result_at,
        s.working_day_no AS requested_no
    FROM meter_test AS t
    INNER JOIN metering_point AS p ON p.mp_id = t.mp_id
    INNER JOIN working_day AS s ON s.day = CAST(t.requested_at AS DATE)
    WHERE t.kind = 'on_request'
)

SELECT
    a.mp_id AS subject_id,
    a.org_no,
    a.customer_no,
    a.mp_id,
    $month AS bill_month,
    a.test_id,
    a.meter_id,
    a.requested_at,
    a.tested_on,
    a.result_at,
    $working_days AS limit_working_days,
    w.day AS late_on,
    workdays(a.requested_at, COALESCE(CAST(a.result_at AS DATE), CAST($as_of - INTERVAL 1 DAY AS DATE))) AS working_days
FROM asked AS a
INNER JOIN working_day AS w ON w.is_working_day AND w.working_day_no = a.requested_no + $working_days + 1
WHERE
    w.day >= $month AND w.day < $month_end AND w.day < $as_of
    AND (a.result_at IS NULL OR CAST(a.result_at AS DATE) >= w.day)
QUALIFY row_number() OVER (PARTITION BY a.mp_id, a.requested_at ORDER BY a.test_id) = 1
