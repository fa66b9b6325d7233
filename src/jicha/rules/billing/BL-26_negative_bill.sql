-- Bills of the audited month with energy, money or a line quantity below zero and no refund order behind them.
WITH candidates AS (
    SELECT b.bill_id, b.customer_no, b.org_no, b.bill_month, b.kind, b.period_from, b.period_to, b.kwh, b.total_yuan
    FROM bill AS b
    WHERE b.bill_month = $month AND b.kind <> 'reversal'
),

-- A customer with generation may lawfully be billed net.
generating AS (
    SELECT customer_no FROM generation_asset
    UNION ALL
    SELECT customer_no FROM customer WHERE has_generation
    UNION ALL
    SELECT customer_no FROM metering_point WHERE usage IN ('generation', 'export')
),

-- An adjustment that reduces the bill is no negative line; a component may have a negative price, a quantity may not be negative.
negative_components AS (
    SELECT
        l.bill_id,
        COALESCE(l.mp_id, '') AS mp_id,
        COALESCE(l.component, l.item) AS component,
        count(*) AS negative_lines,
        sum(CASE WHEN l.item IN ('energy', 'step') THEN l.quantity END) AS kwh,
        sum(l.amount_yuan) AS yuan
    FROM bill_line AS l
    SEMI JOIN candidates AS c ON c.bill_id = l.bill_id
    WHERE l.quantity < 0 AND l.item IN ('energy', 'step', 'basic', 'fund')
    GROUP BY l.bill_id, COALESCE(l.mp_id, ''), COALESCE(l.component, l.item)
),

-- Each component repeats the same kWh, so a point's negative energy is that of its most negative component.
negative_points AS (
    SELECT bill_id, mp_id, sum(negative_lines) AS negative_lines, min(kwh) AS kwh, sum(yuan) AS yuan
    FROM negative_components
    GROUP BY bill_id, mp_id
),

negative_lines AS (
    SELECT
        bill_id,
        CAST(sum(negative_lines) AS BIGINT) AS negative_lines,
        min(NULLIF(mp_id, '')) AS mp_id,
        sum(kwh) AS kwh,
        sum(yuan) AS yuan
    FROM negative_points
    GROUP BY bill_id
),

refund_orders AS (
    SELECT customer_no
    FROM back_bill
    WHERE
        kind = 'refund'
        AND source_order_no IS NOT NULL
        AND bill_month <= $month
        AND bill_month >= add_months($month, -$order_months)
    UNION ALL
    SELECT customer_no
    FROM work_order
    WHERE
        kind = 'back_bill'
        AND state <> 'cancelled'
        AND opened_at < $month_end
        AND opened_at >= add_months($month, -$order_months)
),

reversed AS (
    SELECT reverses_bill_id FROM bill WHERE kind = 'reversal' AND reverses_bill_id IS NOT NULL
)

SELECT
    c.bill_id AS subject_id,
    c.org_no,
    c.customer_no,
    n.mp_id,
    c.bill_month,
    c.period_from,
    c.period_to,
    c.kind AS bill_kind,
    c.kwh AS bill_kwh,
    c.total_yuan AS bill_yuan,
    COALESCE(n.negative_lines, 0) AS negative_lines,
    CASE WHEN c.kwh < 0 THEN -c.kwh WHEN n.kwh < 0 THEN -n.kwh END AS kwh_at_stake,
    CASE WHEN c.total_yuan < 0 THEN -c.total_yuan WHEN n.yuan < 0 THEN -n.yuan END AS yuan_at_stake
FROM candidates AS c
LEFT JOIN negative_lines AS n ON n.bill_id = c.bill_id
ANTI JOIN generating AS g ON g.customer_no = c.customer_no
ANTI JOIN refund_orders AS r ON r.customer_no = c.customer_no
ANTI JOIN reversed AS v ON v.reverses_bill_id = c.bill_id
WHERE c.kwh < 0 OR c.total_yuan < 0 OR n.negative_lines > 0
