-- Which seal (封印) is in each place of a metering point at the end of the audited month, as the operations on seals tell it.
WITH operation AS (
    SELECT operation_id, seal_no, mp_id, place, action, at, operator_id, order_no
    FROM seal_operation
    WHERE at < $month_end
),

applied AS (
    SELECT mp_id, place, seal_no, at, operation_id, operator_id, order_no
    FROM operation
    WHERE action = 'apply' AND mp_id IS NOT NULL AND place IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY mp_id, place ORDER BY at DESC, operation_id DESC) = 1
),

-- The end of a seal: taken off, handed back, lost or scrapped, wherever that was recorded.
seal_end AS (
    SELECT seal_no, max(at) AS ended_at
    FROM operation
    WHERE action IN ('remove', 'return', 'lose', 'scrap')
    GROUP BY seal_no
),

place_removal AS (
    SELECT mp_id, place, max(at) AS removed_at
    FROM operation
    WHERE action = 'remove' AND mp_id IS NOT NULL AND place IS NOT NULL
    GROUP BY mp_id, place
),

place AS (
    SELECT mp_id, place FROM applied
    UNION
    SELECT mp_id, place FROM place_removal
),

standing AS (
    SELECT
        p.mp_id,
        p.place,
        a.seal_no,
        a.at AS applied_at,
        a.operator_id,
        a.order_no,
        r.removed_at,
        -- Only the end of this very seal counts: the removal of the old one is often entered after its successor.
        a.seal_no IS NOT NULL AND COALESCE(a.at >= e.ended_at, TRUE) AS in_place
    FROM place AS p
    LEFT JOIN applied AS a ON a.mp_id = p.mp_id AND a.place = p.place
    LEFT JOIN seal_end AS e ON e.seal_no = a.seal_no
    LEFT JOIN place_removal AS r ON r.mp_id = p.mp_id AND r.place = p.place
)

SELECT
    mp_id,
    place,
    CASE WHEN in_place THEN seal_no END AS seal_no,
    CASE WHEN in_place THEN applied_at END AS applied_at,
    CASE WHEN in_place THEN CAST(applied_at AS DATE) END AS since,
    CASE WHEN in_place THEN operator_id END AS operator_id,
    CASE WHEN in_place THEN order_no END AS order_no,
    removed_at
FROM standing
