-- First bills after a connection or a change that nobody but the calculator looked at (首次算费未逐户审核).
WITH changed AS (
    SELECT o.customer_no, o.order_no, o.kind, CAST(COALESCE(o.closed_at, o.opened_at) AS DATE) AS changed_on
    FROM work_order AS o
    WHERE o.kind IN ($kinds) AND o.state = 'done' AND o.customer_no IS NOT NULL AND CAST(COALESCE(o.closed_at, o.opened_at) AS DATE) < $month_end
),

latest AS (
    SELECT customer_no, max(changed_on) AS changed_on
    FROM changed
    GROUP BY customer_no
),

bills AS (
    SELECT bill_id, customer_no, org_no, bill_month, period_from, period_to, total_yuan, calculated_at, calculated_by, reviewed_by
    FROM bill
    WHERE bill_month = $month AND kind = 'normal'
),

-- The change fell into the period of this bill: no bill before it can have been the first.
first_bill AS (
    SELECT b.bill_id, max(c.order_no) AS order_no, max(c.kind) AS order_kind, l.changed_on
    FROM bills AS b
    INNER JOIN latest AS l ON l.customer_no = b.customer_no AND l.changed_on >= b.period_from AND l.changed_on < b.period_to
    INNER JOIN changed AS c ON c.customer_no = l.customer_no AND c.changed_on = l.changed_on
    GROUP BY b.bill_id, l.changed_on
)

SELECT
    b.bill_id AS subject_id,
    b.org_no,
    b.customer_no,
    b.bill_month,
    b.period_from,
    b.period_to,
    f.order_no,
    f.order_kind,
    f.changed_on,
    b.calculated_by,
    b.reviewed_by,
    b.total_yuan AS bill_yuan
FROM bills AS b
INNER JOIN first_bill AS f ON f.bill_id = b.bill_id
WHERE b.calculated_by IS NOT NULL AND (b.reviewed_by IS NULL OR b.reviewed_by = b.calculated_by)
