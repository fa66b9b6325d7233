-- The terminal reports that a meter's energy differs from what it expects (电能量超差) by more than its limit.
WITH event AS (
    SELECT
        e.event_id,
        e.mp_id,
        e.meter_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        e.ended_at,
        p.customer_no,
        p.org_no
    FROM meter_event AS e
    INNER JOIN metering_point AS p ON p.mp_id = e.mp_id
    -- Before installation and after removal it is the laboratory; on the day of the work the registers of two meters meet.
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND CAST(e.started_at AS DATE) > CAST(i.installed_at + $days * INTERVAL 1 DAY AS DATE)
            AND (i.removed_at IS NULL OR CAST(e.started_at + $days * INTERVAL 1 DAY AS DATE) < CAST(i.removed_at AS DATE))
    WHERE
        upper(trim(e.code)) IN ($codes)
        AND p.status = 'running'
        AND e.started_at >= $month
        AND e.started_at < LEAST($month_end, $as_of)
    QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY i.installed_at DESC) = 1
)

-- Terminal and meter may both report one difference: count moments, not messages.
SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CAST(min(started_at) AS DATE) AS period_from,
    CAST(max(started_at) + INTERVAL 1 DAY AS DATE) AS period_to,
    meter_id,
    min(event_id) AS event_id,
    min(code) AS code,
    min(started_at) AS first_at,
    count(DISTINCT started_at) AS times
FROM event
GROUP BY mp_id, meter_id, customer_no, org_no
HAVING count(DISTINCT started_at) >= $least_times
