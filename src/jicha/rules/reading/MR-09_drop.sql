WITH below_mean AS (
    SELECT
        m.*,
        c.kind AS customer_kind,
        m.energy_mean_3 - m.energy_kwh AS fall_kwh
    FROM point_month AS m
    INNER JOIN customer AS c ON c.customer_no = m.customer_no
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE
        m.bill_month = $month
        AND m.usage = 'billing'
        AND NOT m.has_backward
        AND NOT m.missed
        AND c.status = 'active'
        AND (c.closed_on IS NULL OR c.closed_on >= $month_end)
        AND p.status = 'running'
        AND m.energy_kwh < CAST(m.energy_mean_3 AS DECIMAL(38, 4)) * $ratio
        AND m.energy_mean_3 - m.energy_kwh > CASE c.kind
            WHEN 'hv' THEN CAST($floor_hv AS DECIMAL(18, 4))
            WHEN 'lv_nonres' THEN CAST($floor_lv AS DECIMAL(18, 4))
            ELSE CAST($floor_res AS DECIMAL(18, 4))
        END
        -- A cycle that is much longer or shorter than those before is compared by the day.
        AND (
            m.days IS NULL OR m.days_3 IS NULL OR m.days_3 <= 0
            OR ABS(m.days * 3 - m.days_3) <= $day_slack * 3
            OR CAST(m.energy_kwh AS DECIMAL(38, 4)) * m.days_3 < CAST(m.energy_mean_3 AS DECIMAL(38, 4)) * (m.days * 3) * $ratio
        )
),
-- Where bills are rarer than monthly, the neighbours of the same month stand for it: the lower one, to be on the safe side.
near_year AS (
    SELECT b.mp_id, min(y.energy_kwh) AS energy_kwh
    FROM below_mean AS b
    INNER JOIN point_month AS y ON y.mp_id = b.mp_id
    WHERE b.energy_year_ago IS NULL AND ym(y.bill_month) BETWEEN ym($month) - 13 AND ym($month) - 11
    GROUP BY b.mp_id
),
fallen AS (
    SELECT
        b.*,
        COALESCE(b.energy_year_ago, n.energy_kwh) AS year_ago_kwh
    FROM below_mean AS b
    LEFT JOIN near_year AS n ON n.mp_id = b.mp_id
),
-- The Spring Festival moves between January and March: there the lowest of last year's neighbouring months counts.
holiday AS (
    SELECT f.mp_id, min(y.energy_kwh) AS lowest_kwh
    FROM fallen AS f
    INNER JOIN point_month AS y ON y.mp_id = f.mp_id
    WHERE month($month) <= 3 AND ym(y.bill_month) BETWEEN ym($month) - 13 AND ym($month) - 11
    GROUP BY f.mp_id
),
suspended AS (
    SELECT DISTINCT t.customer_no
    FROM transformer AS t
    INNER JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
    WHERE s.state <> 'running' AND s.valid_from < $month_end AND (s.valid_to IS NULL OR s.valid_to > $month)
)
SELECT
    f.mp_id AS subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    f.bill_month,
    f.previous_on AS period_from,
    f.read_on AS period_to,
    f.customer_kind,
    f.energy_kwh,
    f.energy_mean_3,
    CAST(f.year_ago_kwh AS DECIMAL(18, 4)) AS energy_year_ago,
    safe_div(f.energy_kwh, f.energy_mean_3) AS times_of_mean,
    f.days,
    CAST(f.fall_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(f.fall_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM fallen AS f
LEFT JOIN holiday AS h ON h.mp_id = f.mp_id
LEFT JOIN suspended AS s ON s.customer_no = f.customer_no
LEFT JOIN customer_price AS c ON c.customer_no = f.customer_no AND c.bill_month = f.bill_month
WHERE
    s.customer_no IS NULL
    AND (
        f.energy_kwh < CAST(f.year_ago_kwh AS DECIMAL(38, 4)) * $ratio
        OR ($need_year_ago = 0 AND f.year_ago_kwh IS NULL)
    )
    AND (h.lowest_kwh IS NULL OR f.energy_kwh < CAST(h.lowest_kwh AS DECIMAL(38, 4)) * $ratio)
    -- Own generation connected since the compared months takes the place of bought energy.
    AND NOT EXISTS (
        SELECT 1
        FROM generation_asset AS g
        WHERE
            g.customer_no = f.customer_no
            AND g.mode <> 'full_export'
            AND COALESCE(g.connected_on, g.accepted_on) >= add_months($month, -12)
            AND COALESCE(g.connected_on, g.accepted_on) < $month_end
    )
    AND NOT EXISTS (
        SELECT 1
        FROM work_order AS w
        WHERE
            w.customer_no = f.customer_no
            AND w.kind IN ('capacity_reduction', 'suspension', 'closure', 'pv_connection')
            AND w.state = 'done'
            AND w.closed_at >= CAST(add_months($month, -$order_months) AS TIMESTAMP)
            AND w.closed_at < CAST($month_end AS TIMESTAMP)
    )
