-- The meters that hang at the points of each wanted customer, register by register, with the newest reading that the records hold.
-- A meter without any reading has one row without a register.
WITH point AS (
    SELECT p.customer_no, p.mp_id, p."usage", p.wiring
    FROM metering_point AS p
    SEMI JOIN wanted AS w ON w.customer_no = p.customer_no
    WHERE p.status IN ('running', 'stopped')
),

hanging AS (
    SELECT i.mp_id, i.meter_id, i.multiplier, i.installed_at
    FROM meter_installation AS i
    SEMI JOIN point AS p ON p.mp_id = i.mp_id
    WHERE i.removed_at IS NULL
),

newest AS (
    SELECT r.mp_id, r.meter_id, r.register, r.value, r.read_at
    FROM reading AS r
    SEMI JOIN hanging AS h ON h.mp_id = r.mp_id AND h.meter_id = r.meter_id
    WHERE r.value IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY r.mp_id, r.meter_id, r.register ORDER BY r.bill_month DESC, r.read_at DESC NULLS LAST) = 1
)

SELECT p.customer_no, p.mp_id, p."usage", p.wiring, h.meter_id, m.digits, m.decimals, h.multiplier, n.register, n.value AS previous_value, n.read_at AS previous_at
FROM point AS p
INNER JOIN hanging AS h ON h.mp_id = p.mp_id
LEFT JOIN meter AS m ON m.meter_id = h.meter_id
LEFT JOIN newest AS n ON n.mp_id = h.mp_id AND n.meter_id = h.meter_id
ORDER BY p.customer_no, p.mp_id, h.meter_id, n.register
