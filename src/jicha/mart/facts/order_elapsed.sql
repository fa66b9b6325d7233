-- What an order took on the working calendar: in all, and by each of the utility's own steps, less the days on
-- which a step stood still for the customer's sake. A step still open has no days yet.
WITH steps AS (
    SELECT
        order_no,
        count(*) AS nodes,
        count(*) - count(finished_at) AS open_nodes,
        min(started_at) AS first_started_at,
        max(finished_at) AS last_finished_at,
        sum(suspended_working_days) AS suspended_working_days,
        sum(net_working_days) FILTER (WHERE node = 'accept') AS accept_days,
        sum(net_working_days) FILTER (WHERE node = 'survey') AS survey_days,
        sum(net_working_days) FILTER (WHERE node = 'plan_reply') AS plan_reply_days,
        sum(net_working_days) FILTER (WHERE node = 'design_review') AS design_review_days,
        sum(net_working_days) FILTER (WHERE node = 'mid_check') AS mid_check_days,
        sum(net_working_days) FILTER (WHERE node = 'final_check') AS final_check_days,
        sum(net_working_days) FILTER (WHERE node = 'contract') AS contract_days,
        sum(net_working_days) FILTER (WHERE node = 'meter_install') AS meter_install_days,
        sum(net_working_days) FILTER (WHERE node = 'energise') AS energise_days,
        sum(net_working_days) FILTER (WHERE node = 'archive') AS archive_days
    FROM order_node_elapsed
    GROUP BY order_no
)

SELECT
    o.order_no,
    o.kind,
    o.supply,
    o.state,
    o.customer_no,
    o.org_no,
    o.opened_at,
    o.closed_at,
    workdays(o.opened_at, o.closed_at) AS total_working_days,
    s.nodes,
    s.open_nodes,
    s.first_started_at,
    s.last_finished_at,
    s.suspended_working_days,
    s.accept_days,
    s.survey_days,
    s.plan_reply_days,
    s.design_review_days,
    s.mid_check_days,
    s.final_check_days,
    s.contract_days,
    s.meter_install_days,
    s.energise_days,
    s.archive_days,
    CASE
        WHEN s.nodes IS NOT NULL
            THEN
                COALESCE(s.accept_days, 0) + COALESCE(s.survey_days, 0) + COALESCE(s.plan_reply_days, 0)
                + COALESCE(s.design_review_days, 0) + COALESCE(s.mid_check_days, 0)
                + COALESCE(s.final_check_days, 0) + COALESCE(s.contract_days, 0)
                + COALESCE(s.meter_install_days, 0) + COALESCE(s.energise_days, 0) + COALESCE(s.archive_days, 0)
    END AS utility_working_days
FROM work_order AS o
LEFT JOIN steps AS s ON s.order_no = o.order_no
