-- Applications that the one-certificate acceptance (一证受理) would have taken: more materials asked for than on the list,
-- or the application handed in again and again. The application, or the repeat that was one too many, decides the audited month.
WITH asked AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.kind,
        o.supply,
        o.opened_at,
        o.materials_requested,
        CASE o.supply
            WHEN 'lv_res' THEN $list_lv_res
            WHEN 'lv_nonres' THEN $list_lv_nonres
            WHEN 'hv_single' THEN $list_hv
            WHEN 'hv_double' THEN $list_hv
        END AS materials_listed
    FROM work_order AS o
    WHERE o.kind IN ($kinds) AND o.opened_at < $as_of
),

-- Every acceptance after the first is the same application handed in again (重复报送).
handed_in AS (
    SELECT
        n.order_no,
        n.started_at,
        row_number() OVER (PARTITION BY n.order_no ORDER BY n.started_at, n.seq) - 1 AS repeats
    FROM work_order_node AS n
    WHERE n.node = 'accept' AND n.started_at < $as_of
),

repeated AS (
    SELECT
        order_no,
        max(repeats) AS repeats,
        min(CASE WHEN repeats = $repeats THEN started_at END) AS too_often_at
    FROM handed_in
    GROUP BY order_no
    HAVING max(repeats) >= $repeats
),

judged AS (
    SELECT
        a.*,
        a.materials_requested > a.materials_listed AND a.opened_at >= $month AND a.opened_at < $month_end AS asked_too_much,
        COALESCE(r.too_often_at >= $month AND r.too_often_at < $month_end, FALSE) AS too_often,
        r.repeats,
        r.too_often_at
    FROM asked AS a
    LEFT JOIN repeated AS r ON r.order_no = a.order_no
)

SELECT
    j.order_no AS subject_id,
    j.org_no,
    j.customer_no,
    j.kind AS order_kind,
    j.supply,
    j.opened_at,
    j.materials_requested,
    j.materials_listed,
    j.repeats,
    j.too_often_at,
    substr(CONCAT(
        CASE WHEN j.asked_too_much THEN '、索要资料超清单' ELSE '' END,
        CASE WHEN j.too_often THEN '、重复报送' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.asked_too_much THEN ', more materials than listed' ELSE '' END,
        CASE WHEN j.too_often THEN ', handed in again and again' ELSE '' END
    ), 3) AS reasons_en
FROM judged AS j
WHERE j.asked_too_much OR j.too_often
