-- Remotely read points that nobody looked at on site: in one of the first cycles after the start of remote reading, or for more than a year (未按规定现场核抄).
WITH reads AS (
    SELECT
        mp_id,
        min(bill_month) AS first_month,
        min(bill_month) FILTER (WHERE method = 'ami') AS remote_from,
        count(DISTINCT bill_month) FILTER (WHERE method = 'ami') AS remote_cycles,
        max(CAST(read_at AS DATE)) FILTER (WHERE method IN ($site_methods)) AS site_read_on,
        bool_or(method = 'ami') FILTER (WHERE bill_month = $month) AS is_remote,
        min(CAST(previous_at AS DATE)) FILTER (WHERE bill_month = $month) AS cycle_from,
        max(CAST(read_at AS DATE)) FILTER (WHERE bill_month = $month) AS read_on
    FROM reading
    WHERE register = 'total' AND bill_month <= $month
    GROUP BY mp_id
),
delivered AS (
    SELECT min(first_month) AS first_month
    FROM reads
),
-- Whoever works on the seals of a meter or tests it stands in front of it.
visit AS (
    SELECT mp_id, CAST(at AS DATE) AS visited_on
    FROM seal_operation
    WHERE mp_id IS NOT NULL AND at < CAST($as_of AS TIMESTAMP)
    UNION ALL
    SELECT mp_id, tested_on AS visited_on
    FROM meter_test
    WHERE tested_on < $as_of
),
visited AS (
    SELECT
        v.mp_id,
        max(v.visited_on) AS last_visit_on,
        bool_or(v.visited_on >= r.cycle_from AND v.visited_on <= CAST(r.read_on + $after_days * INTERVAL 1 DAY AS DATE)) AS in_cycle
    FROM visit AS v
    INNER JOIN reads AS r ON r.mp_id = v.mp_id
    GROUP BY v.mp_id
),
judged AS (
    SELECT
        r.mp_id,
        r.remote_from,
        r.remote_cycles,
        r.cycle_from,
        r.read_on,
        -- GREATEST passes over a null, so this is the later of the two or the only one.
        GREATEST(v.last_visit_on, r.site_read_on) AS last_check_on,
        COALESCE(v.in_cycle, FALSE) AS in_cycle,
        -- The start of remote reading is known only where it lies within what was delivered.
        r.remote_from > d.first_month AND r.remote_cycles <= $first_cycles AS is_first
    FROM reads AS r
    CROSS JOIN delivered AS d
    LEFT JOIN visited AS v ON v.mp_id = r.mp_id
    WHERE r.is_remote
)
SELECT
    j.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    j.mp_id,
    CAST($month AS DATE) AS bill_month,
    CASE WHEN j.is_first THEN 'first_cycles' ELSE 'over_a_year' END AS kind,
    j.remote_from,
    j.remote_cycles,
    j.last_check_on,
    j.read_on
FROM judged AS j
INNER JOIN metering_point AS p ON p.mp_id = j.mp_id
WHERE
    p.usage = 'billing'
    AND p.status = 'running'
    AND (
        (j.is_first AND NOT j.in_cycle)
        OR (
            NOT j.is_first
            AND p.opened_on < add_months($month_end, -$months)
            AND COALESCE(j.last_check_on < add_months($month_end, -$months), TRUE)
        )
    )
