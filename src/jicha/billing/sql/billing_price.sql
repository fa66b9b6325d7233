-- Prices side by side: one row a tariff, voltage and span of days in which none of its prices changes. The extract's own
-- book is used for every tariff that it has; else the shipped ones.
WITH own AS (
    SELECT DISTINCT tariff_code
    FROM price
),

book AS (
    SELECT tariff_code, voltage_code, component, register, valid_from, valid_to, unit_price, in_pf_base, TRUE AS is_own
    FROM price
    UNION ALL
    SELECT s.tariff_code, s.voltage_code, s.component, s.register, s.valid_from, s.valid_to, s.unit_price, s.in_pf_base, FALSE AS is_own
    FROM shipped_price AS s
    ANTI JOIN own AS o ON o.tariff_code = s.tariff_code
),

edges AS (
    SELECT tariff_code, voltage_code, valid_from AS day
    FROM book
    UNION
    SELECT tariff_code, voltage_code, COALESCE(valid_to, CAST('9999-12-31' AS DATE)) AS day
    FROM book
),

spans AS (
    SELECT
        tariff_code,
        voltage_code,
        day AS price_from,
        lead(day) OVER (PARTITION BY tariff_code, voltage_code ORDER BY day) AS price_to
    FROM edges
),

valid AS (
    SELECT
        s.tariff_code,
        s.voltage_code,
        s.price_from,
        s.price_to,
        r.component,
        r.register,
        r.unit_price,
        r.in_pf_base,
        r.is_own,
        r.component IN ('energy', 'purchase', 'line_loss', 'transmission', 'system') AS by_band
    FROM spans AS s
    INNER JOIN book AS r
        ON
            r.tariff_code = s.tariff_code
            AND r.voltage_code = s.voltage_code
            AND r.valid_from <= s.price_from
            AND (r.valid_to IS NULL OR r.valid_to >= s.price_to)
    WHERE s.price_to IS NOT NULL
),

-- What the tariff has prices by: a part of the price per kWh that stands at register any does not float and belongs to each.
named AS (
    SELECT DISTINCT tariff_code, voltage_code, price_from, register
    FROM valid
    WHERE by_band AND register <> 'any'
),

every_register AS (
    SELECT 'total' AS register
    UNION ALL SELECT 'sharp' AS register
    UNION ALL SELECT 'peak' AS register
    UNION ALL SELECT 'flat' AS register
    UNION ALL SELECT 'valley' AS register
    UNION ALL SELECT 'deep_valley' AS register
),

unnamed AS (
    SELECT v.tariff_code, v.voltage_code, v.price_from, e.register
    FROM (SELECT DISTINCT tariff_code, voltage_code, price_from FROM valid) AS v
    ANTI JOIN named AS n ON n.tariff_code = v.tariff_code AND n.voltage_code = v.voltage_code AND n.price_from = v.price_from
    CROSS JOIN every_register AS e
),

places AS (
    SELECT tariff_code, voltage_code, price_from, register
    FROM named
    UNION ALL
    SELECT tariff_code, voltage_code, price_from, register
    FROM unnamed
),

told AS (
    SELECT tariff_code, voltage_code, price_from, price_to, component, register, unit_price, in_pf_base, is_own
    FROM valid
    WHERE NOT (by_band AND register = 'any')
    UNION ALL
    SELECT v.tariff_code, v.voltage_code, v.price_from, v.price_to, v.component, p.register, v.unit_price, v.in_pf_base, v.is_own
    FROM valid AS v
    INNER JOIN places AS p ON p.tariff_code = v.tariff_code AND p.voltage_code = v.voltage_code AND p.price_from = v.price_from
    ANTI JOIN valid AS o
        ON
            o.tariff_code = v.tariff_code
            AND o.voltage_code = v.voltage_code
            AND o.price_from = v.price_from
            AND o.component = v.component
            AND o.register = p.register
    WHERE v.by_band AND v.register = 'any'
)

