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
)

SELECT
    seal_no AS subject_id,
    min(org_no) AS org_no,
    $month AS bill_month,
    seal_no,
    count(DISTINCT mp_id) AS points,
    count(DISTINCT customer_no) AS customers,
    count(DISTINCT org_no) AS organisations,
    string_agg(mp_id || ':' || place, ' ' ORDER BY mp_id, place) AS where_in_place,
    min(applied_at) AS first_applied_at,
    max(applied_at) AS last_applied_at,
    max(operator_id) AS an_operator
FROM standing
GROUP BY seal_no
HAVING count(DISTINCT mp_id) >= 2
