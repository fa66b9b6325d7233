-- Contract demand (合同最大需量) below the floor of 40 % of the capacity in service, over all points of the customer.
WITH points AS (
    SELECT customer_no, mp_id, tariff_code, voltage_code, contract_demand_kw, scheme_from
    FROM point_scheme
    WHERE
        usage = 'billing'
        AND status = 'running'
        AND basic_charge_mode = 'contract_demand'
        AND contract_demand_kw IS NOT NULL
),

book AS (
    SELECT tariff_code, voltage_code, min(unit_price) AS unit_price
    FROM price
    WHERE component = 'demand' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY tariff_code, voltage_code
    HAVING min(unit_price) = max(unit_price)
),

contracts AS (
    SELECT
        p.customer_no,
        min(p.mp_id) AS mp_id,
        CAST(count(*) AS BIGINT) AS points,
        sum(p.contract_demand_kw) AS contract_demand_kw,
        min(p.scheme_from) AS scheme_from,
        CASE WHEN count(*) = count(k.unit_price) AND min(k.unit_price) = max(k.unit_price) THEN min(k.unit_price) END AS demand_price
    FROM points AS p
    LEFT JOIN book AS k ON k.tariff_code = p.tariff_code AND k.voltage_code = p.voltage_code
    GROUP BY p.customer_no
),

below AS (
    SELECT
        k.customer_no,
        c.org_no,
        k.mp_id,
        k.points,
        k.contract_demand_kw,
        k.scheme_from,
        k.demand_price,
        c.running_kva_as_of,
        c.capacity_source,
        CAST(CAST(c.running_kva_as_of AS DECIMAL(38, 4)) * $floor_share AS DECIMAL(38, 4)) AS floor_kw
    FROM contracts AS k
    INNER JOIN customer_state AS c ON c.customer_no = k.customer_no
    WHERE
        c.status = 'active'
        AND c.capacity_known
        AND k.contract_demand_kw < CAST(c.running_kva_as_of AS DECIMAL(38, 4)) * $floor_share
),

-- What the month's bill charged: a bill that already uses the floor leaves nothing to claim.
billed AS (
    SELECT b.customer_no, sum(l.quantity) AS billed_kw
    FROM bill AS b
    SEMI JOIN below AS w ON w.customer_no = b.customer_no
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item = 'basic' AND l.unit = 'kw'
    GROUP BY b.customer_no
)

SELECT
    w.mp_id AS subject_id,
    w.org_no,
    w.customer_no,
    w.mp_id,
    $month AS bill_month,
    w.points,
    w.contract_demand_kw,
    w.floor_kw,
    w.floor_kw - w.contract_demand_kw AS shortfall_kw,
    w.running_kva_as_of AS capacity_kva,
    w.capacity_source,
    w.scheme_from,
    w.demand_price,
    b.billed_kw,
    round_hu(CAST(w.floor_kw AS DECIMAL(38, 4)) * w.demand_price, 2)
    - round_hu(
        CAST(GREATEST(w.contract_demand_kw, LEAST(COALESCE(b.billed_kw, 0), w.floor_kw)) AS DECIMAL(38, 4)) * w.demand_price,
        2
    ) AS yuan_at_stake
FROM below AS w
LEFT JOIN billed AS b ON b.customer_no = w.customer_no
