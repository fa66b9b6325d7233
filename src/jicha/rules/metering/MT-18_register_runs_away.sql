-- The register runs away (飞走): a day's step that the capacity cannot use, or an event of it that the frozen registers do not refute.
WITH used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        p.customer_no,
        p.org_no,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        -- CT × PT of the installation: a multiplier that does not fit them is a matter of MT-01.
        CAST(i.ct_ratio AS DECIMAL(38, 6)) * i.pt_ratio AS ratio,
        GREATEST(COALESCE(c.contract_kva, 0), COALESCE(c.running_kva, 0)) AS kva
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    WHERE p.usage = 'billing' AND i.installed_at < $month_end
),

frozen AS (
    SELECT
        mp_id,
        meter_id,
        day,
        value,
        lead(day) OVER (PARTITION BY mp_id, meter_id ORDER BY day) AS next_day,
        lead(value) OVER (PARTITION BY mp_id, meter_id ORDER BY day) AS next_value
    FROM daily_freeze
    WHERE register = 'total' AND value IS NOT NULL AND day >= $month AND day <= LEAST($month_end, $as_of)
),

-- A point that changed its meter twice to the same one is still one row a day.
step AS (
    SELECT
        f.mp_id,
        f.meter_id,
        u.customer_no,
        u.org_no,
        u.kva,
        f.day,
        date_diff('day', f.day, f.next_day) AS days,
        CAST(CAST(f.next_value - f.value AS DECIMAL(38, 4)) * u.ratio AS DECIMAL(38, 4)) AS kwh,
        CAST(CAST($factor AS DECIMAL(38, 2)) * u.kva * 24 * date_diff('day', f.day, f.next_day) AS DECIMAL(38, 4)) AS limit_kwh
    FROM frozen AS f
    INNER JOIN used AS u
        ON
            u.mp_id = f.mp_id
            AND u.meter_id = f.meter_id
            AND CAST(f.day AS TIMESTAMP) >= u.installed_at
            AND (u.ended_at IS NULL OR CAST(f.next_day AS TIMESTAMP) <= u.ended_at)
    WHERE f.next_value > f.value
),

-- Too much is what lies above a normal day of the three cycles before, else above what the capacity can use.
-- Whoever uses about as much every day has a wrong capacity in the archive (MR-10), not a meter that flies.
impossible AS (
    SELECT
        s.mp_id,
        s.meter_id,
        s.customer_no,
        s.org_no,
        s.kva,
        s.day,
        s.days,
        s.kwh,
        CASE
            WHEN m.energy_mean_3 IS NOT NULL AND m.days_3 > 0 THEN div_hu(CAST(m.energy_mean_3 AS DECIMAL(38, 4)) * (3 * s.days), m.days_3, 4)
        END AS normal_kwh,
        s.limit_kwh
    FROM step AS s
    LEFT JOIN point_month AS m ON m.mp_id = s.mp_id AND m.bill_month = $month
    WHERE s.kva > 0 AND s.kwh > s.limit_kwh
),

flown AS (
    SELECT
        mp_id,
        meter_id,
        customer_no,
        org_no,
        kva,
        sum(days) AS days,
        min(day) AS first_day,
        max(CAST(day + days * INTERVAL 1 DAY AS DATE)) AS end_day,
        max(kwh) AS highest_kwh,
        sum(kwh - COALESCE(normal_kwh, limit_kwh)) AS kwh
    FROM impossible
    WHERE kwh > CAST($habit AS DECIMAL(38, 1)) * COALESCE(normal_kwh, 0)
    GROUP BY mp_id, meter_id, customer_no, org_no, kva
),

reported AS (
    SELECT
        u.mp_id,
        u.meter_id,
        u.customer_no,
        u.org_no,
        u.kva,
        min(e.started_at) AS first_at,
        count(DISTINCT e.started_at) AS events
    FROM meter_event AS e
    INNER JOIN used AS u
        ON u.mp_id = e.mp_id AND u.meter_id = e.meter_id AND e.started_at >= u.installed_at AND (u.ended_at IS NULL OR e.started_at < u.ended_at)
    LEFT JOIN step AS s
        ON
            s.mp_id = u.mp_id
            AND s.meter_id = u.meter_id
            AND s.kva > 0
            AND s.kwh <= s.limit_kwh
            AND s.day <= CAST(e.started_at AS DATE)
            AND CAST(s.day + s.days * INTERVAL 1 DAY AS DATE) > CAST(e.started_at AS DATE)
    WHERE upper(trim(e.code)) IN ($event_codes) AND e.started_at >= $month AND e.started_at < LEAST($month_end, $as_of) AND s.mp_id IS NULL
    GROUP BY u.mp_id, u.meter_id, u.customer_no, u.org_no, u.kva
),

found AS (
    SELECT
        COALESCE(f.mp_id, r.mp_id) AS mp_id,
        COALESCE(f.meter_id, r.meter_id) AS meter_id,
        COALESCE(f.customer_no, r.customer_no) AS customer_no,
        COALESCE(f.org_no, r.org_no) AS org_no,
        COALESCE(f.kva, r.kva) AS kva,
        COALESCE(r.events, 0) AS events,
        COALESCE(f.days, 0) AS days,
        LEAST(f.first_day, CAST(r.first_at AS DATE)) AS period_from,
        GREATEST(f.end_day, CAST(r.first_at + INTERVAL 1 DAY AS DATE)) AS period_to,
        f.highest_kwh,
        f.kwh
    FROM metering_point AS p
    LEFT JOIN flown AS f ON f.mp_id = p.mp_id
    LEFT JOIN reported AS r ON r.mp_id = p.mp_id AND (f.meter_id IS NULL OR r.meter_id = f.meter_id)
    WHERE f.mp_id IS NOT NULL OR r.mp_id IS NOT NULL
)

SELECT
    f.mp_id AS subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    $month AS bill_month,
    f.period_from,
    f.period_to,
    f.meter_id,
    f.kva,
    f.events,
    f.days,
    f.highest_kwh,
    CAST(f.kwh AS DECIMAL(38, 4)) AS kwh_at_stake,
    round_hu(CAST(f.kwh AS DECIMAL(38, 4)) * r.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM found AS f
LEFT JOIN customer_price AS r ON r.customer_no = f.customer_no AND r.bill_month = $month
