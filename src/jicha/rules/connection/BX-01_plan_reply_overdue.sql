-- Connection orders of which the supply plan (供电方案) was not answered within the limit of working days, counted from the acceptance,
-- and of which that limit ran out in the audited month: answered after it, or still not answered. Days on which a step stood still
-- for the customer's sake do not count.
WITH answer AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.kind,
        o.supply,
        o.state,
        o.closed_at,
        min(n.started_at) AS accepted_at,
        min(n.started_no) AS started_no,
        max(CASE WHEN n.node = 'plan_reply' AND n.finished_at < $as_of THEN n.finished_at END) AS replied_at,
        sum(n.suspended_working_days) AS suspended_working_days,
        CASE o.supply
            WHEN 'lv_res' THEN $limit_lv_res
            WHEN 'lv_nonres' THEN $limit_lv_nonres
            WHEN 'hv_single' THEN $limit_hv_single
            WHEN 'hv_double' THEN $limit_hv_double
        END AS limit_working_days
    FROM work_order AS o
    INNER JOIN order_node_elapsed AS n ON n.order_no = o.order_no
    LEFT JOIN customer AS c ON c.customer_no = o.customer_no
    WHERE
        o.kind IN ($kinds)
        AND n.node IN ('accept', 'survey', 'plan_reply')
        AND n.started_at < $as_of
        -- At 110 kV and above the access system (接入系统) is designed first, in days that no record shows.
        AND COALESCE(c.voltage_code NOT IN ($excluded_voltages), TRUE)
    GROUP BY o.order_no, o.org_no, o.customer_no, o.kind, o.supply, o.state, o.closed_at
),

ended AS (
    SELECT
        a.*,
        CAST(COALESCE(a.replied_at, a.closed_at) AS DATE) AS ended_on
    FROM answer AS a
    WHERE
        a.limit_working_days IS NOT NULL
        -- When a cancelled order stopped is not known without its end.
        AND (a.state <> 'cancelled' OR a.replied_at IS NOT NULL OR a.closed_at IS NOT NULL)
)

SELECT
    e.order_no AS subject_id,
    e.org_no,
    e.customer_no,
    e.kind AS order_kind,
    e.supply,
    e.state,
    e.accepted_at,
    e.replied_at,
    CASE
        WHEN e.replied_at IS NOT NULL THEN workdays(e.accepted_at, e.replied_at) - e.suspended_working_days
        ELSE workdays(e.accepted_at, CAST($as_of - INTERVAL 1 DAY AS DATE)) - e.suspended_working_days
    END AS working_days,
    e.suspended_working_days,
    e.limit_working_days,
    w.day AS late_on
FROM ended AS e
INNER JOIN working_day AS w
    ON w.is_working_day AND w.working_day_no = e.started_no + e.suspended_working_days + e.limit_working_days + 1
WHERE
    w.day >= $month AND w.day < $month_end AND w.day < $as_of
    AND (e.ended_on IS NULL OR e.ended_on >= w.day)
