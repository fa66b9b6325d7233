-- Photovoltaic points that generate in the dark: between an hour after the latest sunset and an hour before the earliest sunrise of the month.
WITH sun AS (
    SELECT
        min(sunrise_minute) + (120 - $longitude) * 4 AS sunrise,
        max(sunset_minute) + (120 - $longitude) * 4 AS sunset
    FROM daylight
    WHERE month_no = month($month) AND ABS(latitude - $latitude) < 5
),

assets AS (
    SELECT
        generation_mp_id AS mp_id,
        min(asset_id) AS asset_id,
        min(customer_no) AS customer_no,
        sum(installed_kw) AS installed_kw
    FROM generation_asset
    WHERE generation_mp_id IS NOT NULL
    GROUP BY generation_mp_id
),

used AS (
    SELECT
        i.mp_id,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier
    FROM meter_installation AS i
    SEMI JOIN assets AS a ON a.mp_id = i.mp_id
),

-- What the inverter draws at night shows as power below zero; only what flows out of it counts.
giving AS (
    SELECT
        c.mp_id,
        CAST(c.at - INTERVAL 15 MINUTE AS DATE) AS day,
        hour(c.at - INTERVAL 15 MINUTE) * 60 + minute(c.at - INTERVAL 15 MINUTE) AS start_minute,
        CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier * CAST('0.25' AS DECIMAL(4, 2)) AS kwh
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of) AND c.p_kw > 0
),

daily AS (
    SELECT
        g.mp_id,
        g.day,
        sum(g.kwh) AS day_kwh,
        sum(g.kwh) FILTER (WHERE g.start_minute + 15 <= s.sunrise - $margin_minutes OR g.start_minute >= s.sunset + $margin_minutes) AS night_kwh,
        -- A clock that runs hours ahead or behind moves the day: then one edge of the daylight is without generation.
        bool_or(g.start_minute >= s.sunrise - $margin_minutes AND g.start_minute < s.sunrise + $edge_minutes) AS has_dawn,
        bool_or(g.start_minute >= s.sunset - $edge_minutes AND g.start_minute < s.sunset + $margin_minutes) AS has_dusk
    FROM giving AS g
    CROSS JOIN sun AS s
    GROUP BY g.mp_id, g.day
),

nights AS (
    SELECT
        mp_id,
        CAST(count(*) AS BIGINT) AS nights,
        min(day) AS first_day,
        max(day) AS last_day,
        sum(night_kwh) AS night_kwh,
        sum(day_kwh) AS day_kwh
    FROM daily
    WHERE night_kwh > CAST(day_kwh AS DECIMAL(38, 4)) * $share AND night_kwh > $least_kwh AND has_dawn AND has_dusk
    GROUP BY mp_id
    HAVING count(*) >= $nights
)

SELECT
    n.mp_id AS subject_id,
    p.org_no,
    a.customer_no,
    n.mp_id,
    $month AS bill_month,
    n.first_day AS period_from,
    CAST(n.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    a.asset_id,
    a.installed_kw,
    n.nights,
    CAST(n.day_kwh AS DECIMAL(18, 4)) AS generation_kwh,
    CAST(div_hu(CAST(n.night_kwh AS DECIMAL(38, 4)) * 100, n.day_kwh, 2) AS DECIMAL(18, 2)) AS night_pct,
    CAST(n.night_kwh AS DECIMAL(18, 4)) AS kwh_at_stake
FROM nights AS n
INNER JOIN assets AS a ON a.mp_id = n.mp_id
LEFT JOIN metering_point AS p ON p.mp_id = n.mp_id
WHERE NOT EXISTS (
    SELECT 1
    FROM meter_event AS e
    WHERE
        e.mp_id = n.mp_id
        AND upper(trim(e.code)) IN ($clock_codes)
        AND e.started_at < $month_end
        AND (e.ended_at IS NULL OR e.ended_at > $month)
)
