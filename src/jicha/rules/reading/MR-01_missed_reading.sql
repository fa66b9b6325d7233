WITH due AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        c.reading_section,
        pl.planned_on,
        pl.reader_id
    FROM reading_plan AS pl
    INNER JOIN customer AS c ON c.reading_section = pl.reading_section
    INNER JOIN metering_point AS p ON p.customer_no = c.customer_no
    WHERE
        pl.bill_month = $month
        AND p.usage IN ($usages)
        AND p.status IN ('running', 'removed')
        AND (c.status <> 'closed' OR c.closed_on IS NOT NULL)
        AND (c.closed_on IS NULL OR c.closed_on > pl.planned_on)
        AND (p.status <> 'removed' OR p.removed_on IS NOT NULL)
        AND (p.removed_on IS NULL OR p.removed_on > pl.planned_on)
        AND date_diff('day', c.opened_on, pl.planned_on) >= $new_point_days
        AND (p.opened_on IS NULL OR date_diff('day', p.opened_on, pl.planned_on) >= $new_point_days)
        -- A point of fixed quantity or ratio has no meter to read.
        AND EXISTS (
            SELECT 1
            FROM meter_installation AS i
            WHERE
                i.mp_id = p.mp_id
                AND i.installed_at <= CAST(pl.planned_on AS TIMESTAMP)
                AND (i.removed_at IS NULL OR i.removed_at > CAST(pl.planned_on AS TIMESTAMP))
        )
),
counted AS (
    SELECT *, count(*) OVER (PARTITION BY customer_no) AS points
    FROM due
),
-- A reading that was not valid on the first day after the grace is missed; so is one that the billing run has passed over.
billed_sections AS (
    SELECT DISTINCT c.reading_section
    FROM bill AS b
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal'
),
missed AS (
    SELECT
        d.*,
        m.energy_kwh AS row_energy_kwh,
        m.mp_id IS NOT NULL AS has_row
    FROM counted AS d
    LEFT JOIN point_month AS m ON m.mp_id = d.mp_id AND m.bill_month = $month
    LEFT JOIN billed_sections AS s ON s.reading_section = d.reading_section
    WHERE
        (m.mp_id IS NULL OR m.missed)
        AND (
            CAST(d.planned_on + $grace_days * INTERVAL 1 DAY AS DATE) < $as_of
            OR s.reading_section IS NOT NULL
        )
),
-- What the point used in its three cycles before: the size of what was not read.
usual AS (
    SELECT
        m.mp_id,
        -- What a missed cycle used is in the reading after it, so that it counts as a cycle without energy of its own.
        CASE
            WHEN p.energy_kwh IS NULL THEN div_hu(p.energy_previous_1 + p.energy_previous_2, 2, 4)
            ELSE div_hu(
                p.energy_kwh + COALESCE(p.energy_previous_1, 0) + COALESCE(p.energy_previous_2, 0),
                LEAST(p.cycles_before, 2) + 1,
                4
            )
        END AS usual_kwh
    FROM missed AS m
    INNER JOIN point_month AS p ON p.mp_id = m.mp_id
    WHERE p.bill_month < $month AND ym(p.bill_month) >= ym($month) - 6
    QUALIFY row_number() OVER (PARTITION BY p.mp_id ORDER BY p.bill_month DESC) = 1
),
judged AS (
    SELECT
        m.*,
        u.usual_kwh,
        b.normal_kwh,
        CASE WHEN b.normal_kwh > 0 AND (m.has_row OR m.points = 1) THEN 'billed_without_reading' ELSE 'not_read' END AS kind
    FROM missed AS m
    LEFT JOIN usual AS u ON u.mp_id = m.mp_id
    LEFT JOIN customer_month AS b ON b.customer_no = m.customer_no AND b.bill_month = $month
),
staked AS (
    SELECT
        *,
        CASE
            WHEN kind = 'not_read' THEN usual_kwh
            WHEN points = 1 THEN normal_kwh
            ELSE row_energy_kwh
        END AS kwh
    FROM judged
)
SELECT
    s.mp_id AS subject_id,
    s.org_no,
    s.customer_no,
    s.mp_id,
    CAST($month AS DATE) AS bill_month,
    s.kind,
    s.reading_section,
    s.reader_id,
    s.planned_on,
    s.usual_kwh,
    s.normal_kwh AS billed_kwh,
    CAST(s.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(s.kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake,
    CASE WHEN s.kind = 'not_read' THEN 'company' END AS direction
FROM staked AS s
LEFT JOIN customer_price AS c ON c.customer_no = s.customer_no AND c.bill_month = $month
