-- Power flows backwards through the meter of a customer without generation (潮流反向): by the meter's events, the curve, or the reverse register.
WITH place AS (
    SELECT p.mp_id, p.customer_no, p.org_no
    FROM metering_point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    ANTI JOIN generation_asset AS g ON g.customer_no = p.customer_no AND (g.connected_on IS NULL OR g.connected_on < $month_end)
    WHERE p.usage = 'billing' AND NOT c.has_generation
),

used AS (
    SELECT
        i.mp_id,
        i.meter_id,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier,
        -- Basic power of one phase in kW: nominal voltage × basic current.
        CAST($power_share AS DECIMAL(38, 4)) * CAST(m.ref_voltage_v AS DECIMAL(38, 4)) * m.basic_current_a * 0.001 AS least_kw
    FROM meter_installation AS i
    INNER JOIN place AS p ON p.mp_id = i.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
    WHERE i.installed_at < $month_end
),

curve_back AS (
    SELECT
        c.mp_id,
        count(*) AS points,
        min(c.at) AS first_at,
        max(c.at) AS last_at,
        CAST(-sum(CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier) * 0.25 AS DECIMAL(38, 4)) AS kwh
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
    WHERE c.at > $month AND c.at <= LEAST($month_end, $as_of) AND c.p_kw < 0 AND c.p_kw < -u.least_kw
    GROUP BY c.mp_id
    HAVING count(*) >= $points
),

event_back AS (
    SELECT
        e.mp_id,
        count(DISTINCT e.started_at) AS events,
        min(e.phase) AS phase,
        min(GREATEST(e.started_at, CAST($month AS TIMESTAMP))) AS first_at,
        max(LEAST(COALESCE(e.ended_at, CAST($as_of AS TIMESTAMP)), CAST($month_end AS TIMESTAMP))) AS last_at
    FROM meter_event AS e
    INNER JOIN used AS u
        ON u.mp_id = e.mp_id AND u.meter_id = e.meter_id AND e.started_at >= u.installed_at AND (u.ended_at IS NULL OR e.started_at < u.ended_at)
    WHERE
        upper(trim(e.code)) IN ($event_codes)
        AND e.started_at < LEAST($month_end, $as_of)
        AND (
            (e.ended_at > $month AND e.ended_at >= e.started_at + $seconds * INTERVAL 1 SECOND)
            OR (e.ended_at IS NULL AND date_diff('day', CAST(e.started_at AS DATE), $as_of) <= $open_days)
        )
    GROUP BY e.mp_id
),

register_back AS (
    SELECT
        r.mp_id,
        CAST(sum(r.energy_kwh) FILTER (WHERE r.register = 'reverse') AS DECIMAL(38, 4)) AS reverse_kwh,
        CAST(sum(r.energy_kwh) FILTER (WHERE r.register = 'total') AS DECIMAL(38, 4)) AS forward_kwh,
        min(CAST(r.previous_at AS DATE)) AS previous_on,
        max(CAST(r.read_at AS DATE)) AS read_on
    FROM register_energy AS r
    INNER JOIN place AS p ON p.mp_id = r.mp_id
    WHERE r.bill_month = $month AND r.register IN ('total', 'reverse')
    GROUP BY r.mp_id
    HAVING
        sum(r.energy_kwh) FILTER (WHERE r.register = 'reverse') > 0
        AND sum(r.energy_kwh) FILTER (WHERE r.register = 'reverse')
        > CAST($register_share AS DECIMAL(38, 4)) * COALESCE(sum(r.energy_kwh) FILTER (WHERE r.register = 'total'), 0)
),

found AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no,
        COALESCE(e.events, 0) AS events,
        e.phase,
        COALESCE(c.points, 0) AS points,
        r.reverse_kwh,
        r.forward_kwh,
        LEAST(r.previous_on, CAST(c.first_at - INTERVAL 15 MINUTE AS DATE), CAST(e.first_at AS DATE)) AS period_from,
        GREATEST(r.read_on, CAST(c.last_at - INTERVAL 15 MINUTE + INTERVAL 1 DAY AS DATE), CAST(e.last_at - INTERVAL 1 MINUTE + INTERVAL 1 DAY AS DATE)) AS period_to,
        COALESCE(r.reverse_kwh, c.kwh) AS kwh
    FROM place AS p
    LEFT JOIN curve_back AS c ON c.mp_id = p.mp_id
    LEFT JOIN event_back AS e ON e.mp_id = p.mp_id
    LEFT JOIN register_back AS r ON r.mp_id = p.mp_id
    WHERE c.mp_id IS NOT NULL OR e.mp_id IS NOT NULL OR r.mp_id IS NOT NULL
)

SELECT
    f.mp_id AS subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    $month AS bill_month,
    f.period_from,
    f.period_to,
    f.events,
    f.phase,
    f.points,
    f.reverse_kwh,
    f.forward_kwh,
    f.kwh AS kwh_at_stake,
    round_hu(CAST(f.kwh AS DECIMAL(38, 4)) * r.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM found AS f
LEFT JOIN customer_price AS r ON r.customer_no = f.customer_no AND r.bill_month = $month
