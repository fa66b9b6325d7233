-- Running metering points that on the screening day have no meter, or a meter without a start reading (计量点无装置表底).
WITH screening AS (
    SELECT CAST(CAST($month AS DATE) + ($screening_day - 1) * INTERVAL 1 DAY AS DATE) AS day
),
point AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        p.usage,
        p.opened_on,
        s.day AS screened_on
    FROM metering_point AS p
    CROSS JOIN screening AS s
    WHERE
        p.status = 'running'
        AND p.opened_on < s.day
        AND (p.removed_on IS NULL OR p.removed_on > s.day)
        -- A fixed quantity or share is billed without a meter by agreement; one of nothing is BL-19.
        AND NOT EXISTS (
            SELECT 1
            FROM price_scheme AS x
            WHERE
                x.mp_id = p.mp_id
                AND (x.fixed_kwh IS NOT NULL OR x.fixed_ratio IS NOT NULL)
                AND x.valid_from < $month_end
                AND (x.valid_to IS NULL OR x.valid_to > $month)
        )
),
hung AS (
    SELECT i.mp_id, i.meter_id, i.installed_at
    FROM meter_installation AS i
    CROSS JOIN screening AS s
    WHERE i.installed_at < CAST(s.day AS TIMESTAMP) AND (i.removed_at IS NULL OR i.removed_at >= CAST(s.day AS TIMESTAMP))
    QUALIFY row_number() OVER (PARTITION BY i.mp_id ORDER BY i.installed_at DESC, i.meter_id) = 1
),
-- The first reading of each meter at its point begins with the start reading.
first_row AS (
    SELECT
        r.mp_id,
        r.meter_id,
        min(r.bill_month) AS first_month,
        min(r.bill_month) FILTER (WHERE r.previous_value IS NOT NULL) AS first_known_month
    FROM reading AS r
    WHERE r.register = 'total' AND r.bill_month <= $month
    GROUP BY r.mp_id, r.meter_id
)
SELECT
    p.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    p.mp_id,
    CAST($month AS DATE) AS bill_month,
    CASE WHEN h.mp_id IS NULL THEN 'no_meter' ELSE 'no_start_reading' END AS kind,
    p.usage,
    p.opened_on,
    p.screened_on,
    h.meter_id,
    h.installed_at,
    f.first_month
FROM point AS p
LEFT JOIN hung AS h ON h.mp_id = p.mp_id
LEFT JOIN first_row AS f ON f.mp_id = h.mp_id AND f.meter_id = h.meter_id
WHERE
    (
        h.mp_id IS NULL
        OR (f.first_month IS NOT NULL AND (f.first_known_month IS NULL OR f.first_known_month > f.first_month))
    )
    -- What an open order still installs is not missing yet.
    AND NOT EXISTS (
        SELECT 1
        FROM work_order AS w
        WHERE
            w.customer_no = p.customer_no
            AND w.kind IN ($order_kinds)
            AND w.state <> 'cancelled'
            AND w.opened_at < CAST(p.screened_on AS TIMESTAMP)
            AND (w.closed_at IS NULL OR w.closed_at >= CAST(p.screened_on AS TIMESTAMP))
    )
