-- Hazards (用电安全隐患) that an inspection found at an important customer (重要用户) and that nobody has fixed for too long.
WITH hazard AS (
    SELECT
        i.inspection_no,
        i.customer_no,
        i.done_on,
        i.sheet_no,
        i.customer_signed,
        c.org_no,
        c.importance,
        date_diff('day', i.done_on, $as_of) - 1 AS open_days
    FROM inspection AS i
    INNER JOIN customer AS c ON c.customer_no = i.customer_no
    WHERE
        i.hazard_found
        AND (i.hazard_fixed_on IS NULL OR i.hazard_fixed_on >= $as_of)
        AND c.importance IN ($importances)
        AND (c.closed_on IS NULL OR c.closed_on >= $as_of)
        AND date_diff('day', i.done_on, $as_of) - 1 > $max_days
)

SELECT
    h.inspection_no AS subject_id,
    h.org_no,
    h.customer_no,
    h.importance,
    h.done_on,
    h.open_days,
    $max_days AS limit_days,
    h.sheet_no,
    h.customer_signed
FROM hazard AS h
WHERE NOT EXISTS (
    -- A later inspection found none.
    SELECT 1 AS one
    FROM inspection AS n
    WHERE n.customer_no = h.customer_no AND n.done_on > h.done_on AND n.done_on < $as_of AND NOT n.hazard_found
)
