-- Distributed generation settled otherwise than it is connected (上网电价、补贴): held as full export while part is used on the spot
-- or the other way round, subsidised from before the connection or to before the beginning, or paid at a price that was not valid.
WITH assets AS (
    SELECT
        g.asset_id,
        g.customer_no,
        g.generation_mp_id,
        g.export_mp_id,
        g.mode,
        g.subsidy_from,
        g.subsidy_to,
        COALESCE(g.connected_on, g.accepted_on) AS connected_on,
        c.org_no
    FROM generation_asset AS g
    INNER JOIN customer AS c ON c.customer_no = g.customer_no
    WHERE c.status <> 'closed'
),

-- Whoever shares a meter with another asset can't be compared alone.
alone AS (
    SELECT min(asset_id) AS asset_id, generation_mp_id, export_mp_id
    FROM assets
    WHERE generation_mp_id IS NOT NULL AND export_mp_id IS NOT NULL AND generation_mp_id <> export_mp_id
    GROUP BY generation_mp_id, export_mp_id
    HAVING count(*) = 1
),

-- A point of its own shows the export in the total register, a two-way meter of the supply in the reverse register.
exported AS (
    SELECT
        r.mp_id,
        r.bill_month,
        sum(r.energy_kwh) AS kwh,
        count(*) = count(r.energy_kwh) AS all_known,
        bool_or(r.method = 'estimated' OR r.status <> 'read' OR r.is_backward) AS doubtful,
        min(CAST(r.previous_at AS DATE)) AS previous_on,
        max(CAST(r.read_at AS DATE)) AS read_on
    FROM register_energy AS r
    SEMI JOIN alone AS a ON a.export_mp_id = r.mp_id
    WHERE
        r.bill_month > add_months($month, -$all_export_months)
        AND r.bill_month <= $month
        AND ((r.usage = 'export' AND r.register = 'total') OR (r.usage <> 'export' AND r.register = 'reverse'))
    GROUP BY r.mp_id, r.bill_month
),

months AS (
    SELECT
        a.asset_id,
        e.bill_month,
        g.energy_kwh AS generation_kwh,
        e.kwh AS export_kwh,
        g.energy_kwh - e.kwh AS used_kwh,
        e.previous_on,
        e.read_on
    FROM alone AS a
    INNER JOIN exported AS e ON e.mp_id = a.export_mp_id
    INNER JOIN point_month AS g ON g.mp_id = a.generation_mp_id AND g.bill_month = e.bill_month
    WHERE
        e.all_known
        AND NOT COALESCE(e.doubtful, FALSE)
        AND g.energy_kwh > 0
        AND NOT (g.estimated OR g.missed OR g.has_backward)
        AND e.read_on = g.read_on
        AND e.previous_on = g.previous_on
),

flows AS (
    SELECT
        asset_id,
        max(generation_kwh) FILTER (WHERE bill_month = $month) AS generation_kwh,
        max(export_kwh) FILTER (WHERE bill_month = $month) AS export_kwh,
        max(used_kwh) FILTER (WHERE bill_month = $month) AS used_kwh,
        max(previous_on) FILTER (WHERE bill_month = $month) AS previous_on,
        CAST(count(*) FILTER (WHERE ABS(used_kwh) <= CAST($meter_tolerance AS DECIMAL(38, 6)) * generation_kwh) AS BIGINT) AS all_export_months
    FROM months
    GROUP BY asset_id
),

-- The mode was changed by an order that this cycle still straddles.
changed AS (
    SELECT DISTINCT f.asset_id
    FROM flows AS f
    INNER JOIN assets AS a ON a.asset_id = f.asset_id
    INNER JOIN work_order AS w ON w.customer_no = a.customer_no
    WHERE
        w.kind IN ('pv_connection', 'category_change', 'price_change')
        AND w.state <> 'cancelled'
        AND w.opened_at < $month_end
        AND COALESCE(CAST(w.closed_at AS DATE), $month_end) >= f.previous_on
),

-- A county has a scheme for every point and few points that export: without these two the join begins with all of them.
export_schemes AS (
    SELECT s.mp_id, s.tariff_code, s.voltage_code, s.valid_from, s.valid_to
    FROM price_scheme AS s
    SEMI JOIN assets AS a ON a.export_mp_id = s.mp_id
),

export_lines AS (
    SELECT l.bill_id, l.line_no, l.mp_id, l.component, l.register, l.unit_price, l.quantity, l.amount_yuan
    FROM bill_line AS l
    SEMI JOIN assets AS a ON a.export_mp_id = l.mp_id
    WHERE l.item = 'energy' AND l.unit_price IS NOT NULL
),

