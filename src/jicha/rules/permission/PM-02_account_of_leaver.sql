-- Accounts of employees who have left (离岗未停权): still active at the as-of date more than the limit after the day of
-- leaving, or disabled too late, where the limit ran out or the account was disabled in the audited month.
WITH gone AS (
    SELECT
        a.account_id,
        a.employee_id,
        e.org_no,
        e.name,
        e.post,
        e.left_on,
        CAST(e.left_on + ($limit_days + 1) * INTERVAL 1 DAY AS DATE) AS late_on,
        CASE WHEN NOT a.active AND a.disabled_at < $as_of THEN a.disabled_at END AS disabled_at,
        a.active OR a.disabled_at >= $as_of AS still_active
    FROM account AS a
    INNER JOIN employee AS e ON e.employee_id = a.employee_id
    WHERE e.hired_on IS NULL OR e.hired_on <= e.left_on
),

late AS (
    SELECT
        account_id,
        employee_id,
        org_no,
        name,
        post,
        left_on,
        late_on,
        disabled_at,
        still_active
    FROM gone
    WHERE
        late_on < $as_of
        AND (
            still_active
            OR (
                CAST(disabled_at AS DATE) >= late_on
                AND (
                    (late_on >= $month AND late_on < $month_end)
                    OR (disabled_at >= $month AND disabled_at < $month_end)
                )
            )
        )
),

used AS (
    SELECT o.account_id, count(*) AS operations, max(o.at) AS last_at
    FROM operation_log AS o
    INNER JOIN late AS l ON l.account_id = o.account_id
    WHERE CAST(o.at AS DATE) > l.left_on AND o.at < $as_of
    GROUP BY o.account_id
)

SELECT
    l.account_id AS subject_id,
    l.org_no,
    l.employee_id,
    l.name AS employee_name,
    l.post,
    l.left_on,
    l.disabled_at,
    l.still_active,
    date_diff('day', l.left_on, COALESCE(CAST(l.disabled_at AS DATE), CAST($as_of - INTERVAL 1 DAY AS DATE))) AS days_after_leaving,
    COALESCE(u.operations, 0) AS operations_after_leaving,
    u.last_at AS last_operation_at
FROM late AS l
LEFT JOIN used AS u ON u.account_id = l.account_id
