-- Customers that belong to an employee whose account reaches readings, bills or prices, and whose bill of the month is too low by
-- recomputation or whose energy fell by more than half (员工关联用户).
WITH privileged AS (
    SELECT a.employee_id, string_agg(r.role, ' ' ORDER BY r.role) AS roles, count(DISTINCT r.role) AS role_count
    FROM account AS a
    INNER JOIN account_role AS r ON r.account_id = a.account_id
    WHERE (a.active OR a.disabled_at >= $month) AND r.role IN ($privileged_roles)
    GROUP BY a.employee_id
),

linked AS (
    SELECT c.customer_no, c.org_no, c.name, c.kind, c.employee_id, p.roles
    FROM customer AS c
    INNER JOIN privileged AS p ON p.employee_id = c.employee_id
    WHERE c.status = 'active'
),

short AS (
    SELECT
        w.customer_no,
        min(w.cause_zh) AS cause_zh,
        min(w.cause_en) AS cause_en,
        sum(w.issued_yuan) AS issued_yuan,
        sum(w.due_yuan) AS due_yuan
    FROM wrong_bill AS w
    SEMI JOIN linked AS l ON l.customer_no = w.customer_no
    WHERE w.due_yuan > w.issued_yuan
    GROUP BY w.customer_no
),

energy AS (
    SELECT
        m.customer_no,
        sum(m.energy_kwh) AS energy_kwh,
        sum(m.energy_mean_3) AS energy_mean_3,
        sum(m.energy_year_ago) AS energy_year_ago
    FROM point_month AS m
    SEMI JOIN linked AS l ON l.customer_no = m.customer_no
    WHERE m.bill_month = $month AND m.usage = 'billing' AND NOT m.missed AND NOT m.has_backward
    GROUP BY m.customer_no
    -- A point without history would make the others look like a fall, or hide one.
    HAVING count(*) = count(m.energy_mean_3) AND count(*) = count(m.energy_year_ago)
),

fallen AS (
    SELECT e.customer_no, e.energy_kwh, e.energy_mean_3, e.energy_year_ago, e.energy_mean_3 - e.energy_kwh AS fall_kwh
    FROM energy AS e
    WHERE
        e.energy_mean_3 - e.energy_kwh >= $least_kwh
        AND e.energy_kwh < CAST(e.energy_mean_3 AS DECIMAL(38, 4)) * $ratio
        AND e.energy_kwh < CAST(e.energy_year_ago AS DECIMAL(38, 4)) * $ratio
        -- Own generation takes the place of bought energy.
        AND NOT EXISTS (
            SELECT 1
            FROM generation_asset AS g
            WHERE
                g.customer_no = e.customer_no
                AND g.mode <> 'full_export'
                AND COALESCE(g.connected_on, g.accepted_on) >= add_months($month, -12)
                AND COALESCE(g.connected_on, g.accepted_on) < $month_end
        )
),

own_work AS (
    SELECT o.customer_no, count(*) AS operations
    FROM operation_log AS o
    INNER JOIN account AS a ON a.account_id = o.account_id
    INNER JOIN linked AS l ON l.customer_no = o.customer_no AND l.employee_id = a.employee_id
    WHERE o.action IN ('insert', 'update', 'delete', 'approve', 'cancel') AND o.at >= $month AND o.at < LEAST($month_end, $as_of)
    GROUP BY o.customer_no
)

SELECT
    l.customer_no AS subject_id,
    l.org_no,
    l.customer_no,
    $month AS bill_month,
    l.employee_id,
    e.name AS employee_name,
    e.post,
    l.roles,
    COALESCE(o.operations, 0) AS operations_on_own_account,
    s.issued_yuan,
    s.due_yuan,
    f.energy_kwh,
    CAST(f.energy_mean_3 AS DECIMAL(18, 4)) AS energy_mean_3,
    CAST(f.energy_year_ago AS DECIMAL(18, 4)) AS energy_year_ago,
    substr(CONCAT(
        CASE WHEN s.customer_no IS NOT NULL THEN '、应收比发行多：' || s.cause_zh ELSE '' END,
        CASE WHEN f.customer_no IS NOT NULL THEN '、电量突减' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN s.customer_no IS NOT NULL THEN ', billed too little: ' || s.cause_en ELSE '' END,
        CASE WHEN f.customer_no IS NOT NULL THEN ', energy fell' ELSE '' END
    ), 3) AS reasons_en,
    CAST(f.fall_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    CAST(
        COALESCE(s.due_yuan - s.issued_yuan, 0) + COALESCE(round_hu(CAST(f.fall_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2), 0)
        AS DECIMAL(18, 2)
    ) AS yuan_at_stake
FROM linked AS l
LEFT JOIN short AS s ON s.customer_no = l.customer_no
LEFT JOIN fallen AS f ON f.customer_no = l.customer_no
LEFT JOIN own_work AS o ON o.customer_no = l.customer_no
LEFT JOIN employee AS e ON e.employee_id = l.employee_id
LEFT JOIN customer_price AS c ON c.customer_no = l.customer_no AND c.bill_month = $month
WHERE s.customer_no IS NOT NULL OR f.customer_no IS NOT NULL
