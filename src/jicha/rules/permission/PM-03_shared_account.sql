-- One account at work on two terminals within a few minutes (共用账号).
WITH operation AS (
    SELECT
        account_id,
        upper(trim(terminal)) AS terminal,
        at,
        lag(upper(trim(terminal))) OVER (PARTITION BY account_id ORDER BY at, op_id) AS terminal_before,
        lag(at) OVER (PARTITION BY account_id ORDER BY at, op_id) AS at_before
    FROM operation_log
    WHERE
        trim(COALESCE(terminal, '')) <> ''
        AND at >= CAST($month AS TIMESTAMP) - $minutes * INTERVAL 1 MINUTE
        AND at < LEAST($month_end, $as_of)
),

-- Whoever worked on two terminals within the time must have changed from one to the other within it.
change AS (
    SELECT
        account_id,
        count(*) AS changes,
        count(DISTINCT CAST(at AS DATE)) AS days,
        min(at) AS first_at,
        max(at) AS last_at
    FROM operation
    WHERE at >= $month AND terminal <> terminal_before AND at <= at_before + $minutes * INTERVAL 1 MINUTE
    GROUP BY account_id
),

first_change AS (
    SELECT o.account_id, o.terminal_before, o.terminal
    FROM operation AS o
    INNER JOIN change AS c ON c.account_id = o.account_id AND c.first_at = o.at
    WHERE o.terminal <> o.terminal_before AND o.at <= o.at_before + $minutes * INTERVAL 1 MINUTE
    QUALIFY row_number() OVER (PARTITION BY o.account_id ORDER BY o.terminal_before, o.terminal) = 1
)

SELECT
    c.account_id AS subject_id,
    e.org_no,
    $month AS bill_month,
    a.employee_id,
    e.name AS employee_name,
    e.post,
    c.changes,
    c.days,
    c.first_at,
    c.last_at,
    f.terminal_before AS one_terminal,
    f.terminal AS other_terminal
FROM change AS c
INNER JOIN first_change AS f ON f.account_id = c.account_id
LEFT JOIN account AS a ON a.account_id = c.account_id
LEFT JOIN employee AS e ON e.employee_id = a.employee_id
WHERE c.changes >= $least_changes
