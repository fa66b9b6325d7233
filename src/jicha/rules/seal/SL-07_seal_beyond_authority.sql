-- A seal put on or taken off by somebody whose post has no right to it, or a seal of another trade than the place or the post (越权加封).
WITH handled AS (
    SELECT
        o.operation_id,
        o.seal_no,
        o.mp_id,
        o.place,
        o.action,
        o.at,
        o.operator_id,
        o.order_no,
        s.trade,
        e.name,
        e.post
    FROM seal_operation AS o
    INNER JOIN employee AS e ON e.employee_id = o.operator_id
    LEFT JOIN seal AS s ON s.seal_no = o.seal_no
    WHERE o.action IN ('apply', 'remove') AND o.at >= $month AND o.at < LEAST($month_end, $as_of)
),

judged AS (
    SELECT
        h.*,
        h.post NOT IN ($permitted_posts) AS is_unpermitted,
        h.action = 'remove' AND h.post IN ($permitted_posts) AND h.post NOT IN ($removing_posts) AS is_removed_unpermitted,
        -- What the post may not touch at all is said once.
        h.post IN ($permitted_posts) AND h.post || '+' || h.place IN ($forbidden_post_places) AS is_forbidden_place,
        h.action = 'apply' AND h.post IN ($permitted_posts) AND h.post || '+' || h.trade NOT IN ($post_trades) AS is_other_trade,
        h.action = 'apply' AND h.trade || '+' || h.place NOT IN ($trade_places) AS is_other_place
    FROM handled AS h
)

SELECT
    j.operation_id AS subject_id,
    p.org_no,
    p.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.seal_no,
    j.trade,
    j.place,
    j.action,
    j.at,
    j.operator_id,
    j.name AS operator_name,
    j.post AS operator_post,
    j.order_no,
    substr(CONCAT(
        CASE WHEN j.is_unpermitted THEN '、该岗位无封印权限' ELSE '' END,
        CASE WHEN j.is_removed_unpermitted THEN '、该岗位不得拆封' ELSE '' END,
        CASE WHEN j.is_forbidden_place THEN '、该岗位不得动此处封印' ELSE '' END,
        CASE WHEN j.is_other_trade THEN '、使用其他专业封印' ELSE '' END,
        CASE WHEN j.is_other_place THEN '、封印专业与位置不符' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.is_unpermitted THEN ', the post has no seal permit' ELSE '' END,
        CASE WHEN j.is_removed_unpermitted THEN ', the post may not take seals off' ELSE '' END,
        CASE WHEN j.is_forbidden_place THEN ', the post may not touch the seal of this place' ELSE '' END,
        CASE WHEN j.is_other_trade THEN ', a seal of another trade than the post' ELSE '' END,
        CASE WHEN j.is_other_place THEN ', a seal of another trade than the place' ELSE '' END
    ), 3) AS reasons_en
FROM judged AS j
LEFT JOIN metering_point AS p ON p.mp_id = j.mp_id
WHERE j.is_unpermitted OR j.is_removed_unpermitted OR j.is_forbidden_place OR j.is_other_trade OR j.is_other_place
