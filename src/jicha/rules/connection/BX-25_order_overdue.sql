-- Marketing orders other than connections that are open for longer than the limit of their kind (电能表轮换等流程超期), counted in working days from
-- the application, less the days suspended for the customer's sake. The day on which the limit ran out decides the audited month.
WITH suspended AS (
    SELECT order_no, sum(suspended_working_days) AS days
    FROM work_order_node
    GROUP BY order_no
),

timed AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.kind,
        o.state,
        o.opened_at,
        o.closed_at,
        w.working_day_no AS opened_no,
        COALESCE(s.days, 0) AS suspended_working_days,
        CASE o.kind
            WHEN 'meter_swap' THEN $limit_meter_swap
            WHEN 'meter_test' THEN $limit_meter_test
            WHEN 'relocation' THEN $limit_relocation
            WHEN 'rename' THEN $limit_rename
            WHEN 'transfer' THEN $limit_transfer
            WHEN 'category_change' THEN $limit_category_change
            WHEN 'price_change' THEN $limit_price_change
            WHEN 'closure' THEN $limit_closure
            WHEN 'suspension' THEN $limit_suspension
            WHEN 'resume' THEN $limit_resume
            WHEN 'capacity_reduction' THEN $limit_capacity_reduction
            WHEN 'pv_connection' THEN $limit_pv_connection
            WHEN 'back_bill' THEN $limit_back_bill
        END AS limit_working_days
    FROM work_order AS o
    INNER JOIN working_day AS w ON w.day = CAST(o.opened_at AS DATE)
    LEFT JOIN suspended AS s ON s.order_no = o.order_no
    WHERE
        o.opened_at < $as_of
        -- When a cancelled order stopped is not known without its end.
        AND (o.state <> 'cancelled' OR o.closed_at IS NOT NULL)
        -- A done order without its end: its length is not known.
        AND (o.state <> 'done' OR o.closed_at IS NOT NULL)
)

SELECT
    t.order_no AS subject_id,
    t.org_no,
    t.customer_no,
    t.kind AS order_kind,
    t.state,
    t.opened_at,
    CASE WHEN t.closed_at < $as_of THEN t.closed_at END AS closed_at,
    CASE
        WHEN t.closed_at < $as_of THEN workdays(t.opened_at, t.closed_at)
        ELSE workdays(t.opened_at, CAST($as_of - INTERVAL 1 DAY AS DATE))
    END - t.suspended_working_days AS working_days,
    t.suspended_working_days,
    t.limit_working_days,
    w.day AS late_on
FROM timed AS t
INNER JOIN working_day AS w
    ON w.is_working_day AND w.working_day_no = t.opened_no + t.suspended_working_days + t.limit_working_days + 1
WHERE
    t.limit_working_days IS NOT NULL
    AND w.day >= $month
    AND w.day < $month_end
    AND w.day < $as_of
    AND (t.closed_at IS NULL OR CAST(t.closed_at AS DATE) >= w.day)
