-- Doubts about meter or reading (表计数据异议) of which the working days to answer ran out in the audited month.
WITH asked AS (
    SELECT
        c.complaint_no,
        c.org_no,
        c.customer_no,
        c.kind,
        c.received_at,
        CASE WHEN c.answered_at < $as_of THEN c.answered_at END AS answered_at,
        w.working_day_no AS received_no
    FROM complaint AS c
    INNER JOIN working_day AS w ON w.day = CAST(c.received_at AS DATE)
    WHERE c.kind IN ($kinds)
),

timed AS (
    SELECT
        a.complaint_no,
        a.org_no,
        a.customer_no,
        a.kind,
        a.received_at,
        a.answered_at,
        n.day AS late_on
    FROM asked AS a
    INNER JOIN working_day AS n ON n.is_working_day AND n.working_day_no = a.received_no + $answer_working_days + 1
),

-- The answer to a doubt may be the test of the meter that the customer asked for.
test_result AS (
    SELECT t.complaint_no, min(m.result_at) AS result_at
    FROM timed AS t
    INNER JOIN metering_point AS p ON p.customer_no = t.customer_no
    INNER JOIN meter_test AS m ON m.mp_id = p.mp_id
    WHERE m.kind = 'on_request' AND m.result_at >= t.received_at AND m.result_at < $as_of
    GROUP BY t.complaint_no
)

SELECT
    t.complaint_no AS subject_id,
    t.org_no,
    t.customer_no,
    $month AS bill_month,
    t.kind AS complaint_kind,
    t.received_at,
    t.answered_at,
    r.result_at AS tested_at,
    t.late_on,
    $answer_working_days AS limit_working_days,
    workdays(t.received_at, COALESCE(CAST(t.answered_at AS DATE), CAST($as_of - INTERVAL 1 DAY AS DATE))) AS working_days
FROM timed AS t
LEFT JOIN test_result AS r ON r.complaint_no = t.complaint_no
WHERE
    t.late_on >= $month AND t.late_on < $month_end AND t.late_on < $as_of
    AND COALESCE(CAST(t.answered_at AS DATE) >= t.late_on, TRUE)
    AND COALESCE(CAST(r.result_at AS DATE) >= t.late_on, TRUE)
