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

-- The demand of the month, each feed by its own meter and summed; unknown when any feed has none.
feeds AS (
    SELECT p.customer_no, p.mp_id, max(CAST(r.value AS DECIMAL(38, 4)) * i.multiplier) AS demand_kw
    FROM points AS p
    SEMI JOIN below AS w ON w.customer_no = p.customer_no
    LEFT JOIN reading AS r
        ON r.mp_id = p.mp_id AND r.bill_month = $month AND r.register = 'max_demand' AND r.status = 'read'
    LEFT JOIN meter_installation AS i
        ON
            i.mp_id = r.mp_id
            AND i.meter_id = r.meter_id
            AND r.read_at > i.installed_at
            AND (i.removed_at IS NULL OR r.read_at <= i.removed_at)
    GROUP BY p.customer_no, p.mp_id
),

demands AS (
    SELECT customer_no, sum(demand_kw) AS demand_kw
    FROM feeds
    GROUP BY customer_no
    HAVING count(*) = count(demand_kw)
),

-- What the month's bill charged, at which price: a discounted month stays discounted.
billed AS (
    SELECT
        b.customer_no,
        sum(l.quantity) AS billed_kw,
        sum(l.amount_yuan) AS billed_yuan,
        CASE WHEN min(l.unit_price) = max(l.unit_price) THEN min(l.unit_price) END AS billed_price
    FROM bill AS b
    SEMI JOIN below AS w ON w.customer_no = b.customer_no
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item = 'basic' AND l.unit = 'kw'
    GROUP BY b.customer_no
),

due AS (
    SELECT
        w.customer_no,
        d.demand_kw,
        b.billed_kw,
        b.billed_yuan,
        COALESCE(b.billed_price, w.demand_price) AS unit_price,
        CAST(CASE
            WHEN d.demand_kw > w.floor_kw * $overrun_from AND $overrun = 'contract_plus_double_excess'
                THEN w.floor_kw + 2 * (d.demand_kw - w.floor_kw * $overrun_from)
            WHEN d.demand_kw > w.floor_kw * $overrun_from THEN d.demand_kw + d.demand_kw - w.floor_kw * $overrun_from
            -- A bill above the floor shows an overrun whose demand is not known.
            WHEN d.demand_kw IS NULL AND b.billed_kw > w.floor_kw THEN NULL
            ELSE w.floor_kw
        END AS DECIMAL(38, 4)) AS due_kw
    FROM below AS w
    LEFT JOIN demands AS d ON d.customer_no = w.customer_no
    LEFT JOIN billed AS b ON b.customer_no = w.customer_no
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
    d.unit_price AS demand_price,
    d.demand_kw,
    d.billed_kw,
    d.due_kw,
    round_hu(CAST(d.due_kw AS DECIMAL(38, 4)) * d.unit_price, 2)
    - COALESCE(d.billed_yuan, round_hu(CAST(w.contract_demand_kw AS DECIMAL(38, 4)) * d.unit_price, 2)) AS yuan_at_stake
FROM below AS w
INNER JOIN due AS d ON d.customer_no = w.customer_no
