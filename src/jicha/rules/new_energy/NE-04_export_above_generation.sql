-- Export points that passed more energy than the generation behind them made, read over the same days.
WITH exports AS (
    SELECT
        export_mp_id AS mp_id,
        min(asset_id) AS asset_id,
        min(customer_no) AS customer_no,
        CAST(count(*) AS BIGINT) AS assets,
        bool_and(generation_mp_id IS NOT NULL) AS all_metered
    FROM generation_asset
    WHERE export_mp_id IS NOT NULL
    GROUP BY export_mp_id
),

generation_points AS (
    SELECT DISTINCT export_mp_id, generation_mp_id
    FROM generation_asset
    WHERE export_mp_id IS NOT NULL AND generation_mp_id IS NOT NULL AND generation_mp_id <> export_mp_id
),

generated AS (
    SELECT
        g.export_mp_id AS mp_id,
        sum(e.energy_kwh) AS generation_kwh,
        count(*) = count(e.energy_kwh) AS all_known,
        bool_or(e.estimated OR e.missed OR e.has_backward) AS doubtful,
        min(e.read_on) AS first_read_on,
        max(e.read_on) AS last_read_on,
        min(e.previous_on) AS first_previous_on,
        max(e.previous_on) AS last_previous_on
    FROM generation_points AS g
    LEFT JOIN point_month AS e ON e.mp_id = g.generation_mp_id AND e.bill_month = $month
    GROUP BY g.export_mp_id
),

-- A point of its own for the export shows it in the total register, a two-way meter of the supply in the reverse register.
exported AS (
    SELECT
        r.mp_id,
        sum(r.energy_kwh) AS export_kwh,
        count(*) = count(r.energy_kwh) AS all_known,
        bool_or(r.method = 'estimated' OR r.status <> 'read' OR r.is_backward) AS doubtful,
        min(CAST(r.previous_at AS DATE)) AS previous_on,
        max(CAST(r.read_at AS DATE)) AS read_on
    FROM register_energy AS r
    SEMI JOIN exports AS x ON x.mp_id = r.mp_id
    WHERE
        r.bill_month = $month
        AND ((r.usage = 'export' AND r.register = 'total') OR (r.usage <> 'export' AND r.register = 'reverse'))
    GROUP BY r.mp_id
)

SELECT
    x.mp_id AS subject_id,
    p.org_no,
    x.customer_no,
    x.mp_id,
    $month AS bill_month,
    e.previous_on AS period_from,
    e.read_on AS period_to,
    x.asset_id,
    x.assets,
    e.export_kwh,
    g.generation_kwh,
    e.export_kwh - g.generation_kwh AS kwh_at_stake
FROM exports AS x
INNER JOIN exported AS e ON e.mp_id = x.mp_id
INNER JOIN generated AS g ON g.mp_id = x.mp_id
LEFT JOIN metering_point AS p ON p.mp_id = x.mp_id
WHERE
    x.all_metered
    AND e.all_known
    AND g.all_known
    AND NOT COALESCE(e.doubtful, FALSE)
    AND NOT COALESCE(g.doubtful, FALSE)
    AND e.export_kwh > CAST(g.generation_kwh AS DECIMAL(38, 4)) * (1 + $tolerance)
    AND e.export_kwh > g.generation_kwh + $least_kwh
    AND ABS(date_diff('day', e.read_on, g.first_read_on)) <= $apart_days
    AND ABS(date_diff('day', e.read_on, g.last_read_on)) <= $apart_days
    AND ABS(date_diff('day', e.previous_on, g.first_previous_on)) <= $apart_days
    AND ABS(date_diff('day', e.previous_on, g.last_previous_on)) <= $apart_days
