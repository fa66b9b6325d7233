-- The meter reports a constant magnetic field (恒定磁场干扰) that stays for minutes, not the moment of a machine nearby.
WITH reported AS (
    SELECT
        e.mp_id,
        e.meter_id,
        e.event_id,
        upper(trim(e.code)) AS code,
        e.started_at,
        e.ended_at
    FROM meter_event AS e
    -- Before installation and after removal it is the magnet of a store or a laboratory.
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = e.mp_id
            AND i.meter_id = e.meter_id
            AND e.started_at >= i.installed_at
            AND (i.removed_at IS NULL OR e.started_at < i.removed_at)
    WHERE
        upper(trim(e.code)) IN ($codes)
        AND e.started_at >= $month
        AND e.started_at < LEAST($month_end, $as_of)
        AND (e.ended_at IS NULL OR e.ended_at >= e.started_at + $minutes * INTERVAL 1 MINUTE)
    QUALIFY row_number() OVER (PARTITION BY e.event_id ORDER BY i.installed_at DESC) = 1
),

placed AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.event_id,
        r.code,
        r.started_at,
        r.ended_at,
        p.customer_no,
        p.org_no,
        p.district_id
    FROM reported AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
),

-- A field that several meters feel at once comes from a machine or a bus bar nearby.
common_field AS (
    SELECT v.event_id
    FROM placed AS v
    INNER JOIN placed AS n ON n.district_id = v.district_id
    WHERE
        n.mp_id <> v.mp_id
        AND n.started_at >= v.started_at - $together_minutes * INTERVAL 1 MINUTE
        AND n.started_at <= v.started_at + $together_minutes * INTERVAL 1 MINUTE
    GROUP BY v.event_id
    HAVING count(DISTINCT n.mp_id) >= $neighbours
)

-- Meter and terminal may both report one field: count moments, not messages.
SELECT
    v.mp_id AS subject_id,
    v.org_no,
    v.customer_no,
    v.mp_id,
    $month AS bill_month,
    CAST(min(v.started_at) AS DATE) AS period_from,
    CAST(max(LEAST(COALESCE(v.ended_at, CAST($as_of AS TIMESTAMP)), CAST($month_end AS TIMESTAMP))) - INTERVAL 1 MINUTE + INTERVAL 1 DAY AS DATE) AS period_to,
    v.meter_id,
    min(v.event_id) AS event_id,
    min(v.code) AS code,
    min(v.started_at) AS first_started_at,
    count(DISTINCT v.started_at) AS events,
    bool_or(v.ended_at IS NULL) AS goes_on
FROM placed AS v
LEFT JOIN common_field AS c ON c.event_id = v.event_id
WHERE c.event_id IS NULL
GROUP BY v.mp_id, v.meter_id, v.customer_no, v.org_no
