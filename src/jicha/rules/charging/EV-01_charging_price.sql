-- Charging sites whose price is not the one that their place calls for (2.7).
WITH sites AS (
    SELECT
        s.site_id,
        s.mp_id,
        s.place,
        p.customer_no,
        p.org_no,
        p.tariff_code,
        p.voltage_code,
        p.tou,
        p.basic_charge_mode,
        p.step_scheme,
        p.scheme_from,
        c.category_code,
        LEAST(COALESCE(c.contract_kva, c.running_kva_as_of), COALESCE(c.running_kva_as_of, c.contract_kva)) AS capacity_kva,
        -- The tariff's class by the price book and its users; where they leave it open, by the category of the customer.
        CASE
            WHEN COALESCE(t.tariff_class, 'unknown') <> 'unknown' THEN t.tariff_class
            WHEN substr(c.category_code, 1, 1) = '2' THEN 'residential'
            WHEN substr(c.category_code, 1, 1) = '3' THEN 'agriculture'
            WHEN substr(c.category_code, 1, 1) = '1' OR p.basic_charge_mode <> 'none' THEN 'two_part'
            WHEN substr(c.category_code, 1, 1) = '4' THEN 'single'
            ELSE 'unknown'
        END AS price_class
    FROM charging_site AS s
    INNER JOIN point_scheme AS p ON p.mp_id = s.mp_id
    INNER JOIN customer_state AS c ON c.customer_no = p.customer_no
    LEFT JOIN tariff_class AS t ON t.tariff_code = p.tariff_code
    WHERE p.has_scheme AND p.status = 'running' AND c.status = 'active'
),

judged AS (
    SELECT
        s.*,
        CASE
            WHEN s.place IN ('home', 'residential_compound') THEN
                CASE
                    WHEN s.price_class IN ('two_part', 'single', 'agriculture') THEN 'residential_price_due'
                    WHEN s.step_scheme IN ('monthly', 'annual') THEN 'steps_not_due'
                END
            WHEN s.place IN ('public_institution', 'enterprise', 'public_parking') THEN
                CASE
                    -- Schools and the like are on the residential price themselves: their piles share it, without steps.
                    WHEN s.category_code IN ('203', '204') AND s.place = 'public_institution' THEN
                        CASE WHEN s.step_scheme IN ('monthly', 'annual') THEN 'steps_not_due' END
                    WHEN s.price_class IN ('residential', 'agriculture') THEN 'commercial_price_due'
                END
            WHEN s.place = 'commercial_concentrated' THEN
                CASE
                    WHEN s.price_class IN ('residential', 'agriculture') THEN 'two_part_price_due'
                    WHEN s.price_class = 'single' AND s.capacity_kva > $single_kva THEN 'two_part_price_due'
                    WHEN s.basic_charge_mode <> 'none' AND $month <= $exempt_until THEN 'basic_charge_not_due'
                END
        END AS fault
    FROM sites AS s
),

-- A basic charge that was not due is known to the cent, with its part of the power-factor adjustment.
basic AS (
    SELECT
        l.mp_id,
        sum(l.amount_yuan) AS basic_yuan,
        sum(l.amount_yuan + round_hu(div_hu(CAST(l.amount_yuan AS DECIMAL(38, 2)) * COALESCE(b.pf_adjust_pct, 0), 100, 9), 2)) AS yuan
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    SEMI JOIN judged AS j ON j.customer_no = b.customer_no AND j.fault = 'basic_charge_not_due'
    WHERE b.bill_month = $month AND b.kind = 'normal' AND l.item = 'basic' AND l.mp_id IS NOT NULL
    GROUP BY l.mp_id
),

book AS (
    SELECT price_book, tariff_code, voltage_code, component, register, min(unit_price) AS unit_price
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    GROUP BY price_book, tariff_code, voltage_code, component, register
    HAVING min(unit_price) = max(unit_price)
),

tariffs AS (
    SELECT
        b.price_book,
        b.tariff_code,
        b.voltage_code,
        bool_or(b.register IN ('sharp', 'peak', 'valley', 'deep_valley')) AS has_bands,
        CASE
            WHEN bool_or(b.component IN ('purchase', 'transmission')) AND bool_or(b.component IN ('capacity', 'demand'))
                THEN 'two_part_price_due'
            WHEN bool_or(b.component IN ('purchase', 'transmission')) THEN 'commercial_price_due'
            WHEN min(t.tariff_class) = 'residential' AND NOT bool_or(b.component IN ('step2', 'step3'))
                THEN 'residential_price_due'
        END AS serves
    FROM book AS b
    LEFT JOIN tariff_class AS t ON t.tariff_code = b.tariff_code
    GROUP BY b.price_book, b.tariff_code, b.voltage_code
),

