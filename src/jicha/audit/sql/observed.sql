-- Which findings that a rule has not found again could be judged in a month.

-- place --
-- The places of each subject: one row a metering point of it; where none is known, what the finding itself says.
CREATE OR REPLACE TEMP TABLE subject_place AS
WITH subject AS (
    SELECT
        finding_id,
        rule_id,
        CASE
            WHEN subject_kind = 'metering_point' THEN subject_id
            WHEN subject_kind NOT IN ('customer', 'district', 'feeder') THEN mp_id
        END AS mp_id,
        CASE
            WHEN subject_kind = 'customer' THEN subject_id
            WHEN subject_kind NOT IN ('district', 'feeder') THEN customer_no
        END AS customer_no,
        CASE WHEN subject_kind = 'district' THEN subject_id END AS district_id,
        CASE WHEN subject_kind = 'feeder' THEN subject_id END AS feeder_id
    FROM absent_finding
),
-- The narrowest key that is known decides.
named AS (
    SELECT s.finding_id, p.mp_id, p.customer_no, p.district_id, p.feeder_id
    FROM subject AS s INNER JOIN metering_point AS p ON p.mp_id = s.mp_id
    UNION ALL
    SELECT s.finding_id, p.mp_id, p.customer_no, p.district_id, p.feeder_id
    FROM subject AS s INNER JOIN metering_point AS p ON p.customer_no = s.customer_no
    WHERE s.mp_id IS NULL
    UNION ALL
    SELECT s.finding_id, p.mp_id, p.customer_no, p.district_id, p.feeder_id
    FROM subject AS s INNER JOIN metering_point AS p ON p.district_id = s.district_id
    UNION ALL
    SELECT s.finding_id, p.mp_id, p.customer_no, p.district_id, p.feeder_id
    FROM subject AS s INNER JOIN metering_point AS p ON p.feeder_id = s.feeder_id
)
SELECT
    s.finding_id,
    s.rule_id,
    coalesce(n.mp_id, s.mp_id) AS mp_id,
    coalesce(s.customer_no, n.customer_no) AS customer_no,
    coalesce(s.district_id, n.district_id) AS district_id,
    coalesce(s.feeder_id, n.feeder_id) AS feeder_id
FROM subject AS s LEFT JOIN named AS n ON n.finding_id = s.finding_id;

-- seen --
-- A subject whose place is not known to the archive is judged with its organisation.
SELECT DISTINCT s.finding_id
FROM subject_place AS s
LEFT JOIN (
    SELECT DISTINCT {key} AS place_key FROM {table}
    WHERE {month_field} >= $month AND {month_field} < $month_end AND {filled}
        AND {key} IN (SELECT {place_key} FROM subject_place)
) AS r ON r.place_key = s.{place_key}
WHERE list_contains($rule_ids, s.rule_id) AND (s.{place_key} IS NULL OR r.place_key IS NOT NULL);
