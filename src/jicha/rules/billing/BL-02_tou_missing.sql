-- Main metering points of commerce and industry of 100 kVA and more without time-of-use prices (分时电价).
WITH exempt AS (
    -- The exemption of a public charging station is from the basic charge, not from time of use.
    SELECT DISTINCT p.customer_no
    FROM proof AS p
    ANTI JOIN charging_site AS s ON s.customer_no = p.customer_no AND s.place = 'commercial_concentrated'
    WHERE p.kind = 'exemption' AND p.valid_from < $month_end AND (p.valid_to IS NULL OR p.valid_to >= $month_end)
),

missing AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.tariff_code,
        s.voltage_code,
        s.scheme_from,
        c.category_code,
        c.trade_code,
        LEAST(COALESCE(c.contract_kva, c.running_kva_as_of), COALESCE(c.running_kva_as_of, c.contract_kva)) AS capacity_kva
    FROM point_scheme AS s
    INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
    LEFT JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
    ANTI JOIN exempt AS x ON x.customer_no = s.customer_no
    WHERE
        s.usage = 'billing'
        AND s.status = 'running'
        AND s.parent_mp_id IS NULL
        AND NOT s.tou
        AND s.fixed_ratio IS NULL
        AND s.fixed_kwh IS NULL
        AND c.status = 'active'
        AND substr(c.category_code, 1, 1) IN ('1', '4')
        AND COALESCE(t.tariff_class, 'unknown') NOT IN ('residential', 'agriculture')
        -- GB/T 4754 division, whether or not the section letter stands before it.
        AND COALESCE(
            CASE
                WHEN substr(c.trade_code, 1, 1) BETWEEN 'A' AND 'Z' THEN substr(c.trade_code, 2, 2)
                ELSE substr(c.trade_code, 1, 2)
            END,
            ''
        ) NOT IN ($exempt_trades)
        AND LEAST(COALESCE(c.contract_kva, c.running_kva_as_of), COALESCE(c.running_kva_as_of, c.contract_kva)) >= $capacity_kva
),

-- Where the meter records the bands although the scheme leaves them out, the price difference is known line by line.
-- Energy of sub meters comes off the main meter's by bands that no bill states, so main meters with sub meters are left out.
band_energy AS (
    SELECT e.mp_id, e.register, CAST(round_hu(sum(e.energy_kwh), 0) AS DECIMAL(38, 0)) AS kwh
    FROM register_energy AS e
    SEMI JOIN missing AS m ON m.mp_id = e.mp_id
    ANTI JOIN metering_point AS s ON s.parent_mp_id = e.mp_id
    WHERE e.bill_month = $month AND e.register IN ('sharp', 'peak', 'flat', 'valley', 'deep_valley')
    GROUP BY e.mp_id, e.register
    HAVING count(*) = count(e.energy_kwh)
),

band_sums AS (
    SELECT mp_id, sum(kwh) AS kwh, CAST(count(*) AS BIGINT) AS bands
    FROM band_energy
    GROUP BY mp_id
    HAVING bool_or(register = 'flat') AND count(*) >= 2
),

billed AS (
    SELECT
        l.mp_id,
        l.component,
        max(COALESCE(b.pf_adjust_pct, 0)) AS pf_adjust_pct,
        max(l.quantity) AS kwh,
        sum(l.amount_yuan) AS yuan,
        count(*) AS lines,
        bool_and(l.register = 'total') AS is_flat
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    SEMI JOIN band_sums AS m ON m.mp_id = l.mp_id
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item = 'energy' AND COALESCE(l.register, 'any') <> 'any'
    GROUP BY l.mp_id, l.component
),

book AS (
    SELECT tariff_code, voltage_code, component, register, min(unit_price) AS unit_price, bool_and(in_pf_base) AS in_pf_base
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY tariff_code, voltage_code, component, register
    HAVING min(unit_price) = max(unit_price)
),

-- What no band has (transformer loss, rounding) is priced in the flat band (4.2, 4.3).
components AS (
    SELECT
        m.mp_id,
        b.component,
        b.pf_adjust_pct,
        bool_and(k.in_pf_base) AS in_pf_base,
        b.is_flat AND b.lines = 1 AND count(*) = count(k.unit_price) AS is_known,
        sum(round_hu(
            CAST(e.kwh + CASE WHEN e.register = 'flat' THEN b.kwh - t.kwh ELSE 0 END AS DECIMAL(38, 4)) * k.unit_price, 2
        )) - b.yuan AS difference_yuan
    FROM missing AS m
    INNER JOIN billed AS b ON b.mp_id = m.mp_id
    INNER JOIN band_sums AS t ON t.mp_id = m.mp_id
    INNER JOIN band_energy AS e ON e.mp_id = m.mp_id
    LEFT JOIN book AS k
        ON
            k.tariff_code = m.tariff_code
            AND k.voltage_code = m.voltage_code
            AND k.component = b.component
            AND k.register = e.register
    GROUP BY m.mp_id, b.component, b.pf_adjust_pct, b.is_flat, b.lines, b.yuan
),

valued AS (
    SELECT
        mp_id,
        sum(difference_yuan) + round_hu(
            div_hu(
                CAST(COALESCE(sum(CASE WHEN in_pf_base THEN difference_yuan END), 0) AS DECIMAL(38, 2)) * max(pf_adjust_pct), 100, 9
            ),
            2
        ) AS yuan
    FROM components
    GROUP BY mp_id
    HAVING bool_and(is_known)
)

SELECT
    m.mp_id AS subject_id,
    m.org_no,
    m.customer_no,
    m.mp_id,
    $month AS bill_month,
    m.category_code,
    m.trade_code,
    m.tariff_code,
    m.voltage_code,
    m.scheme_from,
    m.capacity_kva,
    v.yuan AS yuan_at_stake
FROM missing AS m
LEFT JOIN valued AS v ON v.mp_id = m.mp_id
