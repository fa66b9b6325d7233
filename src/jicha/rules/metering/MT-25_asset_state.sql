-- Meters whose state in the ledger (资产状态) contradicts where they are: not running but hanging, lost, or not in the ledger at all.
WITH hanging AS (
    SELECT i.meter_id, i.mp_id, p.org_no, p.customer_no, CAST(i.installed_at AS DATE) AS installed_on, i.removed_at
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    WHERE p.status = 'running' AND i.installed_at < $as_of AND (i.removed_at IS NULL OR i.removed_at >= $as_of)
    QUALIFY row_number() OVER (PARTITION BY i.meter_id ORDER BY i.installed_at DESC, i.mp_id) = 1
),

-- The last place where a meter hung that hangs nowhere now.
taken_down AS (
    SELECT i.meter_id, i.mp_id, p.org_no, p.customer_no, CAST(i.installed_at AS DATE) AS installed_on, CAST(i.removed_at AS DATE) AS removed_on
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    ANTI JOIN hanging AS h ON h.meter_id = i.meter_id
    WHERE i.removed_at < $as_of
    QUALIFY row_number() OVER (PARTITION BY i.meter_id ORDER BY i.removed_at DESC, i.mp_id) = 1
),

judged AS (
    SELECT
        h.meter_id,
        h.mp_id,
        h.org_no,
        h.customer_no,
        m.state,
        h.installed_on,
        CAST(NULL AS DATE) AS removed_on,
        CASE
            WHEN m.meter_id IS NULL THEN 'not_in_ledger'
            WHEN m.state = 'lost' THEN 'lost'
            WHEN m.state <> 'running' THEN 'hanging_not_running'
        END AS finding_kind
    FROM hanging AS h
    LEFT JOIN meter AS m ON m.meter_id = h.meter_id
    -- The ledger follows the work within some days.
    WHERE
        CAST(h.installed_on + $entry_days * INTERVAL 1 DAY AS DATE) < $as_of
        -- The ledger tells the state of today: of a meter that was removed since then it tells nothing.
        AND (m.meter_id IS NULL OR h.removed_at IS NULL)
    UNION ALL
    SELECT
        t.meter_id,
        t.mp_id,
        t.org_no,
        t.customer_no,
        m.state,
        t.installed_on,
        t.removed_on,
        CASE
            WHEN m.state = 'lost' THEN 'lost'
            WHEN m.state = 'running' THEN 'running_not_hanging'
        END AS finding_kind
    FROM taken_down AS t
    INNER JOIN meter AS m ON m.meter_id = t.meter_id
    WHERE m.state IN ('lost', 'running') AND CAST(t.removed_on + $entry_days * INTERVAL 1 DAY AS DATE) < $as_of
)

SELECT
    j.meter_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    j.meter_id,
    j.state,
    j.installed_on,
    j.removed_on,
    j.finding_kind,
    CASE j.finding_kind
        WHEN 'not_in_ledger' THEN '在运但台账无此表'
        WHEN 'lost' THEN '台账为丢失'
        WHEN 'running_not_hanging' THEN '台账为运行但已拆除'
        ELSE '台账非运行但仍在装'
    END AS kind_zh,
    CASE j.finding_kind
        WHEN 'not_in_ledger' THEN 'hangs but is not in the ledger'
        WHEN 'lost' THEN 'is lost by the ledger'
        WHEN 'running_not_hanging' THEN 'runs by the ledger but was removed'
        ELSE 'hangs but does not run by the ledger'
    END AS kind_en
FROM judged AS j
WHERE j.finding_kind IS NOT NULL
