-- Charging points on a favoured price whose curve never comes down: a constant load besides the vehicles (充电桩转供其他负荷).
WITH sites AS (
    SELECT
        s.site_id,
        s.mp_id,
        s.place,
        s.piles,
        p.customer_no,
        p.org_no,
        p.tariff_code,
        t.tariff_class
    FROM charging_site AS s
    INNER JOIN point_scheme AS p ON p.mp_id = s.mp_id
    INNER JOIN tariff_class AS t ON t.tariff_code = p.tariff_code
    WHERE
        p.has_scheme
        AND p.status = 'running'
        -- The residential price, or the two-part price without its basic charge; elsewhere charging pays what its place pays.
        AND (t.tariff_class IN ('residential', 'agriculture') OR (t.tariff_class = 'two_part' AND p.basic_charge_mode = 'none'))
),

used AS (
    SELECT
        i.mp_id,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier
    FROM meter_installation AS i
    SEMI JOIN sites AS s ON s.mp_id = i.mp_id
),

daily AS (
    SELECT
        c.mp_id,
        CAST(c.at - INTERVAL 15 MINUTE AS DATE) AS day,
        CAST(count(*) AS BIGINT) AS points,
        sum(CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier) AS sum_kw,
        pctl(CAST(CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier AS DECIMAL(18, 4)), 0.05) AS base_kw
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of) AND c.p_kw IS NOT NULL
    GROUP BY c.mp_id, CAST(c.at - INTERVAL 15 MINUTE AS DATE)
    HAVING count(*) >= $points AND sum(c.p_kw) > 0
),

constant AS (
    SELECT
        mp_id,
        CAST(count(*) AS BIGINT) AS days,
        CAST(count(*) FILTER (WHERE CAST(base_kw AS DECIMAL(38, 4)) * points > CAST(sum_kw AS DECIMAL(38, 4)) * $base_share) AS BIGINT) AS days_over,
        min(day) AS first_day,
        max(day) AS last_day,
        pctl(base_kw, 0.1) AS low_kw,
        pctl(base_kw, 0.5) AS usual_kw,
        pctl(base_kw, 0.9) AS high_kw,
        sum(CAST(base_kw AS DECIMAL(38, 4)) * points) AS base_sum,
        sum(sum_kw) AS sum_kw
    FROM daily
    GROUP BY mp_id
)

SELECT
    s.site_id AS subject_id,
    s.org_no,
    s.customer_no,
    s.mp_id,
    $month AS bill_month,
    k.first_day AS period_from,
    CAST(k.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    s.place,
    s.piles,
    s.tariff_code,
    s.tariff_class,
    k.days,
    k.days_over,
    k.usual_kw AS base_kw,
    CAST(div_hu(CAST(k.base_sum AS DECIMAL(38, 4)) * 100, k.sum_kw, 2) AS DECIMAL(18, 2)) AS base_pct,
    CAST(round_hu(CAST(k.base_sum AS DECIMAL(38, 4)) * CAST('0.25' AS DECIMAL(4, 2)), 4) AS DECIMAL(18, 4)) AS kwh_at_stake
FROM constant AS k
INNER JOIN sites AS s ON s.mp_id = k.mp_id
WHERE
    k.days >= $days
    AND k.days_over >= k.days * $day_share
    -- A busy station has a base as well, but one that follows the traffic from day to day.
    AND k.high_kw - k.low_kw <= CAST(k.usual_kw AS DECIMAL(38, 4)) * $steady
