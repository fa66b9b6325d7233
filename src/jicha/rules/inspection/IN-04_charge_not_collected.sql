-- Settled cases of default use or theft (违约用电、窃电) whose charge (违约使用电费) was left out, taken below the agreed multiple, or not received
-- (违约使用电费收取异常). A charge that is not multiple × back-pay is IN-06's.
WITH settled AS (
    SELECT
        b.case_no,
        b.customer_no,
        b.nature,
        b.act,
        b.found_on,
        b.capacity_kva,
        b.multiple,
        COALESCE(b.back_yuan, 0) AS back_yuan,
        COALESCE(b.penalty_yuan, 0) AS penalty_yuan,
        b.received_yuan,
        b.closed_on,
        c.org_no,
        COALESCE(c.kind = 'lv_res', FALSE) AS is_residential,
        CASE
            WHEN b.nature = 'theft' THEN 'theft'
            WHEN b.act IN ('low_price_line', 'over_capacity', 'suspended_or_sealed', 'moved_equipment', 'unauthorised_source') THEN b.act
            WHEN b.act LIKE '%电价%' OR b.act LIKE '%用电类别%' THEN 'low_price_line'
            WHEN b.act LIKE '%暂停%' OR b.act LIKE '%封存%' THEN 'suspended_or_sealed'
            WHEN b.act LIKE '%容量%' OR b.act LIKE '%增容%' THEN 'over_capacity'
            WHEN b.act LIKE '%引入%' OR b.act LIKE '%供出%' OR b.act LIKE '%并网%' THEN 'unauthorised_source'
            WHEN b.act LIKE '%迁移%' OR b.act LIKE '%更动%' OR b.act LIKE '%擅自操作%' THEN 'moved_equipment'
        END AS act_code
    FROM breach_case AS b
    LEFT JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE
        b.state = 'closed'
        AND COALESCE(b.closed_on, b.found_on) >= $month
        AND COALESCE(b.closed_on, b.found_on) < LEAST($month_end, $as_of)
),

-- The contract (供用电合同) in force on the day on which the act was found.
agreed AS (
    SELECT s.case_no, k.contract_no, k.penalty_multiple
    FROM settled AS s
    INNER JOIN supply_contract AS k ON k.customer_no = s.customer_no
    WHERE COALESCE(k.signed_on <= s.found_on, TRUE) AND (k.ends_on IS NULL OR k.ends_on > s.found_on)
    QUALIFY row_number() OVER (PARTITION BY s.case_no ORDER BY k.signed_on DESC, k.contract_no) = 1
),

-- Under a ceiling (不高于) the usual multiple is the agreed one; before, the rule's. Nothing may go above the rule's.
governed AS (
    SELECT
        s.*,
        l.law_version,
        l.multiple IS NOT NULL AND (l.yuan_per_kw IS NULL OR s.back_yuan > 0) AS is_by_multiple,
        CASE
            WHEN a.penalty_multiple IS NOT NULL THEN LEAST(a.penalty_multiple, l.multiple)
            WHEN NOT l.multiple_is_ceiling THEN l.multiple
        END AS usual_multiple,
        CASE
            WHEN l.yuan_per_kw IS NOT NULL THEN CAST(round_hu(CAST(s.capacity_kva AS DECIMAL(38, 4)) * l.yuan_per_kw, 2) AS DECIMAL(18, 2))
            WHEN s.is_residential THEN l.residential_yuan_each
            ELSE l.other_yuan_each
        END AS one_charge_yuan
    FROM settled AS s
    INNER JOIN breach_law AS l ON l.act_code = s.act_code AND l.law_from <= s.found_on AND l.law_to > s.found_on
    LEFT JOIN agreed AS a ON a.case_no = s.case_no
),

-- An act charged by capacity or by the time must bear one charge at least.
due AS (
    SELECT
        *,
        CASE
            WHEN is_by_multiple THEN CAST(round_hu(CAST(usual_multiple AS DECIMAL(38, 6)) * back_yuan, 2) AS DECIMAL(18, 2))
            ELSE one_charge_yuan
        END AS usual_yuan
    FROM governed
),

judged AS (
    SELECT
        *,
        penalty_yuan = 0 AND (back_yuan > 0 OR COALESCE(usual_yuan, 0) > 0) AS is_left_out,
        penalty_yuan > 0 AND is_by_multiple
        AND COALESCE(multiple < usual_multiple, penalty_yuan < usual_yuan - $tolerance_yuan, FALSE) AS is_below_agreed,
        COALESCE(received_yuan < back_yuan + penalty_yuan - $tolerance_yuan, FALSE) AS is_not_received
    FROM due
)

SELECT
    j.case_no AS subject_id,
    j.org_no,
    j.customer_no,
    $month AS bill_month,
    j.nature,
    j.act,
    j.act_code,
    j.found_on,
    j.closed_on,
    j.law_version,
    substr(CONCAT(
        CASE WHEN j.is_left_out THEN '、未收违约使用电费' ELSE '' END,
        CASE WHEN j.is_below_agreed THEN '、低于约定倍数' ELSE '' END,
        CASE WHEN j.is_not_received THEN '、款项未收齐即结案' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.is_left_out THEN ', no charge' ELSE '' END,
        CASE WHEN j.is_below_agreed THEN ', below the agreed multiple' ELSE '' END,
        CASE WHEN j.is_not_received THEN ', closed before all was received' ELSE '' END
    ), 3) AS reasons_en,
    j.multiple,
    j.usual_multiple,
    j.back_yuan,
    j.penalty_yuan,
    CASE WHEN j.is_left_out OR j.is_below_agreed THEN j.usual_yuan ELSE j.penalty_yuan END AS penalty_due_yuan,
    j.received_yuan,
    CAST(
        j.back_yuan
        + CASE WHEN j.is_left_out OR j.is_below_agreed THEN COALESCE(j.usual_yuan, j.penalty_yuan) ELSE j.penalty_yuan END
        - COALESCE(j.received_yuan, j.back_yuan + j.penalty_yuan) AS DECIMAL(18, 2)
    ) AS yuan_at_stake
FROM judged AS j
WHERE j.is_left_out OR j.is_below_agreed OR j.is_not_received
