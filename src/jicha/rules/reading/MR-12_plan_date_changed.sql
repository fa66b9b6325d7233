-- Reading sections whose planned day was changed in the month: repeatedly within a year, or at a year or quarter end (年末调整).
WITH monthly AS (
    SELECT
        reading_section,
        org_no,
        bill_month,
        planned_on,
        original_planned_on,
        reader_id,
        -- The day that is usual for the section: what the plan said before anybody moved it.
        COALESCE(original_planned_on, planned_on) AS usual_on
    FROM reading_plan
    WHERE bill_month <= $month AND ym(bill_month) >= ym($month) - $months
),
compared AS (
    SELECT
        *,
        lag(usual_on) OVER (PARTITION BY reading_section ORDER BY bill_month) AS usual_before,
        lag(planned_on) OVER (PARTITION BY reading_section ORDER BY bill_month) AS planned_before
    FROM monthly
),
judged AS (
    SELECT
        *,
        CASE
            WHEN original_planned_on IS NOT NULL AND original_planned_on <> planned_on
                THEN ABS(date_diff('day', original_planned_on, planned_on)) >= $days
            WHEN usual_before IS NULL THEN FALSE
            -- The last day of the month stays the last day, however long the months are.
            WHEN planned_on = last_day(planned_on) AND day(usual_before) >= day(planned_on) THEN FALSE
            WHEN usual_before = last_day(usual_before) AND day(planned_on) >= day(usual_before) THEN FALSE
            ELSE ABS(day(planned_on) - day(usual_before)) >= $days
        END AS changed
    FROM compared
),
counted AS (
    SELECT
        *,
        sum(CASE WHEN changed THEN 1 ELSE 0 END) OVER (
            PARTITION BY reading_section
            ORDER BY ym(bill_month)
            RANGE BETWEEN 11 PRECEDING AND CURRENT ROW
        ) AS changes
    FROM judged
),
-- All sections together: a move of the whole company (to reading at month end) is not a single section's.
together AS (
    SELECT
        count(*) AS sections,
        count(*) FILTER (WHERE changed) AS changed_sections
    FROM counted
    WHERE bill_month = $month
)
SELECT
    c.reading_section AS subject_id,
    c.org_no,
    c.bill_month,
    CASE
        WHEN CAST(month(c.bill_month) AS VARCHAR) IN ($year_end_months) THEN 'year_end'
        WHEN CAST(month(c.bill_month) AS VARCHAR) IN ($quarter_end_months) THEN 'quarter_end'
        ELSE 'repeated'
    END AS kind,
    COALESCE(c.original_planned_on, c.usual_before) AS day_before,
    c.planned_on,
    c.changes,
    c.reader_id,
    t.changed_sections,
    t.sections
FROM counted AS c
CROSS JOIN together AS t
WHERE
    c.bill_month = $month
    AND c.changed
    AND (
        c.changes > $allowed
        OR CAST(month(c.bill_month) AS VARCHAR) IN ($year_end_months)
        OR CAST(month(c.bill_month) AS VARCHAR) IN ($quarter_end_months)
    )
    AND NOT (
        t.changed_sections > 1
        AND CAST(t.changed_sections AS DECIMAL(38, 6)) >= CAST(t.sections AS DECIMAL(38, 6)) * $company_share
    )
