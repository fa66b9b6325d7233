-- Connections with two feeds (双电源) that are supplied without the fee for high reliability (高可靠性供电费): no finished fee step in the order,
-- although it was energised or archived in the audited month. The fee is due before the supply.
WITH steps AS (
    SELECT
        n.order_no,
        max(CASE WHEN n.node = 'fee' AND n.finished_at < $as_of THEN n.finished_at END) AS fee_at,
        min(CASE WHEN n.node IN ('energise', 'archive') AND n.finished_at < $as_of THEN n.finished_at END) AS supplied_at
    FROM work_order_node AS n
    SEMI JOIN work_order AS o ON o.order_no = n.order_no AND o.supply = 'hv_double'
    GROUP BY n.order_no
)

SELECT
    o.order_no AS subject_id,
    o.org_no,
    o.customer_no,
    o.kind AS order_kind,
    o.capacity_kva,
    o.opened_at,
    s.supplied_at,
    CASE WHEN $fee_yuan_per_kva > 0 THEN round_hu(CAST(o.capacity_kva AS DECIMAL(38, 4)) * $fee_yuan_per_kva, 2) END AS yuan_at_stake
FROM work_order AS o
INNER JOIN steps AS s ON s.order_no = o.order_no
WHERE
    o.kind IN ($kinds)
    AND o.supply = 'hv_double'
    AND o.state <> 'cancelled'
    AND s.supplied_at >= $month
    AND s.supplied_at < $month_end
    AND s.fee_at IS NULL
    -- Freed from it by a document on file.
    AND NOT EXISTS (
        SELECT 1 AS one
        FROM proof AS p
        WHERE
            p.customer_no = o.customer_no
            AND p.kind = 'exemption'
            AND p.valid_from <= CAST(s.supplied_at AS DATE)
            AND (p.valid_to IS NULL OR p.valid_to > CAST(s.supplied_at AS DATE))
    )
