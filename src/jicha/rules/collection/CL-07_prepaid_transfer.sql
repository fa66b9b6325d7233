-- Prepayments (预收) of the audited month that were moved to an unrelated customer, or without a document that says why (预收互转、冲抵).
-- Related are customers of one name, telephone or address, and those whom an order of rename, transfer or closure joins.
WITH moved AS (
    SELECT
        t.transfer_id,
        t.from_customer_no,
        t.to_customer_no,
        t.amount_yuan,
        t.at,
        t.operator_id,
        t.document_no,
        g.org_no,
        g.name AS from_name,
        r.name AS to_name,
        COALESCE(TRIM(t.document_no), '') = '' AS has_no_document,
        COALESCE(
            REPLACE(REPLACE(REPLACE(UPPER(TRIM(g.name)), ' ', ''), '(', '（'), ')', '）')
            = REPLACE(REPLACE(REPLACE(UPPER(TRIM(r.name)), ' ', ''), '(', '（'), ')', '）'),
            FALSE
        )
        OR COALESCE(TRIM(g.phone) = TRIM(r.phone), FALSE)
        OR COALESCE(TRIM(g.address) = TRIM(r.address), FALSE) AS is_related
    FROM prepaid_transfer AS t
    INNER JOIN customer AS g ON g.customer_no = t.from_customer_no
    INNER JOIN customer AS r ON r.customer_no = t.to_customer_no
    WHERE
        t.at >= $month
        AND t.at < LEAST($month_end, $as_of)
        AND t.amount_yuan > 0
        AND t.from_customer_no <> t.to_customer_no
),

judged AS (
    SELECT
        m.*,
        NOT m.is_related AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS o
            WHERE
                o.customer_no IN (m.from_customer_no, m.to_customer_no)
                AND o.kind IN ($joining_kinds)
                AND o.state <> 'cancelled'
                AND o.opened_at <= m.at
                AND REPLACE(REPLACE(REPLACE(UPPER(TRIM(o.applicant)), ' ', ''), '(', '（'), ')', '）')
                = REPLACE(REPLACE(REPLACE(UPPER(TRIM(CASE WHEN o.customer_no = m.from_customer_no THEN m.to_name ELSE m.from_name END)), ' ', ''), '(', '（'), ')', '）')
        ) AS is_unrelated
    FROM moved AS m
)

SELECT
    j.transfer_id AS subject_id,
    j.org_no,
    j.from_customer_no AS customer_no,
    $month AS bill_month,
    j.amount_yuan AS yuan_at_stake,
    'company' AS direction,
    substr(CONCAT(
        CASE WHEN j.is_unrelated THEN '、双方无关联' ELSE '' END,
        CASE WHEN j.has_no_document THEN '、无依据文号' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.is_unrelated THEN ', customers unrelated' ELSE '' END,
        CASE WHEN j.has_no_document THEN ', no document' ELSE '' END
    ), 3) AS reasons_en,
    j.from_name,
    j.to_customer_no,
    j.to_name,
    j.at AS transferred_at,
    j.document_no,
    j.operator_id
FROM judged AS j
WHERE j.is_unrelated OR j.has_no_document