SELECT
    r.tariff_code,
    r.voltage_code,
    r.price_from,
    r.price_to,
    bool_or(r.is_own) AS is_own,
    count(*) > count(DISTINCT r.component || ' ' || CASE WHEN r.component IN ('fund', 'step2', 'step3', 'capacity', 'demand') THEN '' ELSE r.register END) AS is_ambiguous,
    max(r.unit_price) FILTER (WHERE r.component = 'energy' AND r.register = 'total') AS energy_total,
    max(r.unit_price) FILTER (WHERE r.component = 'energy' AND r.register = 'sharp') AS energy_sharp,
    max(r.unit_price) FILTER (WHERE r.component = 'energy' AND r.register = 'peak') AS energy_peak,
    max(r.unit_price) FILTER (WHERE r.component = 'energy' AND r.register = 'flat') AS energy_flat,
    max(r.unit_price) FILTER (WHERE r.component = 'energy' AND r.register = 'valley') AS energy_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'energy' AND r.register = 'deep_valley') AS energy_deep_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'purchase' AND r.register = 'total') AS purchase_total,
    max(r.unit_price) FILTER (WHERE r.component = 'purchase' AND r.register = 'sharp') AS purchase_sharp,
    max(r.unit_price) FILTER (WHERE r.component = 'purchase' AND r.register = 'peak') AS purchase_peak,
    max(r.unit_price) FILTER (WHERE r.component = 'purchase' AND r.register = 'flat') AS purchase_flat,
    max(r.unit_price) FILTER (WHERE r.component = 'purchase' AND r.register = 'valley') AS purchase_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'purchase' AND r.register = 'deep_valley') AS purchase_deep_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'line_loss' AND r.register = 'total') AS line_loss_total,
    max(r.unit_price) FILTER (WHERE r.component = 'line_loss' AND r.register = 'sharp') AS line_loss_sharp,
    max(r.unit_price) FILTER (WHERE r.component = 'line_loss' AND r.register = 'peak') AS line_loss_peak,
    max(r.unit_price) FILTER (WHERE r.component = 'line_loss' AND r.register = 'flat') AS line_loss_flat,
    max(r.unit_price) FILTER (WHERE r.component = 'line_loss' AND r.register = 'valley') AS line_loss_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'line_loss' AND r.register = 'deep_valley') AS line_loss_deep_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'transmission' AND r.register = 'total') AS transmission_total,
    max(r.unit_price) FILTER (WHERE r.component = 'transmission' AND r.register = 'sharp') AS transmission_sharp,
    max(r.unit_price) FILTER (WHERE r.component = 'transmission' AND r.register = 'peak') AS transmission_peak,
    max(r.unit_price) FILTER (WHERE r.component = 'transmission' AND r.register = 'flat') AS transmission_flat,
    max(r.unit_price) FILTER (WHERE r.component = 'transmission' AND r.register = 'valley') AS transmission_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'transmission' AND r.register = 'deep_valley') AS transmission_deep_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'system' AND r.register = 'total') AS system_total,
    max(r.unit_price) FILTER (WHERE r.component = 'system' AND r.register = 'sharp') AS system_sharp,
    max(r.unit_price) FILTER (WHERE r.component = 'system' AND r.register = 'peak') AS system_peak,
    max(r.unit_price) FILTER (WHERE r.component = 'system' AND r.register = 'flat') AS system_flat,
    max(r.unit_price) FILTER (WHERE r.component = 'system' AND r.register = 'valley') AS system_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'system' AND r.register = 'deep_valley') AS system_deep_valley,
    max(r.unit_price) FILTER (WHERE r.component = 'fund') AS fund,
    max(r.unit_price) FILTER (WHERE r.component = 'step2') AS step2,
    max(r.unit_price) FILTER (WHERE r.component = 'step3') AS step3,
    max(r.unit_price) FILTER (WHERE r.component = 'capacity') AS capacity,
    max(r.unit_price) FILTER (WHERE r.component = 'demand') AS demand,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component = 'energy'), FALSE) AS energy_in_base,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component = 'purchase'), FALSE) AS purchase_in_base,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component = 'line_loss'), FALSE) AS line_loss_in_base,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component = 'transmission'), FALSE) AS transmission_in_base,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component = 'system'), FALSE) AS system_in_base,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component = 'fund'), FALSE) AS fund_in_base,
    COALESCE(bool_and(r.in_pf_base) FILTER (WHERE r.component IN ('step2', 'step3')), FALSE) AS step_in_base
FROM told AS r
GROUP BY r.tariff_code, r.voltage_code, r.price_from, r.price_to
