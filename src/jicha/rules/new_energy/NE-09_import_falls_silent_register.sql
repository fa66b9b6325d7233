-- Customers with panels who draw suddenly less while a register that ran beside it (reactive, reverse, export) stands still: the meter is in doubt, not the use.
WITH plants AS (
    SELECT
        customer_no,
        min(asset_id) AS asset_id,
        max(COALESCE(connected_on, accepted_on)) AS connected_on
    FROM generation_asset
    GROUP BY customer_no
),

fallen AS (
    SELECT
        m.mp_id,
        m.customer_no,
        m.org_no,
        m.previous_on,
        m.read_on,
        m.energy_kwh,
        m.energy_year_ago,
        g.asset_id,
        -- What three cycles before make of as many days.
        CAST(COALESCE(div_hu(CAST(m.energy_mean_3 AS DECIMAL(38, 4)) * (3 * m.days), m.days_3, 4), m.energy_mean_3) AS DECIMAL(18, 4)) AS usual_kwh
    FROM point_month AS m
    INNER JOIN plants AS g ON g.customer_no = m.customer_no
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    INNER JOIN customer AS c ON c.customer_no = m.customer_no
    WHERE
        m.bill_month = $month
        AND m.usage = 'billing'
        AND p.parent_mp_id IS NULL
        AND p.status = 'running'
        AND c.status = 'active'
        AND m.energy_kwh > 0
        AND NOT m.missed
        AND NOT m.estimated
        AND NOT m.has_backward
        -- A new meter begins all its registers.
        AND NOT COALESCE(m.has_swap, FALSE)
        AND (g.connected_on IS NULL OR g.connected_on < add_months($month, -$settled_months))
),

-- The registers beside the drawn energy: of the supply meter itself, or of the customer's own export meter.
beside AS (
    SELECT
        f.mp_id,
        CASE WHEN r.usage = 'export' THEN 'export' ELSE r.register END AS register,
        r.bill_month,
        sum(r.energy_kwh) AS moved,
        count(*) = count(r.energy_kwh) AND bool_and(r.status = 'read' AND r.method IS DISTINCT FROM 'estimated') AS known
    FROM fallen AS f
    INNER JOIN register_energy AS r ON r.customer_no = f.customer_no
    WHERE
        r.bill_month BETWEEN add_months($month, -3) AND $month
        AND ((r.mp_id = f.mp_id AND r.register IN ('reactive', 'reverse')) OR (r.usage = 'export' AND r.register = 'total'))
    GROUP BY f.mp_id, CASE WHEN r.usage = 'export' THEN 'export' ELSE r.register END, r.bill_month
),

stopped AS (
    SELECT mp_id, register, sum(moved) FILTER (WHERE bill_month < $month) AS before_quantity
    FROM beside
    GROUP BY mp_id, register
    HAVING
        bool_and(known)
        AND count(*) FILTER (WHERE bill_month = $month AND moved = 0) = 1
        AND count(*) FILTER (WHERE bill_month < $month AND moved > $least_moved) = 3
),

silent AS (
    SELECT
        mp_id,
        string_agg(register, ' ' ORDER BY register) AS registers,
        string_agg(CASE register WHEN 'reactive' THEN '无功' WHEN 'reverse' THEN '反向' ELSE '上网' END, '、' ORDER BY register) AS registers_zh
    FROM stopped
    GROUP BY mp_id
),

-- Panels that stand still export nothing either.
generated AS (
    SELECT customer_no, sum(energy_kwh) AS generation_kwh
    FROM point_month
    WHERE bill_month = $month AND usage = 'generation' AND energy_kwh IS NOT NULL
    GROUP BY customer_no
)

SELECT
    f.mp_id AS subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    $month AS bill_month,
    f.previous_on AS period_from,
    f.read_on AS period_to,
    f.asset_id,
    f.energy_kwh,
    f.usual_kwh,
    f.energy_year_ago,
    s.registers,
    s.registers_zh,
    g.generation_kwh,
    c.price_yuan_per_kwh,
    f.usual_kwh - f.energy_kwh AS kwh_at_stake,
    round_hu(CAST(f.usual_kwh - f.energy_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM fallen AS f
INNER JOIN silent AS s ON s.mp_id = f.mp_id
LEFT JOIN generated AS g ON g.customer_no = f.customer_no
LEFT JOIN customer_price AS c ON c.customer_no = f.customer_no AND c.bill_month = $month
WHERE
    f.energy_kwh < CAST(f.usual_kwh AS DECIMAL(38, 4)) * $ratio
    AND (f.energy_year_ago IS NULL OR f.energy_kwh < CAST(f.energy_year_ago AS DECIMAL(38, 4)) * $ratio)
    AND f.usual_kwh - f.energy_kwh > $least_kwh
    AND (g.generation_kwh IS NULL OR g.generation_kwh > 0)
    AND NOT EXISTS (
        SELECT 1
        FROM work_order AS w
        WHERE
            w.customer_no = f.customer_no
            AND w.kind IN ($order_kinds)
            AND w.state <> 'cancelled'
            AND w.opened_at < $month_end
            AND w.opened_at >= add_months($month, -$order_months)
    )
