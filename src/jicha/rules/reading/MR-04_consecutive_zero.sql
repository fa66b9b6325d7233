WITH standing AS (
    -- What the customer's transformers were in the month; a customer without any such record is taken at its status.
    SELECT t.customer_no, bool_or(s.state = 'running' OR s.state = 'reduced') AS any_running
    FROM transformer AS t
    INNER JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
    WHERE s.valid_from < $month_end AND (s.valid_to IS NULL OR s.valid_to >= $month_end)
    GROUP BY t.customer_no
),
zero AS (
    SELECT
        m.*,
        c.kind AS customer_kind,
        c.category_code,
        p.feeder_id
    FROM point_month AS m
    INNER JOIN customer AS c ON c.customer_no = m.customer_no
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE
        m.bill_month = $month
        AND m.usage = 'billing'
        AND m.zero_run >= $cycles
        AND NOT m.missed
        AND c.status = 'active'
        AND p.status = 'running'
        AND NOT (c.category_code IN ($seasonal_categories) AND COALESCE(m.energy_year_ago, 0) = 0)
)
SELECT
    z.mp_id AS subject_id,
    z.org_no,
    z.customer_no,
    z.mp_id,
    z.bill_month,
    z.zero_run,
    z.customer_kind,
    z.category_code,
    CASE z.customer_kind
        WHEN 'hv' THEN CAST($site_check_share_hv AS DECIMAL(12, 6))
        WHEN 'lv_nonres' THEN CAST($site_check_share_lv_nonres AS DECIMAL(12, 6))
        ELSE CAST($site_check_share_res AS DECIMAL(12, 6))
    END AS site_check_share,
    z.energy_year_ago
FROM zero AS z
LEFT JOIN standing AS s ON s.customer_no = z.customer_no
WHERE
    COALESCE(s.any_running, TRUE)
    -- A standby feed rests while the same customer is supplied by another line.
    AND NOT EXISTS (
        SELECT 1
        FROM metering_point AS q
        INNER JOIN point_month AS o ON o.mp_id = q.mp_id
        WHERE
            q.customer_no = z.customer_no
            AND q.usage = 'billing'
            AND q.feeder_id <> z.feeder_id
            AND o.bill_month = $month
            AND o.energy_kwh > 0
    )
