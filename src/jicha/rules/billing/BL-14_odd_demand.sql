-- Maximum demands (最大需量) that cannot be: below the average power, above the capacity, reached outside the cycle, or equal to the last.
WITH demand_read AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.bill_month,
        r.value,
        r.read_at,
        r.max_demand_at
    FROM reading AS r
    WHERE
        r.register = 'max_demand'
        AND r.bill_month >= add_months($month, -1)
        AND r.bill_month <= $month
        AND r.status = 'read'
        AND r.value IS NOT NULL
),

-- The register total of the same meter gives the mean power, whatever the multiplier is, and the limits of the cycle.
energy_read AS (
    SELECT
        r.mp_id,
        r.meter_id,
        r.value - r.previous_value AS register_kwh,
        r.previous_at,
        r.read_at,
        COALESCE(r.method = 'estimated', FALSE) AS is_estimated,
        date_diff('day', CAST(r.previous_at AS DATE), CAST(r.read_at AS DATE)) * 1440
        + (hour(r.read_at) - hour(r.previous_at)) * 60 + minute(r.read_at) - minute(r.previous_at) AS minutes
    FROM reading AS r
    SEMI JOIN demand_read AS d ON d.mp_id = r.mp_id
    WHERE r.bill_month = $month AND r.register = 'total' AND r.status = 'read' AND r.value IS NOT NULL
),

-- A unit that ran on any day of this month or the last carries load, as for load over capacity (BL-31).
served AS (
    SELECT DISTINCT t.customer_no, t.transformer_id, t.kva
    FROM transformer AS t
    INNER JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
    WHERE
        s.state IN ('running', 'hot_standby')
        AND s.valid_from < $month_end
        AND (s.valid_to IS NULL OR s.valid_to > add_months($month, -1))
),

served_capacity AS (
    SELECT customer_no, sum(kva) AS kva
    FROM served
    GROUP BY customer_no
),

measured AS (
    SELECT
        p.org_no,
        p.customer_no,
        p.basic_charge_mode,
        d.mp_id,
        d.meter_id,
        d.value,
        d.read_at,
        d.max_demand_at,
        e.previous_at,
        e.minutes,
        CASE WHEN e.register_kwh >= 0 AND e.minutes > 0 AND NOT e.is_estimated THEN e.register_kwh END AS register_kwh,
        i.multiplier,
        CAST(GREATEST(COALESCE(c.running_kva, c.contract_kva, 0), COALESCE(k.kva, 0)) AS DECIMAL(14, 4)) AS capacity_kva,
        CAST(d.value AS DECIMAL(38, 4)) * i.multiplier AS demand_kw,
        -- Where archive and CT × PT differ one is wrong, and a demand above the capacity must hold with both.
        CAST(d.value AS DECIMAL(38, 4)) * LEAST(i.multiplier, CAST(CAST(i.ct_ratio AS DECIMAL(38, 6)) * i.pt_ratio AS DECIMAL(18, 6))) AS least_kw,
        b.value AS last_value
    FROM demand_read AS d
    INNER JOIN point_scheme AS p ON p.mp_id = d.mp_id AND p.usage = 'billing'
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = d.mp_id
            AND i.meter_id = d.meter_id
            AND d.read_at > i.installed_at
            AND (i.removed_at IS NULL OR d.read_at <= i.removed_at)
    LEFT JOIN energy_read AS e ON e.mp_id = d.mp_id AND e.meter_id = d.meter_id
    LEFT JOIN served_capacity AS k ON k.customer_no = p.customer_no
    LEFT JOIN demand_read AS b ON b.mp_id = d.mp_id AND b.meter_id = d.meter_id AND b.bill_month < $month
    WHERE d.bill_month = $month
),

judged AS (
    SELECT
        *,
        CASE
            WHEN CAST(value + $resolution AS DECIMAL(38, 4)) * minutes < CAST(register_kwh AS DECIMAL(38, 4)) * 60 THEN 'below_average'
            WHEN capacity_kva > 0 AND least_kw > CAST(capacity_kva AS DECIMAL(38, 4)) * $over_capacity THEN 'above_capacity'
            WHEN
                date_diff('day', CAST(max_demand_at AS DATE), CAST(previous_at AS DATE)) > $apart_days
                OR date_diff('day', CAST(read_at AS DATE), CAST(max_demand_at AS DATE)) > 0
                THEN 'outside_cycle'
            -- Where no money hangs on it, two equal demands are but chance.
            WHEN value = last_value AND value >= $equal_from AND basic_charge_mode IN ('contract_demand', 'actual_demand') THEN 'as_last_month'
        END AS fault
    FROM measured
),

-- One finding a point: of a changed meter, the first fault in the order above.
first_fault AS (
    SELECT *
    FROM judged
    WHERE fault IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY mp_id
        ORDER BY CASE fault WHEN 'below_average' THEN 1 WHEN 'above_capacity' THEN 2 WHEN 'outside_cycle' THEN 3 ELSE 4 END, meter_id
    ) = 1
),

-- Charged by the actual demand: what the bill charged, at which price.
charged AS (
    SELECT
        l.mp_id,
        sum(l.quantity) AS billed_kw,
        CASE WHEN min(l.unit_price) = max(l.unit_price) THEN min(l.unit_price) END AS unit_price
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    SEMI JOIN first_fault AS f ON f.mp_id = l.mp_id AND f.basic_charge_mode = 'actual_demand'
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item = 'basic' AND l.unit = 'kw'
    GROUP BY l.mp_id
),

averaged AS (
    SELECT
        f.*,
        CAST(CASE WHEN f.minutes > 0 THEN div_hu(CAST(f.register_kwh AS DECIMAL(38, 4)) * f.multiplier * 60, f.minutes, 4) END AS DECIMAL(38, 4)) AS average_kw
    FROM first_fault AS f
)

SELECT
    a.mp_id AS subject_id,
    a.org_no,
    a.customer_no,
    a.mp_id,
    a.meter_id,
    $month AS bill_month,
    CAST(a.previous_at AS DATE) AS period_from,
    CAST(a.read_at AS DATE) AS period_to,
    a.basic_charge_mode,
    a.fault,
    CASE a.fault
        WHEN 'below_average' THEN '低于平均功率'
        WHEN 'above_capacity' THEN '超过运行容量'
        WHEN 'outside_cycle' THEN '出现时间不在本抄表周期'
        ELSE '与上月相同'
    END AS fault_zh,
    CASE a.fault
        WHEN 'below_average' THEN 'below the average power'
        WHEN 'above_capacity' THEN 'above the capacity'
        WHEN 'outside_cycle' THEN 'reached outside the cycle'
        ELSE 'equal to the month before'
    END AS fault_en,
    CAST(a.demand_kw AS DECIMAL(18, 4)) AS demand_kw,
    CAST(a.average_kw AS DECIMAL(18, 4)) AS average_kw,
    a.capacity_kva,
    a.value AS register_value,
    a.last_value,
    a.max_demand_at,
    c.billed_kw,
    c.unit_price AS demand_price,
    CASE WHEN a.fault = 'below_average' AND a.average_kw > c.billed_kw THEN
        round_hu(CAST(a.average_kw - c.billed_kw AS DECIMAL(38, 4)) * c.unit_price, 2)
    END AS yuan_at_stake
FROM averaged AS a
LEFT JOIN charged AS c ON c.mp_id = a.mp_id
