-- Orders of work at the meter (换表、检定、故障处理) that were closed without a seal put on or taken off (未录封印), as far as somebody was on site.
WITH closed AS (
    SELECT
        w.order_no,
        w.kind,
        w.org_no,
        w.customer_no,
        w.opened_at,
        w.closed_at,
        CAST(w.closed_at + ($entry_days + 1) * INTERVAL 1 DAY AS DATE) AS missing_on
    FROM work_order AS w
    WHERE
        w.kind IN ($kinds)
        AND w.state = 'done'
        AND w.customer_no IS NOT NULL
        AND w.closed_at >= CAST(add_months($month, -2) AS TIMESTAMP)
        AND w.closed_at < $as_of
),

due AS (
    SELECT c.order_no, c.kind, c.org_no, c.customer_no, c.opened_at, c.closed_at, c.missing_on
    FROM closed AS c
    WHERE c.missing_on >= $month AND c.missing_on < $month_end AND c.missing_on < $as_of
),

-- Somebody opened the meter: a node on site, a meter hung or taken down by the order, or a test between its opening and its end.
on_site AS (
    SELECT n.order_no
    FROM work_order_node AS n
    SEMI JOIN due AS d ON d.order_no = n.order_no
    WHERE n.node IN ($site_nodes) AND n.finished_at IS NOT NULL
    UNION
    SELECT d.order_no
    FROM due AS d
    INNER JOIN meter_installation AS i ON i.install_order_no = d.order_no OR i.removal_order_no = d.order_no
    UNION
    SELECT d.order_no
    FROM due AS d
    INNER JOIN metering_point AS p ON p.customer_no = d.customer_no
    INNER JOIN meter_test AS t ON t.mp_id = p.mp_id
    WHERE t.tested_on >= CAST(d.opened_at AS DATE) AND t.tested_on <= CAST(d.closed_at AS DATE)
),

-- A seal of the order, or one that was changed at the customer while it ran and entered without its number.
sealed AS (
    SELECT o.order_no
    FROM seal_operation AS o
    WHERE o.action IN ('apply', 'remove') AND o.order_no IS NOT NULL AND o.at < $as_of
    UNION
    SELECT d.order_no
    FROM due AS d
    INNER JOIN metering_point AS p ON p.customer_no = d.customer_no
    INNER JOIN seal_operation AS o ON o.mp_id = p.mp_id
    WHERE
        o.action IN ('apply', 'remove')
        AND CAST(o.at AS DATE) >= CAST(d.opened_at AS DATE)
        AND o.at < CAST(d.missing_on AS TIMESTAMP)
),

-- An organisation whose points have no seal in the ledger does not keep one: what its orders lack is data, not seals.
kept AS (
    SELECT DISTINCT p.org_no
    FROM seal_operation AS o
    INNER JOIN metering_point AS p ON p.mp_id = o.mp_id
    WHERE o.action = 'apply'
)

SELECT
    d.order_no AS subject_id,
    d.org_no,
    d.customer_no,
    $month AS bill_month,
    d.kind AS order_kind,
    d.opened_at,
    d.closed_at,
    d.missing_on
FROM due AS d
SEMI JOIN on_site AS s ON s.order_no = d.order_no
SEMI JOIN kept AS k ON k.org_no = d.org_no
ANTI JOIN sealed AS x ON x.order_no = d.order_no
