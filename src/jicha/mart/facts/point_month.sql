-- Energy of every metering point and billing month, with the history that reading rules compare it to. Only looks backwards.
-- Each point gets a number, since groups and windows over numbers cost half of those over texts.
WITH numbered AS (
    SELECT mp_id, row_number() OVER (ORDER BY mp_id) AS point_no
    FROM (SELECT DISTINCT mp_id FROM register_energy WHERE register IN ('total', 'reactive', 'max_demand')) AS read_points
),
monthly AS (
    SELECT
        n.point_no,
        e.bill_month,
        -- A point's energy is known only when every total register of the month is (a swap gives two meters).
        CAST(CASE
            WHEN count(*) FILTER (WHERE e.register = 'total') = count(e.energy_kwh) FILTER (WHERE e.register = 'total')
            THEN sum(e.energy_kwh) FILTER (WHERE e.register = 'total')
        END AS DECIMAL(18, 4)) AS energy_kwh,
        ym(e.bill_month) AS month_no,
        sum(e.energy_kwh) FILTER (WHERE e.register = 'reactive') AS reactive_kvarh,
        max(CAST(e.value AS DECIMAL(38, 4)) * e.multiplier) FILTER (WHERE e.register = 'max_demand') AS max_demand_kw,
        max(CAST(e.read_at AS DATE)) FILTER (WHERE e.register = 'total') AS read_on,
        min(CAST(e.previous_at AS DATE)) FILTER (WHERE e.register = 'total') AS previous_on,
        bool_or(e.method = 'estimated') FILTER (WHERE e.register = 'total') AS estimated,
        bool_or(e.method = 'manual' OR e.method = 'customer') FILTER (WHERE e.register = 'total') AS manual,
        bool_and(e.method = 'ami' AND e.edited_at IS NULL) FILTER (WHERE e.register = 'total') AS all_ami,
        bool_or(e.status = 'missed' OR e.value IS NULL) FILTER (WHERE e.register = 'total') AS missed,
        bool_or(e.is_backward) FILTER (WHERE e.register = 'total') AS has_backward,
        min(e.meter_id) FILTER (WHERE e.register = 'total') <> max(e.meter_id) FILTER (WHERE e.register = 'total') AS has_swap
    FROM register_energy AS e
    INNER JOIN numbered AS n ON n.mp_id = e.mp_id
    WHERE e.register IN ('total', 'reactive', 'max_demand')
    GROUP BY n.point_no, e.bill_month
),
lagged AS (
    SELECT
        *,
        row_number() OVER w AS cycle_no,
        lag(month_no, 1) OVER w AS month_no_1,
        lag(month_no, 3) OVER w AS month_no_3,
        lag(energy_kwh, 1) OVER w AS energy_previous_1,
        lag(energy_kwh, 2) OVER w AS energy_previous_2,
        lag(energy_kwh, 3) OVER w AS energy_previous_3,
        lag(previous_on, 3) OVER w AS previous_on_3
    FROM monthly
    WINDOW w AS (PARTITION BY point_no ORDER BY bill_month)
),
broken AS (
    SELECT
        *,
        -- The number of the last cycle before the run: this one, or the one before where history has a hole of over six months (bills may be quarterly or rarer).
        CASE
            WHEN energy_kwh IS NULL OR energy_kwh <> 0 THEN cycle_no
            WHEN month_no - month_no_1 > 6 THEN cycle_no - 1
            ELSE 0
        END AS zero_break,
        CASE
            WHEN energy_kwh IS NULL OR energy_kwh <= 0 THEN cycle_no
            WHEN month_no_1 IS NULL OR energy_previous_1 IS NULL OR month_no - month_no_1 > 6
                OR ABS(energy_kwh - energy_previous_1) * 200 > energy_previous_1 THEN cycle_no - 1
            ELSE 0
        END AS constant_break,
        CASE
            WHEN NOT COALESCE(estimated, FALSE) THEN cycle_no
            WHEN month_no - month_no_1 > 6 THEN cycle_no - 1
            ELSE 0
        END AS estimated_break
    FROM lagged
),
runs AS (
    SELECT
        *,
        cycle_no - max(zero_break) OVER (PARTITION BY point_no ORDER BY month_no ROWS UNBOUNDED PRECEDING) AS zero_run,
        cycle_no - max(constant_break) OVER (PARTITION BY point_no ORDER BY month_no ROWS UNBOUNDED PRECEDING) AS constant_run,
        CASE
            WHEN month_no - month_no_3 <= 18
            THEN CAST(CAST(energy_previous_1 + energy_previous_2 + energy_previous_3 AS DECIMAL(38, 4)) * 10000 AS BIGINT)
        END AS sum_3,
        cycle_no - max(estimated_break) OVER (PARTITION BY point_no ORDER BY month_no ROWS UNBOUNDED PRECEDING) AS estimated_run
    FROM broken
)
SELECT
    n.mp_id,
    r.bill_month,
    p.customer_no,
    p.org_no,
    p.usage,
    p.district_id,
    r.energy_kwh,
    CAST(r.reactive_kvarh AS DECIMAL(18, 4)) AS reactive_kvarh,
    CAST(r.max_demand_kw AS DECIMAL(18, 4)) AS max_demand_kw,
    r.read_on,
    r.previous_on,
    CAST(date_diff('day', r.previous_on, r.read_on) AS INTEGER) AS days,
    COALESCE(r.estimated, FALSE) AS estimated,
    COALESCE(r.manual, FALSE) AS manual,
    COALESCE(r.all_ami, FALSE) AS all_ami,
    COALESCE(r.missed, TRUE) AS missed,
    COALESCE(r.has_backward, FALSE) AS has_backward,
    COALESCE(r.has_swap, FALSE) AS has_swap,
    r.energy_previous_1,
    r.energy_previous_2,
    r.energy_previous_3,
    -- Half up on integers of 0.0001 kWh: (2 × sum + 3) // 6, a tenth of what div_hu costs on every row.
    CAST(CAST(
        CASE
            WHEN r.sum_3 >= 0 THEN (2 * r.sum_3 + 3) // 6
            ELSE -((3 - 2 * r.sum_3) // 6)
        END AS DECIMAL(18, 0)) * CAST('0.0001' AS DECIMAL(20, 4)) AS DECIMAL(18, 4)) AS energy_mean_3,
    CASE WHEN r.month_no - r.month_no_3 <= 9 THEN CAST(date_diff('day', r.previous_on_3, r.previous_on) AS INTEGER) END AS days_3,
    CAST(r.cycle_no - 1 AS INTEGER) AS cycles_before,
    y.energy_kwh AS energy_year_ago,
    CAST(r.zero_run AS INTEGER) AS zero_run,
    CAST(r.constant_run AS INTEGER) AS constant_run,
    CAST(r.estimated_run AS INTEGER) AS estimated_run
FROM runs AS r
INNER JOIN numbered AS n ON n.point_no = r.point_no
LEFT JOIN monthly AS y ON y.point_no = r.point_no AND y.month_no = r.month_no - 12
LEFT JOIN metering_point AS p ON p.mp_id = n.mp_id
