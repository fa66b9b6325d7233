-- Calls for an outage or a repair (抢修) of which the time to arrive, by zone, ran out in the audited month.
WITH called AS (
    SELECT
        c.complaint_no,
        c.org_no,
        c.customer_no,
        c.kind,
        c.zone,
        c.received_at,
        CASE WHEN c.arrived_at < $as_of THEN c.arrived_at END AS arrived_at,
        CASE WHEN c.answered_at < $as_of THEN c.answered_at END AS answered_at,
        CASE WHEN c.contacted_at < $as_of THEN c.contacted_at END AS contacted_at,
        CASE c.zone
            WHEN 'urban' THEN $limit_urban
            WHEN 'rural' THEN $limit_rural
            WHEN 'remote' THEN $limit_remote
        END AS limit_minutes
    FROM complaint AS c
    WHERE c.kind IN ($kinds)
),

late AS (
    SELECT
        complaint_no,
        org_no,
        customer_no,
        kind,
        zone,
        received_at,
        arrived_at,
        limit_minutes,
        received_at + limit_minutes * INTERVAL 1 MINUTE AS due_at
    FROM called
    WHERE
        received_at + limit_minutes * INTERVAL 1 MINUTE >= $month
        AND received_at + limit_minutes * INTERVAL 1 MINUTE < $month_end
        AND received_at + limit_minutes * INTERVAL 1 MINUTE < $as_of
        AND (arrived_at IS NULL OR arrived_at > received_at + limit_minutes * INTERVAL 1 MINUTE)
        -- Settled by telephone before anybody had to be there; or a complaint about an outage, which is answered (CS-01).
        AND (arrived_at IS NOT NULL OR answered_at IS NULL OR answered_at > received_at + limit_minutes * INTERVAL 1 MINUTE)
        AND (arrived_at IS NOT NULL OR kind IN ($arrival_kinds) OR (answered_at IS NULL AND contacted_at IS NULL))
),

-- An outage that was announced needs no repair.
place AS (
    SELECT l.complaint_no, l.received_at, p.district_id, p.feeder_id
    FROM late AS l
    INNER JOIN metering_point AS p ON p.customer_no = l.customer_no
    WHERE l.kind = 'outage'
),

announced AS (
    SELECT p.complaint_no
    FROM place AS p
    INNER JOIN outage_notice AS n ON n.district_id = p.district_id
    WHERE n.notified_at <= p.received_at AND n.starts_at <= p.received_at AND (n.ends_at IS NULL OR n.ends_at >= p.received_at)
    UNION ALL
    SELECT p.complaint_no
    FROM place AS p
    INNER JOIN outage_notice AS n ON n.feeder_id = p.feeder_id
    WHERE n.notified_at <= p.received_at AND n.starts_at <= p.received_at AND (n.ends_at IS NULL OR n.ends_at >= p.received_at)
)

SELECT
    l.complaint_no AS subject_id,
    l.org_no,
    l.customer_no,
    l.kind AS call_kind,
    l.zone,
    l.received_at,
    l.due_at,
    l.arrived_at,
    l.limit_minutes,
    date_diff('day', CAST(l.received_at AS DATE), CAST(l.arrived_at AS DATE)) * 1440
    + (hour(l.arrived_at) - hour(l.received_at)) * 60
    + minute(l.arrived_at) - minute(l.received_at) AS arrival_minutes
FROM late AS l
ANTI JOIN announced AS a ON a.complaint_no = l.complaint_no
