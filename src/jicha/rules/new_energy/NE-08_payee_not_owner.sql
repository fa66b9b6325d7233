-- Generation whose energy and subsidy are paid to somebody other than the customer on whose name it stands (结算户名不符).
WITH held AS (
    SELECT
        g.asset_id,
        g.customer_no,
        g.mode,
        g.connected_on,
        g.generation_mp_id,
        g.payee_name,
        c.name,
        c.org_no,
        -- Full-width brackets and blanks are a matter of typing.
        replace(replace(replace(replace(g.payee_name, ' ', ''), '　', ''), '（', '('), '）', ')') AS payee,
        replace(replace(replace(replace(c.name, ' ', ''), '　', ''), '（', '('), '）', ')') AS owner
    FROM generation_asset AS g
    INNER JOIN customer AS c ON c.customer_no = g.customer_no
    WHERE (g.connected_on IS NULL OR g.connected_on < $month_end) AND c.status <> 'closed'
),

-- The name is being changed by an order: the archive follows when it ends.
renamed AS (
    SELECT DISTINCT customer_no
    FROM work_order
    WHERE kind IN ('rename', 'transfer') AND state <> 'cancelled' AND opened_at < $month_end AND (closed_at IS NULL OR closed_at >= $month)
)

SELECT
    h.asset_id AS subject_id,
    h.org_no,
    h.customer_no,
    h.generation_mp_id AS mp_id,
    $month AS bill_month,
    h.payee_name,
    h.name AS customer_name,
    h.mode,
    h.connected_on
FROM held AS h
LEFT ANTI JOIN renamed AS r ON r.customer_no = h.customer_no
WHERE h.payee <> '' AND h.payee <> h.owner
