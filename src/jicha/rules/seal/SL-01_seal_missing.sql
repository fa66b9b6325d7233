-- Running billing points without a registered seal on the meter cover, the terminal cover or the box (三封不全).
WITH running AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        i.meter_id,
        i.installed_at
    FROM metering_point AS p
    INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
    WHERE
        p.usage = 'billing'
        AND p.status = 'running'
        AND i.installed_at < CAST($month_end - $grace_days * INTERVAL 1 DAY AS DATE)
        AND (i.removed_at IS NULL OR i.removed_at >= $month_end)
    QUALIFY row_number() OVER (PARTITION BY p.mp_id ORDER BY i.installed_at DESC) = 1
),

sealed AS (
    SELECT
        mp_id,
        bool_or(place = 'meter_cover') AS meter_cover,
        bool_or(place = 'terminal_cover') AS terminal_cover,
        bool_or(place = 'box') AS box
    FROM seal_place
    WHERE seal_no IS NOT NULL
    GROUP BY mp_id
),

-- A ledger that knows only a few of an organisation's points is not yet kept there, and a place that hardly any point has is not registered there:
-- what they lack is data, not seals.
ledger AS (
    SELECT
        r.org_no,
        count(*) AS points,
        count(s.mp_id) AS sealed_points,
        count(*) < $least_points OR count(*) FILTER (WHERE s.meter_cover) >= CAST($place_share AS DECIMAL(38, 4)) * count(*) AS meter_cover_kept,
        count(*) < $least_points OR count(*) FILTER (WHERE s.terminal_cover) >= CAST($place_share AS DECIMAL(38, 4)) * count(*) AS terminal_cover_kept,
        count(*) < $least_points OR count(*) FILTER (WHERE s.box) >= CAST($place_share AS DECIMAL(38, 4)) * count(*) AS box_kept
    FROM running AS r
    LEFT JOIN sealed AS s ON s.mp_id = r.mp_id
    GROUP BY r.org_no
),

judged AS (
    SELECT
        r.mp_id,
        r.org_no,
        r.customer_no,
        r.meter_id,
        r.installed_at,
        g.meter_cover_kept AND NOT COALESCE(s.meter_cover, FALSE) AS lacks_meter_cover,
        g.terminal_cover_kept AND NOT COALESCE(s.terminal_cover, FALSE) AS lacks_terminal_cover,
        g.box_kept AND NOT COALESCE(s.box, FALSE) AS lacks_box
    FROM running AS r
    INNER JOIN ledger AS g ON g.org_no = r.org_no
    LEFT JOIN sealed AS s ON s.mp_id = r.mp_id
    WHERE g.sealed_points >= CAST($ledger_share AS DECIMAL(38, 4)) * g.points
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    meter_id,
    installed_at,
    trim(
        CASE WHEN lacks_meter_cover THEN '表封 ' ELSE '' END
        || CASE WHEN lacks_terminal_cover THEN '表尾封 ' ELSE '' END
        || CASE WHEN lacks_box THEN '表箱封' ELSE '' END
    ) AS missing_zh,
    trim(
        CASE WHEN lacks_meter_cover THEN 'meter_cover ' ELSE '' END
        || CASE WHEN lacks_terminal_cover THEN 'terminal_cover ' ELSE '' END
        || CASE WHEN lacks_box THEN 'box' ELSE '' END
    ) AS missing_en,
    CASE WHEN lacks_meter_cover THEN 1 ELSE 0 END
    + CASE WHEN lacks_terminal_cover THEN 1 ELSE 0 END
    + CASE WHEN lacks_box THEN 1 ELSE 0 END AS missing_places
FROM judged
WHERE lacks_meter_cover OR lacks_terminal_cover OR lacks_box
