-- One row a customer of commerce and industry whose single or two-part price does not fit the capacity.
-- Contract capacity and capacity in service must both break the rule: a suspension may lawfully move one of them.
WITH points AS (
    SELECT customer_no, mp_id, tariff_code, voltage_code, basic_charge_mode, scheme_from
    FROM point_scheme
    WHERE usage = 'billing' AND parent_mp_id IS NULL AND status = 'running' AND has_scheme
),

-- A site that charges vehicles for the public pays the two-part energy price without the basic charge (2.7).
charging AS (
    SELECT DISTINCT customer_no FROM charging_site WHERE place = 'commercial_concentrated'
),

chosen AS (
    SELECT DISTINCT customer_no
    FROM proof
    WHERE
        kind IN ('tariff_choice', 'exemption')
        AND valid_from < $month_end
        AND (valid_to IS NULL OR valid_to >= $month_end)
),

-- Single price already before the rule of 2023: the customer may stay. Large industry never lawfully was on it.
grandfathered AS (
    SELECT DISTINCT p.customer_no
    FROM price_scheme AS h
    INNER JOIN metering_point AS p ON p.mp_id = h.mp_id
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    WHERE
        h.basic_charge_mode = 'none'
        AND h.valid_from < $rule_from
        AND (h.valid_to IS NULL OR h.valid_to >= $rule_from)
        AND substr(c.category_code, 1, 1) <> '1'
),

schemes AS (
    SELECT
        customer_no,
        bool_or(basic_charge_mode <> 'none') AS two_part,
        COALESCE(min(mp_id) FILTER (WHERE basic_charge_mode <> 'none'), min(mp_id)) AS mp_id
    FROM points
    GROUP BY customer_no
),

judged AS (
    SELECT
        c.customer_no,
        c.org_no,
        s.mp_id,
        c.category_code,
        s.two_part,
        c.running_kva_as_of,
        LEAST(COALESCE(c.contract_kva, c.running_kva_as_of), COALESCE(c.running_kva_as_of, c.contract_kva)) AS low_kva,
        GREATEST(COALESCE(c.contract_kva, c.running_kva_as_of), COALESCE(c.running_kva_as_of, c.contract_kva)) AS high_kva,
        k.customer_no IS NOT NULL AS has_choice,
        g.customer_no IS NOT NULL AS is_grandfathered,
        e.customer_no IS NOT NULL AS is_charging
    FROM customer_state AS c
    INNER JOIN schemes AS s ON s.customer_no = c.customer_no
    LEFT JOIN chosen AS k ON k.customer_no = c.customer_no
    LEFT JOIN grandfathered AS g ON g.customer_no = c.customer_no
    LEFT JOIN charging AS e ON e.customer_no = c.customer_no
    WHERE substr(c.category_code, 1, 1) IN ('1', '4') AND c.status = 'active' AND NOT c.suspended
),

broken AS (
    SELECT
        j.*,
        CASE
            WHEN
                $month < $rule_from AND NOT j.two_part AND NOT j.is_charging
                AND (substr(j.category_code, 1, 1) = '1' OR j.category_code IN ('403', '404'))
                AND j.low_kva >= $two_part_kva
                THEN 'single_but_two_part_due'
            WHEN $month < $rule_from THEN NULL
            WHEN NOT j.two_part AND j.low_kva >= $two_part_kva AND NOT j.is_grandfathered AND NOT j.has_choice AND NOT j.is_charging
                THEN 'single_but_two_part_due'
            WHEN j.two_part AND j.high_kva <= $single_kva THEN 'two_part_but_single_due'
            WHEN j.two_part AND j.high_kva < $two_part_kva AND j.low_kva > $single_kva AND NOT j.has_choice
                THEN 'two_part_without_choice'
        END AS fault
    FROM judged AS j
),

-- Where the tariff itself has a capacity price, the basic charge is all that is missing, so it can be told exactly.
book AS (
    SELECT tariff_code, voltage_code, min(unit_price) AS capacity_price
    FROM price
    WHERE component = 'capacity' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY tariff_code, voltage_code
    HAVING min(unit_price) = max(unit_price)
)

SELECT
    b.mp_id AS subject_id,
    b.org_no,
    b.customer_no,
    b.mp_id,
    $month AS bill_month,
    b.fault,
    b.category_code,
    b.low_kva AS capacity_low_kva,
    b.high_kva AS capacity_high_kva,
    b.two_part,
    p.tariff_code,
    p.scheme_from,
    k.capacity_price,
    CASE
        WHEN b.fault = 'single_but_two_part_due'
            THEN round_hu(CAST(b.running_kva_as_of AS DECIMAL(38, 4)) * k.capacity_price, 2)
    END AS yuan_at_stake,
    CASE
        WHEN b.fault = 'two_part_but_single_due' THEN 'customer'
        WHEN b.fault = 'single_but_two_part_due' THEN 'company'
    END AS direction
FROM broken AS b
INNER JOIN points AS p ON p.mp_id = b.mp_id
LEFT JOIN book AS k ON k.tariff_code = p.tariff_code AND k.voltage_code = p.voltage_code
WHERE b.fault IS NOT NULL
