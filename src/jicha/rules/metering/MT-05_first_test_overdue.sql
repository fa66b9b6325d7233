-- New or changed high-voltage metering whose first test on site (首次现场检验) is not done within a month, or was done late in the audited month.
WITH installed AS (
    SELECT
        p.mp_id,
        p.org_no,
        p.customer_no,
        p.metering_mode,
        i.meter_id,
        i.install_order_no,
        CAST(i.installed_at AS DATE) AS installed_on,
        add_months(CAST(i.installed_at AS DATE), $months) AS due_on
    FROM metering_point AS p
    INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
    WHERE
        p.status = 'running'
        AND p.metering_mode IN ('hv_hv', 'hv_lv')
        AND i.installed_at < $as_of
        AND (i.removed_at IS NULL OR i.removed_at >= $as_of)
        -- Older ones that were never tested are a matter of the cycle (MT-04), or of tests older than the data.
        AND i.installed_at >= add_months($month, -$look_back)
    QUALIFY row_number() OVER (PARTITION BY p.mp_id ORDER BY i.installed_at DESC, i.meter_id) = 1
),

tested AS (
    SELECT i.mp_id, min(t.tested_on) AS first_tested_on
    FROM installed AS i
    INNER JOIN meter_test AS t ON t.mp_id = i.mp_id AND t.tested_on >= i.installed_on
    WHERE t.kind IN ('first', 'periodic', 'on_request') AND t.tested_on < $as_of AND t.meter_id = i.meter_id
    GROUP BY i.mp_id
)

SELECT
    i.mp_id AS subject_id,
    i.org_no,
    i.customer_no,
    i.mp_id,
    i.meter_id,
    i.metering_mode,
    i.install_order_no,
    i.installed_on,
    i.due_on,
    t.first_tested_on,
    date_diff('day', i.due_on, COALESCE(t.first_tested_on, $as_of)) AS overdue_days
FROM installed AS i
LEFT JOIN tested AS t ON t.mp_id = i.mp_id
WHERE
    date_diff('day', i.due_on, COALESCE(t.first_tested_on, $as_of)) > 0
    AND (t.first_tested_on IS NULL OR t.first_tested_on >= $month)
