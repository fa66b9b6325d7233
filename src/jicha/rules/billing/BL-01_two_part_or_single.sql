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

book AS (
    SELECT
        price_book,
        tariff_code,
        voltage_code,
        component,
        register,
        min(unit_price) AS unit_price,
        bool_and(in_pf_base) AS in_pf_base
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY price_book, tariff_code, voltage_code, component, register
    HAVING min(unit_price) = max(unit_price)
),

-- Which tariffs of commerce and industry a book has: with a capacity price two-part, without single.
systems AS (
    SELECT
        price_book,
        voltage_code,
        tariff_code,
        max(CASE WHEN component = 'capacity' THEN unit_price END) AS capacity_price
    FROM book
    GROUP BY price_book, voltage_code, tariff_code
    HAVING bool_or(component IN ('purchase', 'transmission'))
),

-- The tariff in use may itself be the two-part one, with only the basic charge missing; else the book must have exactly one of the due kind.
targets AS (
    SELECT
        b.mp_id,
        min(o.price_book) AS price_book,
        min(t.tariff_code) AS tariff_code,
        max(t.capacity_price) AS capacity_price
    FROM broken AS b
    INNER JOIN points AS p ON p.mp_id = b.mp_id
    INNER JOIN systems AS o ON o.tariff_code = p.tariff_code AND o.voltage_code = p.voltage_code
    INNER JOIN systems AS t ON t.price_book = o.price_book AND t.voltage_code = o.voltage_code
    WHERE
        (
            b.fault = 'single_but_two_part_due'
            AND t.capacity_price IS NOT NULL
            AND (o.capacity_price IS NULL OR t.tariff_code = o.tariff_code)
        )
        OR (b.fault = 'two_part_but_single_due' AND t.capacity_price IS NULL AND o.capacity_price IS NOT NULL)
    GROUP BY b.mp_id
    HAVING count(*) = 1
),

-- The month's lines of the point priced anew in the tariff due. A line that was not quantity × price (part months) can't be.
repriced AS (
    SELECT
        t.mp_id,
        b.bill_id,
        max(COALESCE(b.pf_adjust_pct, 0)) AS pf_adjust_pct,
        count(*) AS lines,
        count(CASE
            WHEN l.item = 'basic' THEN l.amount_yuan
            WHEN l.amount_yuan = round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * l.unit_price, 2) THEN k.unit_price
        END) AS priced_lines,
        sum(CASE
            WHEN l.item = 'basic' THEN -l.amount_yuan
            ELSE round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * k.unit_price, 2) - l.amount_yuan
        END) AS lines_yuan,
        COALESCE(sum(CASE
            WHEN l.item = 'basic' THEN -l.amount_yuan
            WHEN k.in_pf_base THEN round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * k.unit_price, 2) - l.amount_yuan
        END), 0) AS base_yuan
    FROM targets AS t
    INNER JOIN points AS p ON p.mp_id = t.mp_id
    INNER JOIN bill AS b ON b.customer_no = p.customer_no AND b.bill_month = $month AND b.kind = 'normal'
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id AND l.mp_id = t.mp_id AND l.item IN ('energy', 'fund', 'basic')
    LEFT JOIN book AS k
        ON
            k.price_book = t.price_book
            AND k.tariff_code = t.tariff_code
            AND k.voltage_code = p.voltage_code
            AND k.component = l.component
            AND k.register = l.register
    GROUP BY t.mp_id, b.bill_id
),

-- One bill in the month: with several, the basic charge due can't be laid to one of them.
valued AS (
    SELECT
        r.mp_id,
        sum(
            r.lines_yuan + q.basic_yuan
            + round_hu(div_hu(CAST(r.base_yuan + q.basic_yuan AS DECIMAL(38, 2)) * r.pf_adjust_pct, 100, 9), 2)
        ) AS yuan
    FROM repriced AS r
    INNER JOIN (
        SELECT
            t.mp_id,
            CASE
                WHEN b.fault = 'single_but_two_part_due'
                    THEN round_hu(CAST(b.running_kva_as_of AS DECIMAL(38, 4)) * t.capacity_price, 2)
                ELSE 0
            END AS basic_yuan
        FROM targets AS t
        INNER JOIN broken AS b ON b.mp_id = t.mp_id
    ) AS q ON q.mp_id = r.mp_id
    GROUP BY r.mp_id
    HAVING count(*) = 1 AND sum(r.lines) = sum(r.priced_lines)
)

SELECT
    b.mp_id AS subject_id,
    b.org_no,
    b.customer_no,
    b.mp_id,
    $month AS bill_month,
    b.fault,
    CASE b.fault
        WHEN 'single_but_two_part_due' THEN '执行单一制，应执行两部制'
        WHEN 'two_part_but_single_due' THEN '执行两部制，应执行单一制'
        ELSE '执行两部制，无选择记录'
    END AS fault_zh,
    CASE b.fault
        WHEN 'single_but_two_part_due' THEN 'on the single price, two-part due'
        WHEN 'two_part_but_single_due' THEN 'on the two-part price, single due'
        ELSE 'on the two-part price without a recorded choice'
    END AS fault_en,
    b.category_code,
    b.low_kva AS capacity_low_kva,
    b.high_kva AS capacity_high_kva,
    b.two_part,
    p.tariff_code,
    p.scheme_from,
    t.tariff_code AS tariff_due,
    t.capacity_price,
    ABS(v.yuan) AS yuan_at_stake,
    CASE WHEN v.yuan < 0 THEN 'customer' WHEN v.yuan >= 0 THEN 'company' END AS direction
FROM broken AS b
INNER JOIN points AS p ON p.mp_id = b.mp_id
LEFT JOIN targets AS t ON t.mp_id = b.mp_id
LEFT JOIN valued AS v ON v.mp_id = b.mp_id
WHERE b.fault IS NOT NULL
