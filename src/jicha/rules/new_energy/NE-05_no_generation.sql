-- Photovoltaic points that gave nothing on days on which the peers show that the sun shone (发电为零).
WITH assets AS (
    SELECT
        generation_mp_id AS mp_id,
        min(asset_id) AS asset_id,
        min(customer_no) AS customer_no,
        CAST(sum(installed_kw) AS DECIMAL(38, 4)) AS installed_kw,
        max(COALESCE(connected_on, accepted_on)) AS connected_on
    FROM generation_asset
    WHERE generation_mp_id IS NOT NULL AND installed_kw > 0
    GROUP BY generation_mp_id
),

frozen AS (
    SELECT
        f.mp_id,
        f.meter_id,
        f.day,
        f.value,
        lead(f.day) OVER w AS next_day,
        lead(f.meter_id) OVER w AS next_meter,
        lead(f.value) OVER w AS next_value
    FROM daily_freeze AS f
    SEMI JOIN assets AS a ON a.mp_id = f.mp_id
    WHERE f.register = 'total' AND f.day >= $month AND f.day <= LEAST($month_end, $as_of) AND f.value IS NOT NULL
    WINDOW w AS (PARTITION BY f.mp_id ORDER BY f.day)
),

-- Hours at full power of a day: kWh ÷ kW.
point_day AS (
    SELECT
        f.mp_id,
        f.day,
        a.installed_kw,
        f.next_value = f.value AS is_zero,
        CAST(div_hu(CAST(f.next_value - f.value AS DECIMAL(38, 4)) * i.multiplier, a.installed_kw, 4) AS DECIMAL(18, 4)) AS hours
    FROM frozen AS f
    INNER JOIN assets AS a ON a.mp_id = f.mp_id
    INNER JOIN meter_installation AS i ON i.mp_id = f.mp_id AND i.meter_id = f.meter_id
    WHERE
        f.next_meter = f.meter_id
        AND date_diff('day', f.day, f.next_day) = 1
        AND f.next_value >= f.value
        AND (a.connected_on IS NULL OR f.day > a.connected_on)
),

sunny AS (
    SELECT day, CAST(median(hours) AS DECIMAL(18, 4)) AS sun_hours, CAST(count(*) AS BIGINT) AS peers
    FROM point_day
    GROUP BY day
    HAVING count(*) >= $peers AND median(hours) >= $sunny_hours
),

silent AS (
    SELECT
        d.mp_id,
        CAST(count(*) AS BIGINT) AS days,
        min(d.day) AS first_day,
        max(d.day) AS last_day,
        min(s.peers) AS peers,
        sum(CAST(s.sun_hours AS DECIMAL(38, 4)) * d.installed_kw) AS lost_kwh
    FROM point_day AS d
    INNER JOIN sunny AS s ON s.day = d.day
    WHERE d.is_zero
    GROUP BY d.mp_id
    HAVING count(*) >= $days
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
    CAST(a.installed_kw AS DECIMAL(18, 4)) AS installed_kw,
    n.days,
    n.peers,
    CAST(n.lost_kwh AS DECIMAL(18, 4)) AS lost_kwh
FROM silent AS n
INNER JOIN assets AS a ON a.mp_id = n.mp_id
INNER JOIN metering_point AS p ON p.mp_id = n.mp_id
WHERE
    p.status = 'running'
    -- Somebody is on it already: a fault, a relocation, a closure under way or done since.
    AND NOT EXISTS (
        SELECT 1
        FROM work_order AS w
        WHERE
            w.customer_no = a.customer_no
            AND w.kind IN ($order_kinds)
            AND w.state <> 'cancelled'
            AND w.opened_at < $as_of
            AND (w.closed_at IS NULL OR w.closed_at >= n.first_day)
    )
