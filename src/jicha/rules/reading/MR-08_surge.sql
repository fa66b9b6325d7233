WITH points AS (
    SELECT customer_no, count(*) AS point_count
    FROM metering_point
    WHERE usage = 'billing'
    GROUP BY customer_no
),
charged AS (
    SELECT
        m.mp_id,
        m.org_no,
        m.customer_no,
        m.bill_month,
        m.previous_on,
        m.read_on,
        m.days,
        m.days_3,
        m.energy_mean_3,
        m.energy_year_ago,
        c.kind AS customer_kind,
        -- Where the register fell, what counts is what the bill made of it.
        CASE WHEN m.has_backward AND n.point_count = 1 THEN b.normal_kwh ELSE m.energy_kwh END AS energy_kwh
    FROM point_month AS m
    INNER JOIN customer AS c ON c.customer_no = m.customer_no
    LEFT JOIN points AS n ON n.customer_no = m.customer_no
    LEFT JOIN customer_month AS b ON b.customer_no = m.customer_no AND b.bill_month = m.bill_month
    WHERE m.bill_month = $month AND m.usage = 'billing' AND c.status <> 'closed'
),
above_mean AS (
    SELECT
        m.*,
        m.energy_kwh - m.energy_mean_3 AS excess_kwh
    FROM charged AS m
    WHERE
        m.energy_kwh > 0
        AND m.energy_kwh > CAST(m.energy_mean_3 AS DECIMAL(38, 4)) * $ratio
        AND m.energy_kwh - m.energy_mean_3 > CASE m.customer_kind
            WHEN 'hv' THEN CAST($floor_hv AS DECIMAL(18, 4))
            WHEN 'lv_nonres' THEN CAST($floor_lv AS DECIMAL(18, 4))
            ELSE CAST($floor_res AS DECIMAL(18, 4))
        END
        -- A cycle that is much longer or shorter than those before is compared by the day.
        AND (
            m.days IS NULL OR m.days_3 IS NULL OR m.days_3 <= 0
            OR ABS(m.days * 3 - m.days_3) <= $day_slack * 3
            OR CAST(m.energy_kwh AS DECIMAL(38, 4)) * m.days_3 > CAST(m.energy_mean_3 AS DECIMAL(38, 4)) * (m.days * 3) * $ratio
        )
),
-- Where bills are rarer than monthly, the neighbours of the same month stand for it: the higher one, to be on the safe side.
near_year AS (
    SELECT a.mp_id, max(y.energy_kwh) AS energy_kwh
    FROM above_mean AS a
    INNER JOIN point_month AS y ON y.mp_id = a.mp_id
    WHERE a.energy_year_ago IS NULL AND ym(y.bill_month) BETWEEN ym($month) - 13 AND ym($month) - 11
    GROUP BY a.mp_id
),
grown AS (
    SELECT
        a.*,
        COALESCE(a.energy_year_ago, n.energy_kwh) AS year_ago_kwh
    FROM above_mean AS a
    LEFT JOIN near_year AS n ON n.mp_id = a.mp_id
)
SELECT
    g.mp_id AS subject_id,
    g.org_no,
    g.customer_no,
    g.mp_id,
    g.bill_month,
    g.previous_on AS period_from,
    g.read_on AS period_to,
    g.customer_kind,
    g.energy_kwh,
    g.energy_mean_3,
    CAST(g.year_ago_kwh AS DECIMAL(18, 4)) AS energy_year_ago,
    safe_div(g.energy_kwh, g.energy_mean_3) AS times_of_mean,
    g.days,
    CAST(g.excess_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(g.excess_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM grown AS g
LEFT JOIN customer_price AS c ON c.customer_no = g.customer_no AND c.bill_month = g.bill_month
WHERE
    (
        g.energy_kwh > CAST(g.year_ago_kwh AS DECIMAL(38, 4)) * $ratio
        OR ($need_year_ago = 0 AND g.year_ago_kwh IS NULL)
    )
    -- New load that was applied for and connected explains a surge for as long as the three cycles before lack it.
    AND NOT EXISTS (
        SELECT 1
        FROM work_order AS w
        WHERE
            w.customer_no = g.customer_no
            AND w.kind IN ('capacity_increase', 'new_connection', 'resume')
            AND w.state = 'done'
            AND w.closed_at >= CAST(add_months($month, -$order_months) AS TIMESTAMP)
            AND w.closed_at < CAST($month_end AS TIMESTAMP)
    )