-- The tariff due, where the books have exactly one of its kind in the voltage of the site.
targets AS (
    SELECT
        j.site_id,
        min(t.price_book) AS price_book,
        min(t.tariff_code) AS tariff_code
    FROM judged AS j
    INNER JOIN tariffs AS t
        ON
            t.voltage_code = j.voltage_code
            AND t.serves = CASE WHEN j.fault = 'steps_not_due' THEN 'residential_price_due' ELSE j.fault END
    GROUP BY j.site_id
    HAVING count(*) = 1 AND NOT bool_or(j.tou AND t.has_bands)
),

components AS (
    SELECT
        l.mp_id,
        l.item,
        l.component,
        sum(l.quantity) AS kwh,
        sum(l.amount_yuan) AS yuan
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    SEMI JOIN judged AS j ON j.mp_id = l.mp_id AND j.fault IS NOT NULL
    WHERE
        b.bill_month = $month
        AND b.kind = 'normal'
        AND COALESCE(b.pf_adjust_pct, 0) = 0
        AND l.item IN ('energy', 'step', 'fund')
    GROUP BY l.mp_id, l.item, l.component
),

billed AS (
    SELECT
        mp_id,
        max(CASE WHEN item = 'energy' THEN kwh END) AS kwh,
        sum(yuan) AS yuan
    FROM components
    GROUP BY mp_id
    HAVING max(CASE WHEN item = 'energy' THEN kwh END) = min(CASE WHEN item = 'energy' THEN kwh END)
),

repriced AS (
    SELECT
        j.site_id,
        min(t.tariff_code) AS tariff_due,
        sum(round_hu(CAST(l.kwh AS DECIMAL(38, 4)) * k.unit_price, 2)) - min(l.yuan) AS yuan
    FROM judged AS j
    INNER JOIN targets AS t ON t.site_id = j.site_id
    INNER JOIN billed AS l ON l.mp_id = j.mp_id
    INNER JOIN book AS k
        ON
            k.price_book = t.price_book
            AND k.tariff_code = t.tariff_code
            AND k.voltage_code = j.voltage_code
            AND k.register IN ('total', 'any')
            AND k.component IN ('energy', 'purchase', 'line_loss', 'transmission', 'system', 'fund')
    GROUP BY j.site_id
)

SELECT
    j.site_id AS subject_id,
    j.org_no,
    j.customer_no,
    j.mp_id,
    $month AS bill_month,
    j.place,
    CASE j.place
        WHEN 'home' THEN '居民住宅'
        WHEN 'residential_compound' THEN '居民小区'
        WHEN 'public_institution' THEN '机关事业单位'
        WHEN 'enterprise' THEN '企业'
        WHEN 'public_parking' THEN '社会公共停车场'
        WHEN 'commercial_concentrated' THEN '经营性集中充换电'
    END AS place_zh,
    j.fault,
    CASE j.fault
        WHEN 'residential_price_due' THEN '应执行居民合表电价'
        WHEN 'steps_not_due' THEN '不应执行阶梯'
        WHEN 'commercial_price_due' THEN '应执行工商业电价'
        WHEN 'two_part_price_due' THEN '应执行两部制电度电价'
        WHEN 'basic_charge_not_due' THEN '应免收基本电费'
    END AS fault_zh,
    CASE j.fault
        WHEN 'residential_price_due' THEN 'the residential price without steps is due'
        WHEN 'steps_not_due' THEN 'steps are not due'
        WHEN 'commercial_price_due' THEN 'the commercial price is due'
        WHEN 'two_part_price_due' THEN 'the two-part energy price is due'
        WHEN 'basic_charge_not_due' THEN 'the basic charge is not due'
    END AS fault_en,
    j.price_class,
    j.tariff_code,
    j.category_code,
    j.basic_charge_mode,
    j.step_scheme,
    j.capacity_kva,
    j.scheme_from,
    b.basic_yuan,
    r.tariff_due,
    CASE WHEN j.fault = 'basic_charge_not_due' THEN b.yuan ELSE ABS(r.yuan) END AS yuan_at_stake,
    CASE
        WHEN r.yuan < 0 THEN 'customer'
        WHEN r.yuan > 0 THEN 'company'
        WHEN j.fault = 'commercial_price_due' THEN 'company'
        WHEN j.fault = 'two_part_price_due' AND j.price_class IN ('residential', 'agriculture') THEN 'company'
        WHEN j.fault IN ('residential_price_due', 'basic_charge_not_due', 'two_part_price_due') THEN 'customer'
    END AS direction
FROM judged AS j
LEFT JOIN basic AS b ON b.mp_id = j.mp_id
LEFT JOIN repriced AS r ON r.site_id = j.site_id
WHERE j.fault IS NOT NULL
