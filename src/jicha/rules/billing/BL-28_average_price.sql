-- Bills whose yuan per kWh leave the middle of their class (均价异常): kind of customer and tariff of the main point. The middle is
-- the median of those with one tariff, which one impossible bill does not move. Several tariffs of one customer explain a price
-- between theirs, and low use that of a two-part customer, which bears its basic charge on few kWh.
WITH tariffs AS (
    SELECT
        customer_no,
        tariff_code,
        parent_mp_id IS NULL AND fixed_ratio IS NULL AND fixed_kwh IS NULL AS is_main,
        scheme_from,
        basic_charge_mode
    FROM point_scheme
    WHERE usage = 'billing' AND has_scheme
),

schemes AS (
    SELECT
        customer_no,
        COALESCE(min(tariff_code) FILTER (WHERE is_main), min(tariff_code)) AS tariff_code,
        min(tariff_code) <> max(tariff_code) AS is_mixed,
        max(scheme_from) AS scheme_from,
        bool_or(basic_charge_mode <> 'none') AS has_basic_charge
    FROM tariffs
    GROUP BY customer_no
),

priced AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.org_no,
        b.period_from,
        b.period_to,
        b.kwh,
        b.total_yuan,
        c.kind AS customer_kind,
        c.contract_kva,
        s.tariff_code,
        s.has_basic_charge,
        s.is_mixed,
        CAST(div_hu(b.total_yuan, b.kwh, 6) AS DECIMAL(18, 6)) AS price_yuan_per_kwh
    FROM bill AS b
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    INNER JOIN schemes AS s ON s.customer_no = b.customer_no
    ANTI JOIN bill AS v ON v.reverses_bill_id = b.bill_id
    WHERE b.bill_month = $month AND b.kind = 'normal' AND b.kwh > 0 AND s.scheme_from <= b.period_from
),

classes AS (
    SELECT
        customer_kind,
        tariff_code,
        CAST(count(*) AS BIGINT) AS bills,
        CAST(median(price_yuan_per_kwh) AS DECIMAL(18, 6)) AS middle_price
    FROM priced
    WHERE NOT is_mixed
    GROUP BY customer_kind, tariff_code
    HAVING count(*) >= $least_bills
),

-- The lowest and the highest middle among the tariffs of a customer that has several.
mixes AS (
    SELECT t.customer_no, min(k.middle_price) AS lowest_price, max(k.middle_price) AS highest_price
    FROM tariffs AS t
    SEMI JOIN priced AS p ON p.customer_no = t.customer_no AND p.is_mixed
    INNER JOIN classes AS k ON k.tariff_code = t.tariff_code
    GROUP BY t.customer_no
),

compared AS (
    SELECT
        p.*,
        k.bills,
        k.middle_price,
        m.lowest_price,
        m.highest_price,
        CAST(p.kwh AS DECIMAL(38, 4)) * k.middle_price AS middle_yuan,
        CASE WHEN p.customer_kind = 'hv' THEN $share_hv ELSE $share END AS allowed_share
    FROM priced AS p
    INNER JOIN classes AS k ON k.customer_kind = p.customer_kind AND k.tariff_code = p.tariff_code
    LEFT JOIN mixes AS m ON m.customer_no = p.customer_no
)

SELECT
    bill_id AS subject_id,
    org_no,
    customer_no,
    $month AS bill_month,
    period_from,
    period_to,
    customer_kind,
    tariff_code,
    kwh,
    total_yuan,
    price_yuan_per_kwh,
    middle_price,
    bills AS bills_of_class,
    allowed_share,
    round_hu(middle_yuan, 2) - total_yuan AS yuan_at_stake
FROM compared
WHERE
    ABS(CAST(total_yuan AS DECIMAL(38, 2)) - middle_yuan) > CAST(middle_yuan AS DECIMAL(38, 10)) * allowed_share
    AND NOT COALESCE(
        has_basic_charge AND total_yuan > middle_yuan AND kwh < CAST(contract_kva AS DECIMAL(38, 4)) * $low_use_kwh_per_kva,
        FALSE
    )
    AND NOT COALESCE(
        is_mixed
        AND price_yuan_per_kwh > CAST(lowest_price AS DECIMAL(38, 6)) * (1 + $mix_edge)
        AND price_yuan_per_kwh < CAST(highest_price AS DECIMAL(38, 6)) * (1 - $mix_edge),
        FALSE
    )
