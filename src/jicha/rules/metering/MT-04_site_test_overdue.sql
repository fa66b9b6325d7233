-- Metering of class I, II or III whose last test on site (现场检验) is longer ago than its class allows.
WITH tested AS (
    SELECT mp_id, max(tested_on) AS last_tested_on
    FROM meter_test
    WHERE kind IN ('first', 'periodic', 'on_request') AND tested_on < $as_of
    GROUP BY mp_id
),

-- A new meter begins a new cycle.
running AS (
    SELECT
        p.mp_id,
        p.org_no,
        p.customer_no,
        p.class,
        i.meter_id,
        CAST(i.installed_at AS DATE) AS installed_on,
        t.last_tested_on,
        GREATEST(CAST(i.installed_at AS DATE), COALESCE(t.last_tested_on, CAST(i.installed_at AS DATE))) AS counted_from
    FROM metering_point AS p
    INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
    LEFT JOIN tested AS t ON t.mp_id = p.mp_id
    WHERE
        p.status = 'running'
        AND p.class IN ('I', 'II', 'III')
        AND i.installed_at < $as_of
        AND (i.removed_at IS NULL OR i.removed_at >= $as_of)
    QUALIFY row_number() OVER (PARTITION BY p.mp_id ORDER BY i.installed_at DESC, i.meter_id) = 1
),

due AS (
    SELECT
        mp_id,
        org_no,
        customer_no,
        class,
        meter_id,
        installed_on,
        last_tested_on,
        CASE class
            WHEN 'I' THEN add_months(counted_from, $months_class_1)
            WHEN 'II' THEN add_months(counted_from, $months_class_2)
            ELSE add_months(counted_from, $months_class_3)
        END AS due_on
    FROM running
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    meter_id,
    class,
    installed_on,
    last_tested_on,
    due_on,
    date_diff('day', due_on, $as_of) AS overdue_days
FROM due
WHERE date_diff('day', due_on, $as_of) > $grace_days
