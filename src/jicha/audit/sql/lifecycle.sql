-- The life of each finding: this run's rows against the last run before it.
-- found       this run's rows (finding columns, silenced)
-- base        the ledger of the last run of an earlier month, or of this month on an earlier snapshot
-- same_month  the ledger of the last run of this month on an earlier snapshot (for documents of the month)
-- judged      (rule_id, org_no) that this run could judge, and
-- unobserved  (finding_id) of whose subject the month has no rows: only there does absence mean "cleared"
-- $month      the audited month; $run_id, $snapshot_id of this run
WITH prior AS (
    SELECT b.*, 'standing' AS lifecycle FROM base AS b
    WHERE b.rule_id IN (SELECT rule_id FROM rule_life WHERE lifecycle = 'standing')
    UNION ALL
    SELECT s.*, 'occurrence' AS lifecycle FROM same_month AS s
    WHERE s.rule_id IN (SELECT rule_id FROM rule_life WHERE lifecycle = 'occurrence') AND s.seen_month = $month
),
present AS (
    SELECT f.* EXCLUDE (silenced),
        CASE WHEN p.finding_id IS NULL THEN 'new' WHEN p.active THEN 'continuing' ELSE 'recurred' END AS status,
        coalesce(p.first_seen, $month) AS first_seen,
        $month AS last_seen, $run_id AS run_id, true AS active, f.silenced, $month AS seen_month
    FROM found AS f LEFT JOIN prior AS p USING (finding_id)
),
cleared AS (
    SELECT p.* EXCLUDE (lifecycle) REPLACE ('cleared' AS status, $run_id AS run_id, $snapshot_id AS snapshot_id, false AS active)
    FROM prior AS p
    ANTI JOIN found AS f ON f.finding_id = p.finding_id
    ANTI JOIN unobserved AS u ON u.finding_id = p.finding_id
    SEMI JOIN judged AS j ON j.rule_id = p.rule_id AND j.org_no = coalesce(p.org_no, '')
    WHERE p.active
),
touched AS (SELECT * FROM present UNION ALL BY NAME SELECT * FROM cleared),
-- Documents stay with the runs of their own month; what is cleared keeps its dates, its wording stays with the
-- run that cleared it. So a ledger does not grow with the number of months behind it.
carried AS (
    SELECT b.* REPLACE (
        CASE WHEN b.active THEN b.message END AS message, CASE WHEN b.active THEN b.evidence END AS evidence
    )
    FROM base AS b
    ANTI JOIN touched AS t ON t.finding_id = b.finding_id
    WHERE b.rule_id NOT IN (SELECT rule_id FROM rule_life WHERE lifecycle = 'occurrence')
)
SELECT * FROM touched UNION ALL BY NAME SELECT * FROM carried
ORDER BY rule_id, finding_id
