-- Planned outages (计划停电) announced fewer days ahead than promised, and temporary ones of which important customers were not told in time (停电未通知).
WITH outage AS (
    SELECT
        n.notice_id,
        n.kind,
        n.district_id,
        n.feeder_id,
        n.notified_at,
        n.starts_at,
        n.ends_at,
        CASE
            WHEN n.kind = 'planned'
                THEN COALESCE(date_diff('day', CAST(n.notified_at AS DATE), CAST(n.starts_at AS DATE)) < $planned_days, TRUE)
            ELSE COALESCE(n.notified_at > n.starts_at - $temporary_hours * INTERVAL 1 HOUR, TRUE)
        END AS is_late
    FROM outage_notice AS n
    WHERE n.starts_at >= $month AND n.starts_at < LEAST($month_end, $as_of)
),

late AS (
    SELECT notice_id, kind, district_id, feeder_id, notified_at, starts_at, ends_at
    FROM outage
    WHERE is_late
),

-- A notice names the district or, where it has none, the whole feeder.
reached AS (
    SELECT l.notice_id, p.customer_no
    FROM late AS l
    INNER JOIN metering_point AS p ON p.district_id = l.district_id
    WHERE p.status = 'running'
    UNION
    SELECT l.notice_id, p.customer_no
    FROM late AS l
    INNER JOIN metering_point AS p ON p.feeder_id = l.feeder_id
    WHERE l.district_id IS NULL AND p.status = 'running'
),

touched AS (
    SELECT
        r.notice_id,
        count(*) AS customers,
        count(*) FILTER (WHERE c.importance IN ($important)) AS important_customers,
        min(c.customer_no) FILTER (WHERE c.importance IN ($important)) AS an_important_customer
    FROM reached AS r
    INNER JOIN customer AS c ON c.customer_no = r.customer_no
    WHERE c.status <> 'closed'
    GROUP BY r.notice_id
)

SELECT
    l.notice_id AS subject_id,
    COALESCE(d.org_no, f.org_no) AS org_no,
    $month AS bill_month,
    l.kind AS outage_kind,
    l.district_id,
    l.feeder_id,
    l.notified_at,
    l.starts_at,
    l.ends_at,
    date_diff('day', CAST(l.notified_at AS DATE), CAST(l.starts_at AS DATE)) AS days_ahead,
    COALESCE(t.customers, 0) AS customers,
    COALESCE(t.important_customers, 0) AS important_customers,
    t.an_important_customer
FROM late AS l
LEFT JOIN touched AS t ON t.notice_id = l.notice_id
LEFT JOIN district AS d ON d.district_id = l.district_id
LEFT JOIN feeder AS f ON f.feeder_id = l.feeder_id
WHERE l.kind = 'planned' OR t.important_customers > 0
