-- Phase currents that differ by more than 30 % on at least seven days of the month while the customer carries load (三相电流不平衡).
WITH used AS (
    SELECT
        i.mp_id,
        p.wiring,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier,
        CAST($none_share AS DECIMAL(38, 4)) * m.basic_current_a AS none_a,
        CAST($load_share AS DECIMAL(38, 4)) * COALESCE(NULLIF(c.running_kva, 0), c.contract_kva) AS load_kw
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    INNER JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE p.usage = 'billing' AND p.wiring IN ('3p3w', '3p4w') AND i.installed_at < $month_end
),

-- A three-wire meter shows phases A and C only.
loaded_point AS (
    SELECT
        u.mp_id,
        u.none_a,
        c.at,
        GREATEST(ABS(c.ia_a), CASE WHEN u.wiring = '3p4w' THEN ABS(c.ib_a) ELSE ABS(c.ia_a) END, ABS(c.ic_a)) AS highest_a,
        LEAST(ABS(c.ia_a), CASE WHEN u.wiring = '3p4w' THEN ABS(c.ib_a) ELSE ABS(c.ia_a) END, ABS(c.ic_a)) AS lowest_a
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE
        c.at > $month
        AND c.at <= LEAST($month_end, $as_of)
        AND c.ia_a IS NOT NULL
        AND c.ic_a IS NOT NULL
        AND (u.wiring = '3p3w' OR c.ib_a IS NOT NULL)
        AND CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier > u.load_kw
),

-- A phase without any current is a single-phase load or a loss of current (MT-08), not an imbalance.
loaded_day AS (
    SELECT
        mp_id,
        CAST(at - INTERVAL 15 MINUTE AS DATE) AS day,
        count(*) AS points,
        count(*) FILTER (WHERE lowest_a >= none_a AND highest_a - lowest_a > CAST($imbalance AS DECIMAL(38, 4)) * highest_a) AS uneven_points,
        max(div_hu(highest_a - lowest_a, highest_a, 4)) FILTER (WHERE lowest_a >= none_a) AS worst
    FROM loaded_point
    WHERE highest_a > 0
    GROUP BY mp_id, CAST(at - INTERVAL 15 MINUTE AS DATE)
),

uneven AS (
    SELECT
        mp_id,
        count(*) AS days,
        min(day) AS first_day,
        max(day) AS last_day,
        sum(uneven_points) AS points,
        max(worst) AS worst
    FROM loaded_day
    WHERE uneven_points >= $day_points AND 2 * uneven_points >= points
    GROUP BY mp_id
    HAVING count(*) >= $days
)

SELECT
    v.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    v.mp_id,
    $month AS bill_month,
    v.first_day AS period_from,
    CAST(v.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    p.wiring,
    v.days,
    v.points,
    CAST(CAST(v.worst AS DECIMAL(38, 4)) * 100 AS DECIMAL(18, 2)) AS worst_pct
FROM uneven AS v
INNER JOIN metering_point AS p ON p.mp_id = v.mp_id
