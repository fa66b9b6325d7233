-- Connection orders that were cancelled and applied for again within days by the same customer, or at the same address, for the same
-- capacity (终止重启): the clock of the time limit began anew. The new application decides the audited month.
WITH again AS (
    SELECT order_no, kind, org_no, customer_no, applicant, address, capacity_kva, supply, opened_at
    FROM work_order
    WHERE kind IN ($kinds) AND opened_at >= $month AND opened_at < LEAST($month_end, $as_of)
),

cancelled AS (
    SELECT order_no, kind, customer_no, applicant, address, capacity_kva, opened_at, closed_at
    FROM work_order
    WHERE
        kind IN ($kinds)
        AND state = 'cancelled'
        AND closed_at >= CAST($month - $within_days * INTERVAL 1 DAY AS DATE)
        AND closed_at < LEAST($month_end, $as_of)
),

pair AS (
    SELECT a.order_no, c.order_no AS cancelled_order_no
    FROM again AS a
    INNER JOIN cancelled AS c ON c.customer_no = a.customer_no AND c.kind = a.kind
    UNION
    SELECT a.order_no, c.order_no AS cancelled_order_no
    FROM again AS a
    INNER JOIN cancelled AS c ON replace(c.address, ' ', '') = replace(a.address, ' ', '') AND c.kind = a.kind
),

restarted AS (
    SELECT
        a.order_no,
        a.org_no,
        a.customer_no,
        a.kind,
        a.supply,
        a.applicant,
        a.address,
        a.capacity_kva,
        a.opened_at,
        c.order_no AS cancelled_order_no,
        c.opened_at AS cancelled_opened_at,
        c.closed_at AS cancelled_at
    FROM pair AS p
    INNER JOIN again AS a ON a.order_no = p.order_no
    INNER JOIN cancelled AS c ON c.order_no = p.cancelled_order_no
    WHERE
        a.order_no <> c.order_no
        AND a.opened_at >= c.opened_at
        AND date_diff('day', CAST(c.closed_at AS DATE), CAST(a.opened_at AS DATE)) BETWEEN 0 AND $within_days
        -- Another capacity is another wish; another applicant at the same address another customer.
        AND a.capacity_kva IS NOT DISTINCT FROM c.capacity_kva
        AND (a.applicant = c.applicant OR a.applicant IS NULL OR c.applicant IS NULL)
    QUALIFY row_number() OVER (PARTITION BY a.order_no ORDER BY c.closed_at DESC, c.order_no) = 1
)

SELECT
    r.order_no AS subject_id,
    r.org_no,
    r.customer_no,
    r.kind AS order_kind,
    r.supply,
    r.applicant,
    r.address,
    r.capacity_kva,
    r.opened_at,
    r.cancelled_order_no,
    r.cancelled_opened_at,
    r.cancelled_at,
    date_diff('day', CAST(r.cancelled_at AS DATE), CAST(r.opened_at AS DATE)) AS days_between,
    workdays(r.cancelled_opened_at, r.cancelled_at) AS cancelled_after_working_days
FROM restarted AS r
