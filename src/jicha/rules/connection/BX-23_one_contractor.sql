-- Stations of which one contractor (施工单位) got more than the allowed share of the customers' projects of the last months (三指定).
WITH project AS (
    SELECT o.org_no, o.contractor, o.order_no, o.capacity_kva
    FROM work_order AS o
    WHERE
        o.kind IN ($kinds)
        AND o.state <> 'cancelled'
        AND length(trim(COALESCE(o.contractor, ''))) > 0
        AND trim(o.contractor) NOT IN ($own_crews)
        AND o.opened_at >= add_months($month_end, -$within_months)
        AND o.opened_at < LEAST($month_end, $as_of)
),

counted AS (
    SELECT
        org_no,
        trim(contractor) AS contractor,
        count(*) AS projects,
        sum(capacity_kva) AS capacity_kva
    FROM project
    GROUP BY org_no, trim(contractor)
),

shared AS (
    SELECT
        c.*,
        CAST(sum(projects) OVER (PARTITION BY org_no) AS BIGINT) AS all_projects,
        count(*) OVER (PARTITION BY org_no) AS contractors
    FROM counted AS c
)

SELECT
    s.org_no AS subject_id,
    s.org_no,
    s.contractor,
    s.projects,
    s.all_projects,
    s.contractors,
    s.capacity_kva,
    safe_div(s.projects * 100, s.all_projects) AS share_pct
FROM shared AS s
WHERE s.all_projects >= $least_projects AND CAST(s.projects AS DECIMAL(38, 4)) > $share * s.all_projects
