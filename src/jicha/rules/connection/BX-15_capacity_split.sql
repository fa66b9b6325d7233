-- Accounts with transformers of their own that bear the same name, address and category and that together reach the capacity of the two-part price,
-- while one or more of them pays the single-rate price (拆分容量避两部制). One row a group. At stake is what the month's bills of the single-rate
-- accounts would have been on the two-part price, with the basic charge by capacity, less what they were.
WITH account AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.name,
        c.category_code,
        replace(c.name, ' ', '') AS name_key,
        replace(c.address, ' ', '') AS address_key,
        COALESCE(c.contract_kva, c.transformer_kva) AS kva,
        c.running_kva_as_of
    FROM customer_state AS c
    WHERE
        c.status <> 'closed'
        AND (c.kind = 'hv' OR c.transformers > 0)
        AND substr(c.category_code, 1, 1) IN ('1', '4')
        AND length(replace(COALESCE(c.name, ''), ' ', '')) > 0
        AND length(replace(COALESCE(c.address, ''), ' ', '')) > 0
),

point AS (
    SELECT
        s.customer_no,
        min(s.mp_id) AS mp_id,
        count(*) AS points,
        bool_or(s.basic_charge_mode <> 'none') AS is_two_part,
        min(s.tariff_code) AS tariff_code,
        min(s.voltage_code) AS voltage_code
    FROM point_scheme AS s
    WHERE s.usage = 'billing' AND s.parent_mp_id IS NULL AND s.status = 'running' AND s.has_scheme
    GROUP BY s.customer_no
),

-- Charging stations pay the two-part energy price without the basic charge by rule (2.7), others by an exemption on file.
free AS (
    SELECT customer_no FROM charging_site WHERE place = 'commercial_concentrated'
    UNION
    SELECT customer_no
    FROM proof
    WHERE kind = 'exemption' AND valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
),

member AS (
    SELECT
        a.*,
        p.mp_id,
        p.points,
        p.tariff_code,
        p.voltage_code,
        NOT p.is_two_part AS is_single
    FROM account AS a
    INNER JOIN point AS p ON p.customer_no = a.customer_no
    ANTI JOIN free AS f ON f.customer_no = a.customer_no
    WHERE a.kva > 0
),

together AS (
    SELECT name_key, address_key, category_code, min(customer_no) AS first_customer_no, sum(kva) AS kva, count(*) AS accounts
    FROM member
    GROUP BY name_key, address_key, category_code
    HAVING count(*) >= $least_accounts AND sum(kva) >= $two_part_kva AND bool_or(is_single AND kva < $two_part_kva)
),

split AS (
    SELECT m.*, t.first_customer_no
    FROM member AS m
    INNER JOIN together AS t
        ON t.name_key = m.name_key AND t.address_key = m.address_key AND t.category_code = m.category_code
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

-- The book of the tariff in use must have exactly one two-part tariff of the voltage.
target AS (
    SELECT
        s.customer_no,
        s.mp_id,
        s.voltage_code,
        min(o.price_book) AS price_book,
        min(t.tariff_code) AS tariff_code,
        max(t.capacity_price) AS capacity_price,
        min(s.running_kva_as_of) AS running_kva
    FROM split AS s
    INNER JOIN systems AS o ON o.tariff_code = s.tariff_code AND o.voltage_code = s.voltage_code
    INNER JOIN systems AS t ON t.price_book = o.price_book AND t.voltage_code = o.voltage_code AND t.capacity_price IS NOT NULL
    WHERE s.is_single AND s.points = 1
    GROUP BY s.customer_no, s.mp_id, s.voltage_code
    HAVING count(*) = 1
),

-- The month's lines priced anew. A line that was not quantity × price (part months) can't be.
repriced AS (
    SELECT
        t.customer_no,
        b.bill_id,
        max(COALESCE(b.pf_adjust_pct, 0)) AS pf_adjust_pct,
        round_hu(CAST(max(t.running_kva) AS DECIMAL(38, 4)) * max(t.capacity_price), 2) AS basic_yuan,
        count(*) AS lines,
        count(CASE
            WHEN l.amount_yuan = round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * l.unit_price, 2) THEN k.unit_price
        END) AS priced_lines,
        sum(round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * k.unit_price, 2) - l.amount_yuan) AS lines_yuan,
        COALESCE(sum(CASE WHEN k.in_pf_base THEN round_hu(CAST(l.quantity AS DECIMAL(38, 4)) * k.unit_price, 2) END), 0) AS base_yuan
    FROM target AS t
    INNER JOIN bill AS b ON b.customer_no = t.customer_no AND b.bill_month = $month AND b.kind = 'normal'
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id AND l.mp_id = t.mp_id AND l.item IN ('energy', 'fund')
    LEFT JOIN book AS k
        ON
            k.price_book = t.price_book
            AND k.tariff_code = t.tariff_code
            AND k.voltage_code = t.voltage_code
            AND k.component = l.component
            AND k.register = l.register
    GROUP BY t.customer_no, b.bill_id
),

adjusted AS (
    SELECT l.bill_id, sum(l.amount_yuan) AS billed_yuan
    FROM bill_line AS l
    SEMI JOIN repriced AS r ON r.bill_id = l.bill_id
    WHERE l.item = 'pf_adjustment'
    GROUP BY l.bill_id
),

valued AS (
    SELECT
        r.customer_no,
        sum(
            r.lines_yuan + r.basic_yuan
            + round_hu(div_hu(CAST(r.base_yuan + r.basic_yuan AS DECIMAL(38, 2)) * r.pf_adjust_pct, 100, 9), 2)
            - COALESCE(a.billed_yuan, 0)
        ) AS yuan
    FROM repriced AS r
    LEFT JOIN adjusted AS a ON a.bill_id = r.bill_id
    GROUP BY r.customer_no
    HAVING count(*) = 1 AND sum(r.lines) = sum(r.priced_lines)
)

SELECT
    s.first_customer_no AS subject_id,
    min(CASE WHEN s.customer_no = s.first_customer_no THEN s.org_no END) AS org_no,
    s.first_customer_no AS customer_no,
    $month AS bill_month,
    min(s.name) AS name,
    min(s.address_key) AS address,
    min(s.category_code) AS category_code,
    string_agg(s.customer_no, '; ' ORDER BY s.customer_no) AS customer_nos,
    count(*) AS accounts,
    count(*) FILTER (WHERE s.is_single) AS single_rate_accounts,
    sum(s.kva) AS kva,
    CAST(CASE WHEN count(*) FILTER (WHERE s.is_single) = count(v.yuan) THEN sum(v.yuan) END AS DECIMAL(18, 2)) AS yuan_at_stake
FROM split AS s
LEFT JOIN valued AS v ON v.customer_no = s.customer_no
GROUP BY s.first_customer_no
