-- Current transformers that are too large or too small for the load (互感器配置不合理): the month's 95th percentile of the current by the curve,
-- and the billing cycles of the past by the curve's percentile in proportion to their energy a day.
WITH rated AS (
    -- Rated secondary current by the ledger's own pair of values, so that a wrong ratio in the installation record (MT-01) does not matter here.
    SELECT mp_id, max(div_hu(rated_primary_a, ratio, 4)) AS secondary_a, max(rated_primary_a) AS primary_a
    FROM instrument_transformer
    WHERE kind = 'ct' AND ratio > 1 AND rated_primary_a > 0
    GROUP BY mp_id
),

used AS (
    SELECT
        i.mp_id,
        p.customer_no,
        p.org_no,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.ct_ratio,
        i.multiplier,
        COALESCE(r.secondary_a, CAST($secondary_a AS DECIMAL(38, 4))) AS secondary_a,
        r.primary_a
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    LEFT JOIN rated AS r ON r.mp_id = i.mp_id
    WHERE i.installed_at < $month_end AND p.usage = 'billing'
),

-- One installation a point: with transformers changed inside the month nothing is judged until the next.
sized AS (
    SELECT *
    FROM used
    WHERE ct_ratio > 1 AND installed_at <= $month AND (ended_at IS NULL OR ended_at >= $month_end)
),

peak AS (
    SELECT
        c.mp_id,
        count(*) AS points,
        sum(c.p_kw) AS sum_kw,
        pctl(GREATEST(ABS(c.ia_a), COALESCE(ABS(c.ib_a), 0), COALESCE(ABS(c.ic_a), 0)), 0.95) AS current_a
    FROM curve AS c
    SEMI JOIN sized AS s ON s.mp_id = c.mp_id
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of) AND c.ia_a IS NOT NULL AND c.p_kw IS NOT NULL
    GROUP BY c.mp_id
    HAVING count(*) >= $least_points AND sum(c.p_kw) > 0
),

share AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.ct_ratio,
        COALESCE(s.primary_a, CAST(s.ct_ratio AS DECIMAL(38, 6)) * s.secondary_a) AS rated_primary_a,
        k.current_a,
        k.points,
        CAST(k.sum_kw AS DECIMAL(38, 4)) * s.multiplier AS sum_kw,
        CAST(div_hu(k.current_a, s.secondary_a, 4) AS DECIMAL(38, 4)) AS load_share
    FROM sized AS s
    INNER JOIN peak AS k ON k.mp_id = s.mp_id
),

-- p95 of a cycle ≈ p95 of the curve × energy a day of the cycle ÷ energy a day of the curve; the latter is sum of kW ÷ points × 24 h.
cycle AS (
    SELECT
        h.mp_id,
        h.customer_no,
        h.org_no,
        h.ct_ratio,
        h.rated_primary_a,
        h.current_a,
        h.points,
        h.load_share,
        m.bill_month,
        div_hu(CAST(h.load_share AS DECIMAL(38, 4)) * CAST(m.energy_kwh AS DECIMAL(38, 4)) * h.points, CAST(h.sum_kw AS DECIMAL(38, 4)) * (24 * m.days), 4) AS cycle_share
    FROM share AS h
    INNER JOIN point_month AS m ON m.mp_id = h.mp_id
    WHERE
        m.bill_month <= $month
        AND m.bill_month > add_months($month, -$season_months)
        AND m.energy_kwh IS NOT NULL
        AND m.days > 0
        AND h.load_share >= CAST($idle AS DECIMAL(38, 4))
),

judged AS (
    SELECT
        mp_id,
        customer_no,
        org_no,
        ct_ratio,
        rated_primary_a,
        current_a,
        points,
        load_share,
        count(*) AS cycles,
        GREATEST(max(cycle_share), load_share) AS highest_share,
        LEAST(min(cycle_share) FILTER (WHERE bill_month > add_months($month, -$months)), load_share) AS lowest_recent_share,
        count(*) FILTER (WHERE bill_month > add_months($month, -$months)) AS recent_cycles
    FROM cycle
    GROUP BY mp_id, customer_no, org_no, ct_ratio, rated_primary_a, current_a, points, load_share
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CASE WHEN highest_share < CAST($oversized AS DECIMAL(38, 4)) THEN 'oversized' ELSE 'undersized' END AS problem,
    CASE WHEN highest_share < CAST($oversized AS DECIMAL(38, 4)) THEN '偏大' ELSE '偏小' END AS problem_zh,
    ct_ratio,
    rated_primary_a,
    current_a,
    CAST(load_share * 100 AS DECIMAL(18, 2)) AS load_pct,
    CAST(highest_share * 100 AS DECIMAL(18, 2)) AS highest_pct,
    CAST(lowest_recent_share * 100 AS DECIMAL(18, 2)) AS lowest_recent_pct,
    cycles,
    points
FROM judged
WHERE
    recent_cycles >= $months
    AND (
        -- Too large only if no month of the year would fill them: pumps and heaters work by the season.
        highest_share < CAST($oversized AS DECIMAL(38, 4))
        OR lowest_recent_share > CAST($undersized AS DECIMAL(38, 4))
    )
