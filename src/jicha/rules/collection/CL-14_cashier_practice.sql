-- Cashiers (收费员) whose month stands out: far more cancelled receipts than their peers, work with money outside office hours, or one terminal
-- that takes the money of more customers an hour than a counter can (收费员操作异常). One row an employee with every reason.
WITH taken AS (
    SELECT
        COALESCE(a.employee_id, r.operator_id) AS employee_id,
        r.channel,
        r.received_at,
        r.received_at >= $month AND r.received_at < LEAST($month_end, $as_of) AS is_taken,
        COALESCE(r.cancelled_at >= $month AND r.cancelled_at < LEAST($month_end, $as_of), FALSE) AS is_cancelled
    FROM receipt AS r
    LEFT JOIN account AS a ON a.account_id = r.operator_id
    WHERE
        r.operator_id IS NOT NULL
        AND r.received_at < LEAST($month_end, $as_of)
        AND (r.received_at >= $month OR r.cancelled_at >= $month)
),

cashier AS (
    SELECT
        employee_id,
        count(*) FILTER (WHERE is_taken) AS receipts,
        count(*) FILTER (WHERE is_cancelled) AS cancels
    FROM taken
    GROUP BY employee_id
    HAVING bool_or(is_taken OR is_cancelled)
),

everyone AS (
    SELECT count(*) AS cashiers, sum(cancels) AS cancels, sum(CAST(cancels AS DECIMAL(38, 0)) * cancels) AS squares
    FROM cashier
),

-- The peers are all others.
compared AS (
    SELECT
        c.employee_id,
        c.receipts,
        c.cancels,
        e.cashiers - 1 AS peers,
        e.cancels - c.cancels AS peer_cancels,
        e.squares - CAST(c.cancels AS DECIMAL(38, 0)) * c.cancels AS peer_squares
    FROM cashier AS c
    CROSS JOIN everyone AS e
),

-- n × (x − mean), and n² × variance = n × Σx² − (Σx)²: compared squared, without a root or a division.
spread AS (
    SELECT
        *,
        CAST(CAST(peers AS DECIMAL(38, 0)) * cancels - peer_cancels AS DECIMAL(38, 0)) AS above_mean,
        CAST(CAST(peers AS DECIMAL(38, 0)) * peer_squares - CAST(peer_cancels AS DECIMAL(38, 0)) * peer_cancels AS DECIMAL(38, 0)) AS variance
    FROM compared
),

many_cancels AS (
    SELECT employee_id, cancels, peers, div_hu(peer_cancels, peers, 2) AS peer_mean
    FROM spread
    WHERE
        cancels >= $min_cancels
        AND peers >= $min_peers
        AND above_mean > 0
        AND CAST(above_mean AS DECIMAL(38, 0)) * above_mean
        > CAST($sigmas AS DECIMAL(38, 3)) * CAST($sigmas AS DECIMAL(12, 3)) * CAST(variance AS DECIMAL(38, 0))
),

entry AS (
    SELECT
        COALESCE(a.employee_id, l.account_id) AS employee_id,
        l.at,
        NULLIF(UPPER(TRIM(l.terminal)), '') AS terminal,
        l.customer_no,
        l.action,
        l.table_name
    FROM operation_log AS l
    LEFT JOIN account AS a ON a.account_id = l.account_id
    WHERE
        l.table_name IN ($money_tables)
        AND l.action IN ('insert', 'update', 'delete', 'approve', 'cancel')
        AND l.at >= $month
        AND l.at < LEAST($month_end, $as_of)
),

late_work AS (
    SELECT employee_id, received_at AS at
    FROM taken
    WHERE is_taken AND channel IN ($counter_channels)
    UNION
    SELECT employee_id, at
    FROM entry
),

off_hours AS (
    SELECT employee_id, count(*) AS off_hours_acts, min(at) AS first_off_hours_at
    FROM late_work
    WHERE hour(at) < $from_hour OR hour(at) >= $until_hour
    GROUP BY employee_id
    HAVING count(*) >= $min_off_hours
),

crowd AS (
    SELECT terminal, CAST(at AS DATE) AS day, hour(at) AS hour_of_day, count(DISTINCT customer_no) AS customers
    FROM entry
    WHERE terminal IS NOT NULL AND customer_no IS NOT NULL AND action = 'insert' AND table_name IN ($receipt_tables)
    GROUP BY terminal, CAST(at AS DATE), hour(at)
    HAVING count(DISTINCT customer_no) > $hour_customers
),

crowded AS (
    SELECT e.employee_id, max(c.customers) AS hour_customers, min(c.terminal) AS terminal
    FROM entry AS e
    INNER JOIN crowd AS c ON c.terminal = e.terminal AND c.day = CAST(e.at AS DATE) AND c.hour_of_day = hour(e.at)
    GROUP BY e.employee_id
),

odd AS (
    SELECT employee_id FROM many_cancels
    UNION
    SELECT employee_id FROM off_hours
    UNION
    SELECT employee_id FROM crowded
)

SELECT
    o.employee_id AS subject_id,
    p.org_no,
    $month AS bill_month,
    p.name AS employee_name,
    p.post,
    substr(CONCAT(
        CASE WHEN m.employee_id IS NOT NULL THEN '、冲正笔数异常' ELSE '' END,
        CASE WHEN f.employee_id IS NOT NULL THEN '、非工作时间操作' ELSE '' END,
        CASE WHEN w.employee_id IS NOT NULL THEN '、同一终端户数过多' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN m.employee_id IS NOT NULL THEN ', far more cancelled receipts than others' ELSE '' END,
        CASE WHEN f.employee_id IS NOT NULL THEN ', work with money outside office hours' ELSE '' END,
        CASE WHEN w.employee_id IS NOT NULL THEN ', too many customers at one terminal' ELSE '' END
    ), 3) AS reasons_en,
    c.receipts,
    c.cancels,
    m.peers,
    m.peer_mean,
    f.off_hours_acts,
    f.first_off_hours_at,
    w.hour_customers,
    w.terminal
FROM odd AS o
LEFT JOIN employee AS p ON p.employee_id = o.employee_id
LEFT JOIN cashier AS c ON c.employee_id = o.employee_id
LEFT JOIN many_cancels AS m ON m.employee_id = o.employee_id
LEFT JOIN off_hours AS f ON f.employee_id = o.employee_id
LEFT JOIN crowded AS w ON w.employee_id = o.employee_id
