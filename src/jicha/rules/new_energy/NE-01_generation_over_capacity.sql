-- Photovoltaic points that generated more than the installed power can give: in the month, against their peers, or on single days.
WITH assets AS (
    SELECT
        generation_mp_id AS mp_id,
        min(asset_id) AS asset_id,
        min(customer_no) AS customer_no,
        CAST(count(*) AS BIGINT) AS assets,
        sum(installed_kw) AS installed_kw,
        min(connected_on) AS connected_on
    FROM generation_asset
    WHERE generation_mp_id IS NOT NULL AND installed_kw > 0
    GROUP BY generation_mp_id
),

-- Panels replaced or added by an order after the connection: the installed power of the ledger may be out of date.
extended AS (
    SELECT DISTINCT a.mp_id
    FROM assets AS a
    INNER JOIN work_order AS w ON w.customer_no = a.customer_no
    WHERE
        w.kind IN ('pv_connection', 'capacity_increase')
        AND w.state <> 'cancelled'
        AND w.opened_at < $month_end
        AND CAST(w.opened_at AS DATE) > a.connected_on
),

energies AS (
    SELECT
        a.mp_id,
        a.asset_id,
        a.customer_no,
        a.assets,
        CAST(a.installed_kw AS DECIMAL(38, 4)) AS installed_kw,
        e.energy_kwh,
        e.days,
        e.previous_on,
        e.read_on,
        e.org_no,
        -- A cycle that reaches into the month before may use the sunnier of the two.
        GREATEST(h.month_hours, p.month_hours) AS month_hours,
        GREATEST(h.day_hours, p.day_hours) AS day_hours
    FROM assets AS a
    INNER JOIN point_month AS e ON e.mp_id = a.mp_id AND e.bill_month = $month
    INNER JOIN generation_hours AS h ON h.month_no = month($month)
    INNER JOIN generation_hours AS p ON p.month_no = month(add_months($month, -1))
    WHERE e.energy_kwh IS NOT NULL AND e.days BETWEEN 1 AND 70 AND NOT e.missed AND NOT e.estimated
),

-- kWh a kW and day of every point that gave anything; the median stands for the weather of the month.
yields AS (
    SELECT mp_id, CAST(div_hu(energy_kwh, CAST(installed_kw AS DECIMAL(38, 4)) * days, 6) AS DECIMAL(18, 6)) AS hours_a_day
    FROM energies
    WHERE energy_kwh > 0 AND days >= 20
),

peers AS (
    SELECT CAST(median(hours_a_day) AS DECIMAL(18, 6)) AS median_hours, CAST(count(*) AS BIGINT) AS peers FROM yields
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
    WHERE f.register = 'total' AND f.day >= $month AND f.day <= $month_end AND f.value IS NOT NULL
    WINDOW w AS (PARTITION BY f.mp_id ORDER BY f.day)
),

factors AS (
    SELECT mp_id, meter_id, max(multiplier) AS multiplier
    FROM register_energy
    WHERE bill_month = $month AND register = 'total' AND multiplier IS NOT NULL
    GROUP BY mp_id, meter_id
),

day_energies AS (
    SELECT f.mp_id, f.day, CAST(f.next_value - f.value AS DECIMAL(38, 4)) * m.multiplier AS day_kwh
    FROM frozen AS f
    INNER JOIN factors AS m ON m.mp_id = f.mp_id AND m.meter_id = f.meter_id
    WHERE f.next_meter = f.meter_id AND date_diff('day', f.day, f.next_day) = 1 AND f.next_value >= f.value
),

days_over AS (
    SELECT
        d.mp_id,
        CAST(count(*) AS BIGINT) AS days_over,
        max(d.day_kwh) AS highest_day_kwh,
        sum(d.day_kwh - CAST(e.installed_kw AS DECIMAL(38, 4)) * e.day_hours * $factor) AS excess_kwh
    FROM day_energies AS d
    INNER JOIN energies AS e ON e.mp_id = d.mp_id
    WHERE d.day_kwh > CAST(e.installed_kw AS DECIMAL(38, 4)) * e.day_hours * $factor
    GROUP BY d.mp_id
),

judged AS (
    SELECT
        e.*,
        p.median_hours,
        p.peers,
        o.highest_day_kwh,
        COALESCE(o.days_over, 0) AS days_over,
        COALESCE(o.excess_kwh, 0) AS day_excess_kwh,
        CAST(e.installed_kw AS DECIMAL(38, 4)) * e.month_hours * $factor * e.days AS month_limit_kwh,
        CASE WHEN p.peers >= $peers AND e.days >= 20
            THEN CAST(e.installed_kw AS DECIMAL(38, 4)) * p.median_hours * $peer_factor * e.days
        END AS peer_limit_kwh
    FROM energies AS e
    CROSS JOIN peers AS p
    LEFT JOIN days_over AS o ON o.mp_id = e.mp_id
    ANTI JOIN extended AS x ON x.mp_id = e.mp_id
)

SELECT
    j.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.previous_on AS period_from,
    j.read_on AS period_to,
    j.asset_id,
    j.assets,
    j.installed_kw,
    j.energy_kwh AS generation_kwh,
    CAST(j.month_limit_kwh AS DECIMAL(18, 4)) AS month_limit_kwh,
    CAST(j.peer_limit_kwh AS DECIMAL(18, 4)) AS peer_limit_kwh,
    j.median_hours AS peer_hours_a_day,
    j.peers,
    j.days_over,
    j.highest_day_kwh,
    CAST(
        GREATEST(
            j.energy_kwh - j.month_limit_kwh,
            COALESCE(j.energy_kwh - j.peer_limit_kwh, 0),
            j.day_excess_kwh
        ) AS DECIMAL(18, 4)
    ) AS kwh_at_stake
FROM judged AS j
WHERE j.energy_kwh > j.month_limit_kwh OR j.energy_kwh > j.peer_limit_kwh OR j.days_over > 0
