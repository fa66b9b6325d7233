-- One seal number in place on two or more metering points (一号多用): a seal is broken when it comes off, so one of the records is false.
WITH standing AS (
    SELECT
        trim(s.seal_no) AS seal_no,
        s.mp_id,
        s.place,
        s.applied_at,
        s.operator_id,
        p.customer_no,
        p.org_no
    FROM seal_place AS s
    INNER JOIN metering_point AS p ON p.mp_id = s.mp_id
    -- A point that was given up keeps its last seal in the ledger; the point that follows it may carry the same physical seal.
    WHERE s.seal_no IS NOT NULL AND p.status IN ('running', 'stopped')
),

repeated AS (
    SELECT seal_no
    FROM standing
    GROUP BY seal_no
    HAVING count(DISTINCT mp_id) >= 2
)

SELECT
    s.seal_no AS subject_id,
    min(s.org_no) AS org_no,
    $month AS bill_month,
    s.seal_no,
    count(DISTINCT s.mp_id) AS points,
    count(DISTINCT s.customer_no) AS customers,
    count(DISTINCT s.org_no) AS organisations,
    string_agg(s.mp_id || ':' || s.place, ' ' ORDER BY s.mp_id, s.place) AS where_in_place,
    min(s.applied_at) AS first_applied_at,
    max(s.applied_at) AS last_applied_at,
    max(s.operator_id) AS an_operator
FROM standing AS s
SEMI JOIN repeated AS r ON r.seal_no = s.seal_no
GROUP BY s.seal_no