-- Lines of the point at one price that is not the only one valid in the whole cycle.
paid AS (
    SELECT
        a.asset_id,
        l.unit_price,
        l.quantity,
        l.amount_yuan,
        min(p.unit_price) AS price_due
    FROM bill AS b
    INNER JOIN export_lines AS l ON l.bill_id = b.bill_id
    INNER JOIN assets AS a ON a.export_mp_id = l.mp_id
    INNER JOIN export_schemes AS s
        ON s.mp_id = l.mp_id AND s.valid_from <= b.period_from AND (s.valid_to IS NULL OR s.valid_to >= b.period_to)
    INNER JOIN price AS p
        ON
            p.tariff_code = s.tariff_code
            AND p.voltage_code = s.voltage_code
            AND p.component = l.component
            AND p.register = l.register
            AND p.valid_from <= b.period_from
            AND (p.valid_to IS NULL OR p.valid_to >= b.period_to)
    WHERE b.bill_month = $month AND b.kind = 'normal'
    GROUP BY a.asset_id, l.bill_id, l.line_no, l.unit_price, l.quantity, l.amount_yuan
    HAVING min(p.unit_price) = max(p.unit_price)
),

overpaid AS (
    SELECT
        asset_id,
        min(unit_price) AS unit_price,
        min(price_due) AS price_due,
        sum(ABS(amount_yuan) - round_hu(CAST(ABS(quantity) AS DECIMAL(38, 4)) * price_due, 2)) AS yuan
    FROM paid
    WHERE unit_price <> price_due
    GROUP BY asset_id
),

judged AS (
    SELECT
        f.asset_id,
        CASE
            WHEN a.mode = 'full_export' AND f.used_kwh > $least_kwh AND f.used_kwh > CAST($used_share AS DECIMAL(38, 6)) * f.generation_kwh
                THEN 'part_used_on_the_spot'
            WHEN a.mode = 'self_use' AND f.all_export_months >= $all_export_months THEN 'all_exported'
        END AS fault,
        f.used_kwh,
        f.generation_kwh,
        f.export_kwh,
        CAST(NULL AS DECIMAL(18, 9)) AS unit_price,
        CAST(NULL AS DECIMAL(18, 9)) AS price_due,
        CAST(NULL AS DECIMAL(38, 2)) AS yuan
    FROM flows AS f
    INNER JOIN assets AS a ON a.asset_id = f.asset_id
    ANTI JOIN changed AS c ON c.asset_id = f.asset_id
    UNION ALL
    SELECT
        asset_id,
        CASE
            WHEN subsidy_to <= subsidy_from THEN 'subsidy_ends_before_it_begins'
            WHEN subsidy_from < connected_on THEN 'subsidy_before_connection'
        END AS fault,
        CAST(NULL AS DECIMAL(18, 4)) AS used_kwh,
        CAST(NULL AS DECIMAL(18, 4)) AS generation_kwh,
        CAST(NULL AS DECIMAL(18, 4)) AS export_kwh,
        CAST(NULL AS DECIMAL(18, 9)) AS unit_price,
        CAST(NULL AS DECIMAL(18, 9)) AS price_due,
        CAST(NULL AS DECIMAL(38, 2)) AS yuan
    FROM assets
    UNION ALL
    SELECT
        asset_id,
        'price_not_valid' AS fault,
        CAST(NULL AS DECIMAL(18, 4)) AS used_kwh,
        CAST(NULL AS DECIMAL(18, 4)) AS generation_kwh,
        CAST(NULL AS DECIMAL(18, 4)) AS export_kwh,
        unit_price,
        price_due,
        yuan
    FROM overpaid
)

SELECT
    a.asset_id AS subject_id,
    a.org_no,
    a.customer_no,
    $month AS bill_month,
    j.fault,
    CASE j.fault
        WHEN 'part_used_on_the_spot' THEN '档案为全额上网，但有电量就地消纳'
        WHEN 'all_exported' THEN '档案为自发自用，但连续各月全部上网'
        WHEN 'subsidy_ends_before_it_begins' THEN '补贴止期不晚于起期'
        WHEN 'subsidy_before_connection' THEN '补贴起期早于并网'
        WHEN 'price_not_valid' THEN '结算电价不是当期有效电价'
    END AS fault_zh,
    CASE j.fault
        WHEN 'part_used_on_the_spot' THEN 'held as full export, but part of the energy is used on the spot'
        WHEN 'all_exported' THEN 'held as own use, but everything was exported month after month'
        WHEN 'subsidy_ends_before_it_begins' THEN 'the subsidy ends before it begins'
        WHEN 'subsidy_before_connection' THEN 'subsidised from before the connection'
        WHEN 'price_not_valid' THEN 'paid at a price that was not valid'
    END AS fault_en,
    a.mode,
    a.connected_on,
    a.subsidy_from,
    a.subsidy_to,
    j.generation_kwh,
    j.export_kwh,
    j.unit_price,
    j.price_due,
    CASE WHEN j.fault = 'part_used_on_the_spot' THEN j.used_kwh END AS kwh_at_stake,
    ABS(j.yuan) AS yuan_at_stake,
    CASE WHEN j.yuan < 0 THEN 'customer' WHEN j.yuan > 0 THEN 'company' WHEN j.fault <> 'all_exported' THEN 'company' END AS direction
FROM judged AS j
INNER JOIN assets AS a ON a.asset_id = j.asset_id
WHERE j.fault IS NOT NULL
