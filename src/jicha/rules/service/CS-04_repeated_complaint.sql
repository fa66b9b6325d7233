-- Customers who complained again about reading, bill or meter within so many days (重复诉求).
WITH asked AS (
    SELECT
        c.complaint_no,
        c.customer_no,
        c.org_no,
        c.kind,
        c.received_at,
        c.answered_at,
        lag(c.received_at) OVER (PARTITION BY c.customer_no, c.kind ORDER BY c.received_at, c.complaint_no) AS same_kind_before
    FROM complaint AS c
    WHERE
        c.kind IN ($kinds)
        AND c.received_at < LEAST($month_end, $as_of)
),

-- The same call, entered twice.
single AS (
    SELECT
        complaint_no,
        customer_no,
        org_no,
        kind,
        received_at,
        lag(complaint_no) OVER (PARTITION BY customer_no ORDER BY received_at, complaint_no) AS complaint_before,
        lag(kind) OVER (PARTITION BY customer_no ORDER BY received_at, complaint_no) AS kind_before,
        lag(received_at) OVER (PARTITION BY customer_no ORDER BY received_at, complaint_no) AS received_before,
        lag(answered_at) OVER (PARTITION BY customer_no ORDER BY received_at, complaint_no) AS answered_before
    FROM asked
    WHERE same_kind_before IS NULL OR received_at > same_kind_before + $twice_hours * INTERVAL 1 HOUR
),

again AS (
    SELECT s.*
    FROM single AS s
    WHERE
        s.received_at >= $month
        AND date_diff('day', CAST(s.received_before AS DATE), CAST(s.received_at AS DATE)) <= $days
),

counted AS (
    SELECT customer_no, count(*) AS repeats
    FROM again
    GROUP BY customer_no
)

SELECT
    a.customer_no AS subject_id,
    a.org_no,
    a.customer_no,
    $month AS bill_month,
    n.repeats,
    a.complaint_no,
    a.kind AS complaint_kind,
    a.received_at,
    a.complaint_before,
    a.kind_before,
    a.received_before,
    a.answered_before,
    date_diff('day', CAST(a.received_before AS DATE), CAST(a.received_at AS DATE)) AS days_between
FROM again AS a
INNER JOIN counted AS n ON n.customer_no = a.customer_no
QUALIFY row_number() OVER (PARTITION BY a.customer_no ORDER BY a.received_at DESC, a.complaint_no DESC) = 1
