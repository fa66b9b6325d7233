-- Waivers (违约金减免) of the audited month, by the day of the waiver: without approval, approved by the person who
-- waived, above the limit alone, or by an operator whose waivers together exceed the amount or the rate.
WITH waived AS (
    SELECT
        w.waiver_id,
        w.customer_no,
        w.bill_id,
        w.amount_yuan,
        w.operator_id,
        w.approved_by,
        w.at,
        w.reason,
        NULLIF(TRIM(w.approved_by), '') IS NULL AS unapproved,
        -- Operator and approver may be written as accounts or as employees; two accounts may be one person.
        COALESCE(COALESCE(h.employee_id, w.approved_by) = COALESCE(g.employee_id, w.operator_id), FALSE) AS self_approved,
        COALESCE(w.reason LIKE '%' || $policy_word || '%', FALSE) AS by_policy
    FROM late_fee_waiver AS w
    LEFT JOIN account AS g ON g.account_id = w.operator_id
    LEFT JOIN account AS h ON h.account_id = w.approved_by
    WHERE w.at >= $month AND w.at < $month_end AND w.at < $as_of AND w.amount_yuan > 0
),

-- Waivers that look in order one by one may still be too many or too much in one hand (拆分减免).
operator AS (
    SELECT operator_id, count(*) AS waivers, sum(amount_yuan) AS waived_yuan
    FROM waived
    WHERE NOT by_policy AND NOT unapproved AND NOT self_approved AND amount_yuan <= $max_yuan
    GROUP BY operator_id
),

taken AS (
    SELECT operator_id, sum(late_fee_yuan) AS late_fee_yuan
    FROM receipt
    WHERE
        received_at >= $month AND received_at < $month_end AND received_at < $as_of
        AND (cancelled_at IS NULL OR cancelled_at >= $as_of)
    GROUP BY operator_id
),

judged AS (
    SELECT
        w.waiver_id,
        w.customer_no,
        w.bill_id,
        w.amount_yuan,
        w.operator_id,
        w.approved_by,
        w.at,
        w.reason,
        o.waivers AS operator_waivers,
        o.waived_yuan AS operator_waived_yuan,
        t.late_fee_yuan AS operator_taken_yuan,
        safe_div(o.waived_yuan, o.waived_yuan + t.late_fee_yuan) AS operator_rate,
        w.unapproved,
        w.self_approved,
        NOT w.by_policy AND w.amount_yuan > $max_yuan AS large,
        NOT w.by_policy AND COALESCE(o.waived_yuan > $max_yuan, FALSE) AS operator_large,
        NOT w.by_policy AND COALESCE(
            o.waivers >= $min_waivers
            AND o.waived_yuan > CAST($max_rate AS DECIMAL(38, 6)) * (o.waived_yuan + t.late_fee_yuan),
            FALSE
        ) AS operator_rate_high
    FROM waived AS w
    LEFT JOIN operator AS o ON o.operator_id = w.operator_id
    LEFT JOIN taken AS t ON t.operator_id = w.operator_id
)

SELECT
    j.waiver_id AS subject_id,
    c.org_no,
    j.customer_no,
    j.amount_yuan AS yuan_at_stake,
    'company' AS direction,
    substr(CONCAT(
        CASE WHEN j.unapproved THEN '、未审批' ELSE '' END,
        CASE WHEN j.self_approved THEN '、自批' ELSE '' END,
        CASE WHEN j.large THEN '、单笔超限' ELSE '' END,
        CASE WHEN j.operator_large THEN '、操作员累计超限' ELSE '' END,
        CASE WHEN j.operator_rate_high THEN '、操作员减免率超限' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.unapproved THEN ', no approval' ELSE '' END,
        CASE WHEN j.self_approved THEN ', approved by the operator' ELSE '' END,
        CASE WHEN j.large THEN ', one above the limit' ELSE '' END,
        CASE WHEN j.operator_large THEN ', the operator''s total above the limit' ELSE '' END,
        CASE WHEN j.operator_rate_high THEN ', the operator''s rate above the limit' ELSE '' END
    ), 3) AS reasons_en,
    j.bill_id,
    j.operator_id,
    j.approved_by,
    j.at AS waived_at,
    j.reason AS stated_reason,
    j.operator_waivers,
    j.operator_waived_yuan,
    j.operator_taken_yuan,
    j.operator_rate
FROM judged AS j
LEFT JOIN customer AS c ON c.customer_no = j.customer_no
WHERE j.unapproved OR j.self_approved OR j.large OR j.operator_large OR j.operator_rate_high
