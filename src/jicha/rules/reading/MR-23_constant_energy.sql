-- The same energy, to the last digit, in several cycles in a row (恒定电量).
SELECT
    m.mp_id AS subject_id,
    m.org_no,
    m.customer_no,
    m.mp_id,
    m.bill_month,
    m.previous_on AS period_from,
    m.read_on AS period_to,
    m.energy_kwh,
    m.estimated,
    m.manual,
    m.all_ami,
    c.trade_code,
    m.energy_kwh = m.energy_previous_1 AND m.energy_kwh = m.energy_previous_2 AND m.energy_kwh = m.energy_previous_3 AS a_fourth_too
FROM point_month AS m
LEFT JOIN customer AS c ON c.customer_no = m.customer_no
WHERE
    m.bill_month = $month
    AND m.usage = 'billing'
    AND m.energy_kwh > $minimum_kwh
    AND m.energy_kwh = m.energy_previous_1
    AND ($cycles < 3 OR m.energy_kwh = m.energy_previous_2)
    AND ($cycles < 4 OR m.energy_kwh = m.energy_previous_3)
    AND NOT COALESCE(left(c.trade_code, 2) IN ($constant_trades) OR substr(c.trade_code, 2, 2) IN ($constant_trades), FALSE)
    AND NOT EXISTS (
        SELECT 1
        FROM price_scheme AS x
        WHERE
            x.mp_id = m.mp_id
            AND x.fixed_kwh > 0
            AND x.valid_from < $month_end
            AND (x.valid_to IS NULL OR x.valid_to > $month)
    )
