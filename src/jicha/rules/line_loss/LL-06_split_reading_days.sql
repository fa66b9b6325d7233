-- Public districts of whose energy a good part is read on another day than the rest (供售不同期), so that no span of supply fits its sale.
-- Readings at the month's end are left out: many utilities read their commercial customers there by rule.
WITH member AS (
    SELECT
        r.mp_id,
        r.org_no,
        r.district_id,
        r.read_on,
        r.days,
        r.energy_kwh,
        r.read_on = CAST(date_trunc('month', r.read_on) AS DATE) OR r.read_on = last_day(r.read_on) AS at_month_end
    FROM point_month AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    INNER JOIN district AS t ON t.district_id = r.district_id
    WHERE
        r.bill_month = $month
        AND r.usage = 'billing'
        AND p.parent_mp_id IS NULL
        -- Who leaves is read on the day of leaving.
        AND p.status = 'running'
        AND t.ownership = 'public'
        AND r.energy_kwh > 0
        AND r.days > 0
        AND r.read_on <= $as_of
),

by_day AS (
    SELECT district_id, read_on, sum(energy_kwh) AS energy_kwh
    FROM member
    WHERE NOT at_month_end
    GROUP BY district_id, read_on
),

-- The day on which most of the energy is read.
common AS (
    SELECT district_id, read_on AS common_day
    FROM by_day
    QUALIFY row_number() OVER (PARTITION BY district_id ORDER BY energy_kwh DESC, read_on) = 1
),

placed AS (
    SELECT
        m.*,
        c.common_day,
        NOT m.at_month_end AND ABS(date_diff('day', c.common_day, m.read_on)) >= $least_apart AS is_apart,
        ABS(date_diff('day', c.common_day, m.read_on)) AS days_apart
    FROM member AS m
    INNER JOIN common AS c ON c.district_id = m.district_id
),

summed AS (
    SELECT
        district_id,
        min(org_no) AS org_no,
        min(common_day) AS common_day,
        count(*) AS points,
        count(*) FILTER (WHERE is_apart) AS points_apart,
        min(read_on) FILTER (WHERE is_apart) AS first_other_day,
        max(read_on) FILTER (WHERE is_apart) AS last_other_day,
        max(days_apart) FILTER (WHERE is_apart) AS most_days_apart,
        CAST(sum(energy_kwh) AS DECIMAL(38, 4)) AS sold_kwh,
        CAST(sum(energy_kwh) FILTER (WHERE is_apart) AS DECIMAL(38, 4)) AS apart_kwh,
        -- What lies between the two days, at the mean of each point's cycle.
        CAST(sum(div_hu(CAST(energy_kwh AS DECIMAL(38, 4)) * days_apart, days, 4)) FILTER (WHERE is_apart) AS DECIMAL(38, 4)) AS shifted_kwh
    FROM placed
    GROUP BY district_id
)

SELECT
    s.district_id AS subject_id,
    s.org_no,
    $month AS bill_month,
    s.district_id,
    t.feeder_id,
    s.common_day,
    s.points,
    s.points_apart,
    s.first_other_day,
    s.last_other_day,
    s.most_days_apart,
    s.sold_kwh,
    s.apart_kwh,
    CAST(100 * safe_div(s.apart_kwh, s.sold_kwh) AS DECIMAL(38, 2)) AS apart_pct,
    s.shifted_kwh
FROM summed AS s
INNER JOIN district AS t ON t.district_id = s.district_id
WHERE s.apart_kwh > CAST($share AS DECIMAL(38, 4)) * s.sold_kwh
