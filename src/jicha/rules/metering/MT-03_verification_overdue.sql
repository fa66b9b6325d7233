-- Running meters whose verification (检定) is past due, by the ledger's own due date.
WITH tested AS (
    SELECT meter_id, max(tested_on) AS last_passed_on
    FROM meter_test
    WHERE kind IN ('first', 'periodic') AND passed AND tested_on < $as_of
    GROUP BY meter_id
)

SELECT
    i.meter_id AS subject_id,
    p.org_no,
    p.customer_no,
    p.mp_id,
    i.meter_id,
    p.class,
    m.verified_on,
    m.verify_due_on,
    t.last_passed_on,
    date_diff('day', m.verify_due_on, $as_of) AS overdue_days
FROM metering_point AS p
INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
INNER JOIN meter AS m ON m.meter_id = i.meter_id
LEFT JOIN tested AS t ON t.meter_id = i.meter_id
WHERE
    p.status = 'running'
    AND m.state = 'running'
    AND i.installed_at < $as_of
    AND (i.removed_at IS NULL OR i.removed_at >= $as_of)
    AND date_diff('day', m.verify_due_on, $as_of) > $grace_days
    -- Verified since: only the ledger's due date was left behind.
    AND (t.last_passed_on IS NULL OR t.last_passed_on <= m.verify_due_on)
-- A meter that the ledger shows in two places is still one meter.
QUALIFY row_number() OVER (PARTITION BY i.meter_id ORDER BY i.installed_at DESC, i.mp_id) = 1
