-- Every step of an order with its place on the working calendar: the number of working days it took is the
-- difference of the two numbers, less the days on which it stood still for the customer's sake.
SELECT
    n.order_no,
    n.seq,
    n.node,
    n.operator_id,
    n.started_at,
    n.finished_at,
    s.working_day_no AS started_no,
    f.working_day_no AS finished_no,
    COALESCE(n.suspended_working_days, 0) AS suspended_working_days,
    GREATEST(f.working_day_no - s.working_day_no - COALESCE(n.suspended_working_days, 0), 0) AS net_working_days
FROM work_order_node AS n
LEFT JOIN working_day AS s ON s.day = CAST(n.started_at AS DATE)
LEFT JOIN working_day AS f ON f.day = CAST(n.finished_at AS DATE)
