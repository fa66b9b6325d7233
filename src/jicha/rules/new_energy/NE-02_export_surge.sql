-- Export (上网) that doubled against the months before while neither the sun nor fewer own appliances explain it: more than the peers' growth and yield.
WITH exports AS (
    SELECT
        export_mp_id AS mp_id,
        min(asset_id) AS asset_id,
        min(customer_no) AS customer_no,
        min(mode) AS mode,
        CAST(sum(installed_kw) AS DECIMAL(38, 4)) AS installed_kw,
        max(COALESCE(connected_on, accepted_on)) AS connected_on,
        min(generation_mp_id) AS generation_mp_id
    FROM generation_asset
    WHERE export_mp_id IS NOT NULL AND installed_kw > 0
    GROUP BY export_mp_id
),

-- A point of its own for the export shows it in the total register, a two-way meter of the supply in the reverse register.
monthly AS (
    SELECT
        r.mp_id,
        r.bill_month,
        min(r.org_no) AS org_no,
        CAST(sum(r.energy_kwh) AS DECIMAL(38, 4)) AS kwh,
        count(*) = count(r.energy_kwh) AS all_known,
        bool_or(r.method = 'estimated' OR r.status <> 'read' OR r.is_backward) AS doubtful,
        min(CAST(r.previous_at AS DATE)) AS previous_on,
        max(CAST(r.read_at AS DATE)) AS read_on
    FROM register_energy AS r
    WHERE
        r.bill_month BETWEEN add_months($month, -$months) AND $month
        AND ((r.usage IN ('export', 'generation') AND r.register = 'total') OR (r.usage = 'billing' AND r.register = 'reverse'))
    GROUP BY r.mp_id, r.bill_month
),

sound AS (
    SELECT *, CAST(date_diff('day', previous_on, read_on) AS BIGINT) AS days
    FROM monthly
    WHERE all_known AND NOT COALESCE(doubtful, FALSE) AND read_on > previous_on
),

compared AS (
    SELECT
        n.mp_id,
        n.org_no,
        n.kwh,
        n.days,
        n.previous_on,
        n.read_on,
        sum(b.kwh) AS before_kwh,
        CAST(sum(b.days) AS BIGINT) AS before_days
    FROM sound AS n
    INNER JOIN sound AS b ON b.mp_id = n.mp_id AND b.bill_month < $month
    WHERE n.bill_month = $month
    GROUP BY n.mp_id, n.org_no, n.kwh, n.days, n.previous_on, n.read_on
    HAVING count(*) = $months AND sum(b.kwh) > 0
),

grown AS (
    SELECT
        *,
        CAST(div_hu(CAST(before_kwh AS DECIMAL(38, 4)) * days, before_days, 4) AS DECIMAL(38, 4)) AS usual_kwh,
        CAST(div_hu(CAST(kwh AS DECIMAL(38, 4)) * before_days, CAST(before_kwh AS DECIMAL(38, 4)) * days, 6) AS DECIMAL(18, 6)) AS growth
    FROM compared
),

export_growth AS (
    SELECT
        x.*,
        g.org_no,
        g.kwh,
        g.days,
        g.previous_on,
        g.read_on,
        g.usual_kwh,
        g.growth,
        CAST(div_hu(g.kwh, CAST(x.installed_kw AS DECIMAL(38, 4)) * g.days, 6) AS DECIMAL(18, 6)) AS hours_a_day,
        m.growth AS generation_growth
    FROM exports AS x
    INNER JOIN grown AS g ON g.mp_id = x.mp_id
    LEFT JOIN grown AS m ON m.mp_id = x.generation_mp_id AND m.mp_id <> x.mp_id
    -- Panels that were connected within the compared months could not export before.
    WHERE x.connected_on IS NULL OR x.connected_on < add_months($month, -$months - 1)
),

-- What the sun gave those who settle in the same way.
peers AS (
    SELECT
        mode,
        CAST(count(*) AS BIGINT) AS peers,
        CAST(median(growth) AS DECIMAL(18, 6)) AS peer_growth,
        CAST(median(hours_a_day) AS DECIMAL(18, 6)) AS peer_hours
    FROM export_growth
    GROUP BY mode
    HAVING count(*) >= $peers
),

judged AS (
    SELECT e.*, p.peers, p.peer_growth, p.peer_hours, GREATEST(p.peer_growth, 1) AS sun_growth
    FROM export_growth AS e
    INNER JOIN peers AS p ON p.mode = e.mode
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
    j.mode,
    CAST(j.installed_kw AS DECIMAL(18, 4)) AS installed_kw,
    j.kwh AS export_kwh,
    j.usual_kwh,
    j.growth,
    j.peer_growth,
    j.hours_a_day,
    j.peer_hours,
    j.generation_growth,
    CAST(j.kwh - round_hu(CAST(j.usual_kwh AS DECIMAL(38, 4)) * j.sun_growth, 4) AS DECIMAL(18, 4)) AS kwh_at_stake
FROM judged AS j
WHERE
    j.growth > j.sun_growth * $ratio
    AND j.hours_a_day > j.peer_hours
    AND j.kwh - j.usual_kwh > $least_kwh
    -- Generation that grew with the sun alone: less was used on the spot, and what was spared is exported.
    AND (j.generation_growth IS NULL OR j.generation_growth > j.sun_growth * $generation_slack)
    AND NOT EXISTS (
        SELECT 1
        FROM work_order AS w
        WHERE
            w.customer_no = j.customer_no
            AND w.kind IN ('pv_connection', 'capacity_increase')
            AND w.state <> 'cancelled'
            AND w.opened_at < $month_end
            AND w.opened_at >= add_months($month, -$order_months)
    )
