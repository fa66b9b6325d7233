-- Orders of a faulty meter (故障表处理) whose limit of working days ran out in the audited month; days on which they stood still for the customer's sake do not count.
WITH waited AS (
    SELECT order_no, sum(COALESCE(suspended_working_days, 0)) AS suspended_working_days
    FROM work_order_node
    GROUP BY order_no
),

fault AS (
    SELECT
        o.order_no,
        o.org_no,
        o.customer_no,
        o.supply,
        o.state,
        o.opened_at,
        CASE WHEN o.closed_at < $as_of THEN o.closed_at END AS closed_at,
        COALESCE(n.suspended_working_days, 0) AS suspended_working_days,
        -- The archive says how the customer is supplied; the order does where the customer is not in it.
        CASE
            WHEN COALESCE(c.kind = 'hv', o.supply IN ('hv_single', 'hv_double'), FALSE) THEN $working_days_high_voltage
            ELSE $working_days_low_voltage
        END AS limit_working_days
    FROM work_order AS o
    LEFT JOIN customer AS c ON c.customer_no = o.customer_no
    LEFT JOIN waited AS n ON n.order_no = o.order_no
    WHERE
        o.kind = 'meter_fault'
        -- When a cancelled order stopped is not known without its end.
        AND (o.state <> 'cancelled' OR o.closed_at IS NOT NULL)
)

SELECT
    f.order_no AS subject_id,
    f.org_no,
    f.customer_no,
    $month AS bill_month,
    f.supply,
    f.state,
    f.opened_at,
    f.closed_at,
    f.suspended_working_days,
    f.limit_working_days,
    w.day AS late_on,
    workdays(f.opened_at, COALESCE(CAST(f.closed_at AS DATE), CAST($as_of - INTERVAL 1 DAY AS DATE))) - f.suspended_working_days AS working_days
FROM fault AS f
INNER JOIN working_day AS s ON s.day = CAST(f.opened_at AS DATE)
INNER JOIN working_day AS w
    ON w.is_working_day AND w.working_day_no = s.working_day_no + f.suspended_working_days + f.limit_working_days + 1
WHERE
    w.day >= $month AND w.day < $month_end AND w.day < $as_of
    AND (f.closed_at IS NULL OR CAST(f.closed_at AS DATE) >= w.day)
