-- Cases of default use or theft (违约用电、窃电) that were terminated, cancelled or deleted instead of settled.
WITH ended AS (
    SELECT
        b.case_no,
        b.customer_no,
        b.order_no,
        b.nature,
        b.act,
        b.found_on,
        b.kwh,
        b.back_yuan,
        b.penalty_yuan,
        b.received_yuan,
        'terminated' AS how,
        COALESCE(b.closed_on, CAST(o.closed_at AS DATE), b.found_on) AS ended_on
    FROM breach_case AS b
    LEFT JOIN work_order AS o ON o.order_no = b.order_no
    WHERE b.state = 'terminated'
    UNION ALL
    SELECT
        b.case_no,
        b.customer_no,
        b.order_no,
        b.nature,
        b.act,
        b.found_on,
        b.kwh,
        b.back_yuan,
        b.penalty_yuan,
        b.received_yuan,
        'order cancelled' AS how,
        COALESCE(CAST(o.closed_at AS DATE), b.closed_on, b.found_on) AS ended_on
    FROM breach_case AS b
    INNER JOIN work_order AS o ON o.order_no = b.order_no
    WHERE b.state = 'open' AND o.state = 'cancelled'
    UNION ALL
    -- Only the log still knows a deleted case.
    SELECT
        l.record_key AS case_no,
        min(l.customer_no) AS customer_no,
        min(l.order_no) AS order_no,
        CAST(NULL AS VARCHAR) AS nature,
        CAST(NULL AS VARCHAR) AS act,
        CAST(NULL AS DATE) AS found_on,
        CAST(NULL AS DECIMAL(18, 4)) AS kwh,
        CAST(NULL AS DECIMAL(18, 2)) AS back_yuan,
        CAST(NULL AS DECIMAL(18, 2)) AS penalty_yuan,
        CAST(NULL AS DECIMAL(18, 2)) AS received_yuan,
        'deleted' AS how,
        CAST(max(l.at) AS DATE) AS ended_on
    FROM operation_log AS l
    LEFT ANTI JOIN breach_case AS b ON b.case_no = l.record_key
    WHERE l.action = 'delete' AND l.table_name = 'breach_case' AND l.record_key IS NOT NULL AND l.at < $as_of
    GROUP BY l.record_key
),

-- Entered twice: the same customer's case of the same act, found within a few days, goes on or was settled.
judged AS (
    SELECT
        e.case_no,
        e.customer_no,
        e.order_no,
        e.nature,
        e.act,
        e.found_on,
        e.kwh,
        e.back_yuan,
        e.penalty_yuan,
        e.received_yuan,
        e.how,
        e.ended_on,
        CASE
            WHEN e.back_yuan IS NOT NULL OR e.penalty_yuan IS NOT NULL
                THEN GREATEST(COALESCE(e.back_yuan, 0) + COALESCE(e.penalty_yuan, 0) - COALESCE(e.received_yuan, 0), 0)
        END AS open_yuan
    FROM ended AS e
    WHERE
        e.ended_on >= $month
        AND e.ended_on < LEAST($month_end, $as_of)
        AND NOT EXISTS (
            SELECT 1
            FROM breach_case AS t
            LEFT JOIN work_order AS o ON o.order_no = t.order_no
            WHERE
                t.customer_no = e.customer_no
                AND t.case_no <> e.case_no
                AND t.state IN ('open', 'closed')
                AND COALESCE(o.state, 'open') <> 'cancelled'
                AND t.nature = e.nature
                AND t.act = e.act
                AND ABS(date_diff('day', t.found_on, e.found_on)) <= $twice_days
        )
    QUALIFY row_number() OVER (PARTITION BY e.case_no ORDER BY e.how) = 1
)

SELECT
    j.case_no AS subject_id,
    c.org_no,
    j.customer_no,
    $month AS bill_month,
    j.order_no,
    j.nature,
    j.act,
    j.found_on,
    j.how,
    CASE j.how WHEN 'terminated' THEN '案件终止' WHEN 'deleted' THEN '案件删除' ELSE '工单取消' END AS how_zh,
    j.ended_on,
    j.back_yuan,
    j.penalty_yuan,
    j.received_yuan,
    j.kwh AS kwh_at_stake,
    j.open_yuan AS yuan_at_stake
FROM judged AS j
LEFT JOIN customer AS c ON c.customer_no = j.customer_no
