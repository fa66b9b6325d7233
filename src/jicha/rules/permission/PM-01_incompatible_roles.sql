-- Employees who hold duties that must be kept apart (不相容岗位), over all their accounts that were active at the as-of date.
WITH held AS (
    SELECT DISTINCT a.employee_id, r.role
    FROM account AS a
    INNER JOIN account_role AS r ON r.account_id = a.account_id
    WHERE a.active OR a.disabled_at >= $as_of
),

pair AS (
    SELECT
        one.employee_id,
        CONCAT(one.role, '+', two.role) AS roles
    FROM held AS one
    INNER JOIN held AS two ON two.employee_id = one.employee_id
    WHERE CONCAT(one.role, '+', two.role) IN ($incompatible_pairs)
),

gathered AS (
    SELECT employee_id, count(*) AS pairs, string_agg(roles, '; ' ORDER BY roles) AS role_pairs
    FROM pair
    GROUP BY employee_id
),

accounts AS (
    SELECT
        a.employee_id,
        count(DISTINCT a.account_id) AS active_accounts
    FROM account AS a
    WHERE a.active OR a.disabled_at >= $as_of
    GROUP BY a.employee_id
)

SELECT
    g.employee_id AS subject_id,
    e.org_no,
    e.name AS employee_name,
    e.post,
    g.pairs,
    g.role_pairs,
    n.active_accounts
FROM gathered AS g
LEFT JOIN employee AS e ON e.employee_id = g.employee_id
LEFT JOIN accounts AS n ON n.employee_id = g.employee_id
