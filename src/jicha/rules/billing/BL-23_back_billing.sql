-- Back-billing documents (退补单) of the audited month with any of five signs of abuse, one row a document.
WITH known AS (
    SELECT
        b.back_bill_id,
        b.customer_no,
        b.mp_id,
        b.bill_month,
        b.kind,
        b.cause,
        ABS(b.kwh) AS kwh,
        ABS(b.amount_yuan) AS amount_yuan,
        b.source_order_no,
        b.entered_by,
        b.approved_by,
        b.entered_at,
        -- Two accounts of one person are one person.
        COALESCE(e.employee_id, b.entered_by) AS entering_person,
        COALESCE(a.employee_id, b.approved_by) AS approving_person,
        COALESCE(lower(b.cause) LIKE 'policy%' OR b.cause LIKE '政策%', FALSE) AS named_policy
    FROM back_bill AS b
    LEFT JOIN account AS e ON e.account_id = b.entered_by
    LEFT JOIN account AS a ON a.account_id = b.approved_by
    WHERE b.bill_month <= $month
),

-- A policy settles many customers for one cause in one sitting: neither repetition nor size is a sign then.
-- A common cause alone is none: a large company corrects metering errors every day.
policies AS (
    SELECT bill_month, kind, cause, entered_by, CAST(entered_at AS DATE) AS entered_on
    FROM known
    WHERE cause IS NOT NULL
    GROUP BY bill_month, kind, cause, entered_by, CAST(entered_at AS DATE)
    HAVING count(DISTINCT customer_no) >= $policy_customers
),

marked AS (
    SELECT
        k.*,
        k.named_policy OR p.cause IS NOT NULL AS is_policy,
        lag(k.kind) OVER w AS kind_before,
        lag(k.bill_month) OVER w AS month_before,
        lag(k.back_bill_id) OVER w AS document_before,
        lag(k.amount_yuan) OVER w AS yuan_before,
        lag(k.named_policy OR p.cause IS NOT NULL) OVER w AS policy_before,
        lead(k.kind) OVER w AS kind_after,
        lead(k.bill_month) OVER w AS month_after,
        lead(k.back_bill_id) OVER w AS document_after,
        lead(k.amount_yuan) OVER w AS yuan_after,
        lead(k.named_policy OR p.cause IS NOT NULL) OVER w AS policy_after
    FROM known AS k
    LEFT JOIN policies AS p
        ON
            p.bill_month = k.bill_month
            AND p.kind = k.kind
            AND p.cause = k.cause
            AND p.entered_by = k.entered_by
            AND p.entered_on = CAST(k.entered_at AS DATE)
    WINDOW w AS (PARTITION BY k.customer_no ORDER BY k.bill_month, k.entered_at, k.back_bill_id)
),

repeated AS (
    SELECT customer_no, CAST(count(*) AS BIGINT) AS documents_in_year
    FROM marked
    WHERE NOT is_policy AND ym(bill_month) > ym($month) - $repeat_months
    GROUP BY customer_no
),

judged AS (
    SELECT
        m.*,
        r.documents_in_year,
        COALESCE(trim(m.source_order_no), '') = '' AND NOT m.is_policy AS no_source,
        (m.amount_yuan >= $large_yuan OR m.kwh >= $large_kwh) AND NOT m.is_policy AS is_large,
        COALESCE(m.entering_person = m.approving_person, FALSE) AS same_person,
        COALESCE(r.documents_in_year >= $repeat_count, FALSE) AND NOT m.is_policy AS is_repeated,
        CASE
            WHEN m.is_policy THEN NULL
            WHEN
                m.kind_after <> m.kind AND NOT m.policy_after
                AND ym(m.month_after) - ym(m.bill_month) < $opposite_months
                THEN m.document_after
            -- The pair is completed by a document of this month: it is shown on the later one, since the earlier month is past.
            WHEN
                m.kind_before <> m.kind AND NOT m.policy_before AND m.month_before < m.bill_month
                AND ym(m.bill_month) - ym(m.month_before) < $opposite_months
                THEN m.document_before
        END AS opposite_document
    FROM marked AS m
    LEFT JOIN repeated AS r ON r.customer_no = m.customer_no
    WHERE m.bill_month = $month
)

SELECT
    j.back_bill_id AS subject_id,
    c.org_no,
    j.customer_no,
    j.mp_id,
    j.bill_month,
    trim(
        CASE WHEN j.no_source THEN 'no_source_order ' ELSE '' END
        || CASE WHEN j.is_large THEN 'large ' ELSE '' END
        || CASE WHEN j.same_person THEN 'same_person ' ELSE '' END
        || CASE WHEN j.is_repeated THEN 'repeated ' ELSE '' END
        || CASE WHEN j.opposite_document IS NOT NULL THEN 'opposite ' ELSE '' END
    ) AS reasons,
    substr(
        CASE WHEN j.no_source THEN '、无来源工单' ELSE '' END
        || CASE WHEN j.is_large THEN '、大额' ELSE '' END
        || CASE WHEN j.same_person THEN '、录入审批同一人' ELSE '' END
        || CASE WHEN j.is_repeated THEN '、一年内多次退补' ELSE '' END
        || CASE WHEN j.opposite_document IS NOT NULL THEN '、与另一单方向相反' ELSE '' END,
        2
    ) AS reasons_zh,
    j.kind AS document_kind,
    CASE j.kind WHEN 'refund' THEN '退' ELSE '补' END AS document_kind_zh,
    j.cause,
    j.source_order_no,
    j.entered_by,
    j.approved_by,
    j.entered_at,
    j.documents_in_year,
    j.opposite_document,
    j.kwh AS kwh_at_stake,
    j.amount_yuan AS yuan_at_stake,
    -- A refund without ground is the company's loss, a supplement without ground the customer's.
    CASE WHEN j.kind = 'refund' THEN 'company' ELSE 'customer' END AS direction
FROM judged AS j
LEFT JOIN customer AS c ON c.customer_no = j.customer_no
WHERE j.no_source OR j.is_large OR j.same_person OR j.is_repeated OR j.opposite_document IS NOT NULL
