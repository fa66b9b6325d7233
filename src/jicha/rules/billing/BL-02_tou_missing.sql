-- Main metering points of commerce and industry of 100 kVA and more without time-of-use prices (分时电价).
WITH exempt AS (
    SELECT DISTINCT customer_no
    FROM proof
    WHERE kind = 'exemption' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
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
band_energy AS (
    SELECT mp_id, register, CAST(round_hu(sum(energy_kwh), 0) AS DECIMAL(38, 0)) AS kwh
    FROM register_energy
    WHERE bill_month = $month AND register IN ('total', 'sharp', 'peak', 'flat', 'valley', 'deep_valley')
    GROUP BY mp_id, register
    HAVING count(*) = count(energy_kwh)
),

book AS (
    SELECT tariff_code, voltage_code, component, register, min(unit_price) AS unit_price
    FROM price
    WHERE
        component IN ('purchase', 'line_loss', 'transmission', 'system', 'energy')
        AND register <> 'any'
        AND valid_from < $month_end
        AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY tariff_code, voltage_code, component, register
    HAVING min(unit_price) = max(unit_price)
),

flat_book AS (
    SELECT tariff_code, voltage_code, component FROM book WHERE register = 'total'
),

priced AS (
    SELECT
        m.mp_id,
        sum(CASE WHEN e.register = 'total' THEN -1 ELSE 1 END * round_hu(CAST(e.kwh AS DECIMAL(38, 0)) * k.unit_price, 2)) AS difference_yuan,
        count(*) AS lines,
        count(k.unit_price) AS priced_lines,
        count(DISTINCT e.register) AS registers,
        sum(CASE WHEN e.register = 'total' THEN -1 ELSE 1 END * e.kwh) AS band_gap_kwh
    FROM missing AS m
    INNER JOIN flat_book AS f ON f.tariff_code = m.tariff_code AND f.voltage_code = m.voltage_code
    INNER JOIN band_energy AS e ON e.mp_id = m.mp_id
    LEFT JOIN book AS k
        ON
            k.tariff_code = f.tariff_code
            AND k.voltage_code = f.voltage_code
            AND k.component = f.component
            AND k.register = e.register
    WHERE e.kwh <> 0
    GROUP BY m.mp_id
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
    CASE
        WHEN p.registers >= 3 AND p.lines = p.priced_lines AND ABS(p.band_gap_kwh) <= 5 * p.lines THEN p.difference_yuan
    END AS yuan_at_stake
FROM missing AS m
LEFT JOIN priced AS p ON p.mp_id = m.mp_id
