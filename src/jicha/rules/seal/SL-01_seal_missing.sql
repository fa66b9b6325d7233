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

-- A ledger that knows only a few of an organisation's points is not yet kept there: what it lacks is data, not seals.
ledger AS (
    SELECT r.org_no, count(*) AS points, count(s.mp_id) AS sealed_points
    FROM running AS r
    LEFT JOIN sealed AS s ON s.mp_id = r.mp_id
    GROUP BY r.org_no
)

SELECT
    r.mp_id AS subject_id,
    r.org_no,
    r.customer_no,
    r.mp_id,
    r.meter_id,
    r.installed_at,
    trim(
        CASE WHEN COALESCE(s.meter_cover, FALSE) THEN '' ELSE '表封 ' END
        || CASE WHEN COALESCE(s.terminal_cover, FALSE) THEN '' ELSE '表尾封 ' END
        || CASE WHEN COALESCE(s.box, FALSE) THEN '' ELSE '表箱封' END
    ) AS missing_zh,
    trim(
        CASE WHEN COALESCE(s.meter_cover, FALSE) THEN '' ELSE 'meter_cover ' END
        || CASE WHEN COALESCE(s.terminal_cover, FALSE) THEN '' ELSE 'terminal_cover ' END
        || CASE WHEN COALESCE(s.box, FALSE) THEN '' ELSE 'box' END
    ) AS missing_en,
    CASE WHEN COALESCE(s.meter_cover, FALSE) THEN 0 ELSE 1 END
    + CASE WHEN COALESCE(s.terminal_cover, FALSE) THEN 0 ELSE 1 END
    + CASE WHEN COALESCE(s.box, FALSE) THEN 0 ELSE 1 END AS missing_places
FROM running AS r
INNER JOIN ledger AS g ON g.org_no = r.org_no
LEFT JOIN sealed AS s ON s.mp_id = r.mp_id
WHERE
    g.sealed_points >= CAST($ledger_share AS DECIMAL(38, 4)) * g.points
    AND NOT (COALESCE(s.meter_cover, FALSE) AND COALESCE(s.terminal_cover, FALSE) AND COALESCE(s.box, FALSE))
