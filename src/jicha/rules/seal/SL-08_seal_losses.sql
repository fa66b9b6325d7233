-- Persons who lose or spoil too many of the seals in their hands (遗失、损坏异常): so many in the month, or too large a share of those issued in twelve months.
WITH ended AS (
    SELECT
        o.operation_id,
        o.seal_no,
        o.action,
        o.at,
        o.operator_id,
        b.action AS action_before,
        b.operator_id AS operator_before
    FROM seal_operation AS o
    LEFT JOIN seal_operation AS b ON b.seal_no = o.seal_no AND b.at < o.at AND b.action IN ('issue', 'apply', 'remove', 'return')
    WHERE o.action IN ('lose', 'scrap') AND o.at >= add_months($month_end, -12) AND o.at < LEAST($month_end, $as_of)
    QUALIFY row_number() OVER (PARTITION BY o.operation_id ORDER BY b.at DESC, b.operation_id DESC) = 1
),

-- In a person's hands is what was issued, or taken off and not yet handed back. A seal that got lost where it was applied
-- is the customer's, and scrapping returned seals is the store's ordinary work.
lost AS (
    SELECT
        COALESCE(s.issued_to, e.operator_before, e.operator_id) AS holder_id,
        count(*) AS losses_12,
        count(*) FILTER (WHERE e.at >= $month) AS losses,
        string_agg(e.seal_no, ' ' ORDER BY e.at, e.seal_no) FILTER (WHERE e.at >= $month) AS seals_lost
    FROM ended AS e
    LEFT JOIN seal AS s ON s.seal_no = e.seal_no
    WHERE
        COALESCE(e.action_before, 'issue') = 'issue'
        OR (e.action_before = 'remove' AND e.action = 'lose')
    GROUP BY COALESCE(s.issued_to, e.operator_before, e.operator_id)
),

issued AS (
    SELECT COALESCE(s.issued_to, o.operator_id) AS holder_id, count(*) AS issues
    FROM seal_operation AS o
    LEFT JOIN seal AS s ON s.seal_no = o.seal_no
    WHERE o.action = 'issue' AND o.at >= add_months($month_end, -12) AND o.at < LEAST($month_end, $as_of)
    GROUP BY COALESCE(s.issued_to, o.operator_id)
)

SELECT
    l.holder_id AS subject_id,
    e.org_no,
    $month AS bill_month,
    e.name AS holder_name,
    e.post AS holder_post,
    l.losses,
    l.losses_12,
    COALESCE(i.issues, 0) AS issued_12,
    safe_div(l.losses_12, i.issues) AS loss_rate,
    l.seals_lost
FROM lost AS l
LEFT JOIN issued AS i ON i.holder_id = l.holder_id
LEFT JOIN employee AS e ON e.employee_id = l.holder_id
WHERE
    l.holder_id IS NOT NULL
    AND l.losses > 0
    AND (
        l.losses > $max_losses
        OR (l.losses_12 >= $least_losses AND l.losses_12 > CAST($max_rate AS DECIMAL(38, 4)) * COALESCE(i.issues, 0))
    )
