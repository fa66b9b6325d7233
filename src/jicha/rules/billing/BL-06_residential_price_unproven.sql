-- Customers who are no household on the residential price, without a valid proof that they may be.
WITH proofs AS (
    SELECT
        customer_no,
        max(CASE WHEN valid_to IS NULL OR valid_to >= $month_end THEN 1 ELSE 0 END) AS valid_now,
        max(valid_to) AS proof_ended
    FROM proof
    WHERE kind = 'residential_price' AND valid_from < $month_end
    GROUP BY customer_no
),

-- Piles at homes and in compounds pay the residential price by what they are; other places are the topic of the charging price.
piles AS (
    SELECT DISTINCT mp_id FROM charging_site
)

SELECT
    s.mp_id AS subject_id,
    s.org_no,
    s.customer_no,
    s.mp_id,
    $month AS bill_month,
    CASE WHEN f.customer_no IS NULL THEN 'no_proof' ELSE 'proof_ended' END AS fault,
    CASE WHEN f.customer_no IS NULL THEN '无资质证明' ELSE '资质证明已到期' END AS fault_zh,
    CASE WHEN f.customer_no IS NULL THEN 'without a proof' ELSE 'with a proof that has ended' END AS fault_en,
    c.category_code,
    c.trade_code,
    s.tariff_code,
    s.scheme_from,
    f.proof_ended,
    r.tariff_due,
    r.kwh,
    r.billed_yuan,
    r.due_yuan,
    r.difference_yuan AS yuan_at_stake
FROM point_scheme AS s
INNER JOIN customer_state AS c ON c.customer_no = s.customer_no
INNER JOIN tariff_class AS t ON t.tariff_code = s.tariff_code
ANTI JOIN piles AS v ON v.mp_id = s.mp_id
LEFT JOIN proofs AS f ON f.customer_no = s.customer_no
LEFT JOIN single_rate_bill AS r
    ON r.mp_id = s.mp_id AND (c.running_kva_as_of IS NULL OR c.running_kva_as_of < $two_part_kva)
WHERE
    s.usage = 'billing'
    AND s.status = 'running'
    -- Part of a supply may be lived in: sub meters and fixed shares have prices of their own.
    AND s.parent_mp_id IS NULL
    AND s.fixed_ratio IS NULL
    AND s.fixed_kwh IS NULL
    AND t.tariff_class = 'residential'
    AND c.kind <> 'lv_res'
    AND c.status = 'active'
    AND COALESCE(f.valid_now, 0) = 0
    -- A renewal may still be on its way into the system.
    AND (f.proof_ended IS NULL OR date_diff('day', f.proof_ended, $month_end) > $grace_days)
    -- Temporary supply of trade and industry, and building sites, are a topic of their own.
    AND NOT (c.temporary AND substr(c.category_code, 1, 1) IN ('1', '4'))
    AND NOT COALESCE(left(c.trade_code, 1) = $construction_section OR left(c.trade_code, 2) IN ($construction_divisions), FALSE)
    AND strpos(c.name, $site_word) = 0
