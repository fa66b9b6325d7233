-- Secondary voltage drop (二次压降) beyond the limit and not put right within a month, and metering from 35 kV up where it was not tested for two years.
WITH measured AS (
    SELECT
        t.test_id,
        t.mp_id,
        t.tested_on,
        t.error_pct,
        t.replaced_at,
        -- The test's own limit, else that of the class of the metering.
        CAST(COALESCE(
            t.limit_pct, CASE WHEN p.class IN ('I', 'II') THEN CAST($limit_upper_classes AS DECIMAL(12, 6)) ELSE CAST($limit_lower_classes AS DECIMAL(12, 6)) END
        ) AS DECIMAL(12, 6)) AS limit_pct,
        t.passed
    FROM meter_test AS t
    INNER JOIN metering_point AS p ON p.mp_id = t.mp_id
    WHERE t.kind = 'voltage_drop' AND t.tested_on < $as_of
    QUALIFY row_number() OVER (PARTITION BY t.mp_id ORDER BY t.tested_on DESC, t.test_id DESC) = 1
),

-- The ledger of an organisation without any test of the voltage drop does not hold them: what is not there was not missed.
kept AS (
    SELECT DISTINCT p.org_no
    FROM measured AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
),

place AS (
    SELECT
        p.mp_id,
        p.org_no,
        p.customer_no,
        p.class,
        c.voltage_code IN ($voltages) AND p.metering_mode = 'hv_hv' AND p.usage = 'billing' AS is_periodic,
        GREATEST(p.opened_on, m.tested_on) AS counted_from,
        m.test_id,
        m.tested_on,
        m.error_pct,
        m.limit_pct,
        add_months(m.tested_on, $handle_months) AS handle_by,
        COALESCE(ABS(m.error_pct) > m.limit_pct, NOT m.passed, FALSE) AND COALESCE(m.replaced_at >= $as_of, TRUE) AS is_beyond
    FROM metering_point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT JOIN measured AS m ON m.mp_id = p.mp_id
    WHERE p.status = 'running' AND (m.mp_id IS NOT NULL OR p.metering_mode = 'hv_hv')
),

judged AS (
    SELECT
        *,
        is_beyond AND handle_by < $as_of AS not_handled,
        COALESCE(is_periodic AND add_months(counted_from, $test_months) < $as_of, FALSE) AS not_tested
    FROM place
)

SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    j.class,
    j.tested_on,
    j.error_pct,
    j.limit_pct,
    CASE WHEN j.not_handled THEN 'not_handled' ELSE 'not_tested' END AS finding_kind,
    CASE WHEN j.not_handled THEN j.handle_by ELSE add_months(j.counted_from, $test_months) END AS due_on,
    CASE WHEN j.not_handled THEN '压降超差未处理' ELSE '压降未按期检测' END AS kind_zh,
    CASE WHEN j.not_handled THEN 'drop beyond the limit and not handled' ELSE 'drop not tested in time' END AS kind_en
FROM judged AS j
SEMI JOIN kept AS k ON k.org_no = j.org_no
WHERE j.not_handled OR j.not_tested
