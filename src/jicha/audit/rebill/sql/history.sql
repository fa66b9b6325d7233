-- What a clerk may have taken instead of the month's own readings: last month's demand and energy, the mean of three
-- months, and the energy up to the value frozen (日冻结) on the reading day.
WITH months AS (
    SELECT DISTINCT b.bill_month
    FROM bill AS b
    INNER JOIN chosen_bill AS s ON s.bill_id = b.bill_id
),

ratio AS (
    SELECT i.mp_id, i.meter_id, max(CAST(i.ct_ratio AS DECIMAL(38, 6)) * i.pt_ratio) AS ratio
    FROM meter_installation AS i
    INNER JOIN chosen_point AS p ON p.mp_id = i.mp_id
    GROUP BY i.mp_id, i.meter_id
    HAVING count(*) = 1
),

dial AS (
    SELECT
        meter_id,
        -- 10^digits without a float.
        CAST('1' || repeat('0', digits) AS DECIMAL(16, 4)) AS span
    FROM meter
),

earlier AS (
    SELECT
        o.bill_month,
        r.mp_id,
        sum(
            CASE WHEN r.register = 'total' THEN
                (r.value - r.previous_value + CASE WHEN r.value < r.previous_value THEN d.span ELSE 0 END) * x.ratio
            END
        ) AS kwh,
        sum(
            CASE WHEN r.register = 'total' AND r.bill_month >= o.bill_month - INTERVAL 1 MONTH THEN
                (r.value - r.previous_value + CASE WHEN r.value < r.previous_value THEN d.span ELSE 0 END) * x.ratio
            END
        ) AS last_kwh,
        count(DISTINCT CASE WHEN r.register = 'total' THEN r.bill_month END) AS months,
        max(CASE WHEN r.register = 'max_demand' AND r.bill_month >= o.bill_month - INTERVAL 1 MONTH THEN r.value * x.ratio END) AS demand_kw
    FROM months AS o
    INNER JOIN reading AS r ON r.bill_month < o.bill_month AND r.bill_month >= o.bill_month - INTERVAL 3 MONTH
    INNER JOIN ratio AS x ON x.mp_id = r.mp_id AND x.meter_id = r.meter_id
    LEFT JOIN dial AS d ON d.meter_id = r.meter_id
    WHERE r.status = 'read' AND r.register IN ('total', 'max_demand')
    GROUP BY o.bill_month, r.mp_id
),

frozen AS (
    SELECT r.bill_month, r.mp_id, sum((f.value - r.previous_value) * x.ratio) AS kwh
    FROM months AS o
    INNER JOIN reading AS r ON r.bill_month = o.bill_month AND r.register = 'total'
    INNER JOIN ratio AS x ON x.mp_id = r.mp_id AND x.meter_id = r.meter_id
    INNER JOIN daily_freeze AS f
        ON f.mp_id = r.mp_id AND f.meter_id = r.meter_id AND f.register = 'total' AND f.day = CAST(r.read_at AS DATE)
    GROUP BY r.bill_month, r.mp_id
    HAVING count(*) = 1
)

SELECT
    p.mp_id,
    o.bill_month,
    CAST(round(e.demand_kw, 4) AS DECIMAL(18, 4)) AS previous_demand_kw,
    CAST(round(e.last_kwh, 0) AS DECIMAL(18, 0)) AS last_month_kwh,
    CASE WHEN e.months = 3 THEN CAST((CAST(round(2 * e.kwh, 0) AS BIGINT) + 3) // 6 AS DECIMAL(18, 0)) END AS mean_kwh,
    CAST(round(z.kwh, 0) AS DECIMAL(18, 0)) AS frozen_kwh
FROM chosen_point AS p
CROSS JOIN months AS o
LEFT JOIN earlier AS e ON e.mp_id = p.mp_id AND e.bill_month = o.bill_month
LEFT JOIN frozen AS z ON z.mp_id = p.mp_id AND z.bill_month = o.bill_month
WHERE e.mp_id IS NOT NULL OR z.mp_id IS NOT NULL
