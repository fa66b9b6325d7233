-- Answers that say that a meter was replaced, tested, or money given back, of which no later record knows anything (工单虚假回复).
WITH answered AS (
    SELECT
        c.complaint_no,
        c.org_no,
        c.customer_no,
        c.kind,
        c.received_at,
        c.answered_at,
        c.recorded_action,
        CAST(c.answered_at + ($record_days + 1) * INTERVAL 1 DAY AS DATE) AS refuted_on
    FROM complaint AS c
    WHERE
        c.customer_no IS NOT NULL
        -- What need not, could not or will be done was not done.
        AND NOT c.recorded_action LIKE '%无需%'
        AND NOT c.recorded_action LIKE '%不需%'
        AND NOT c.recorded_action LIKE '%尚未%'
        AND NOT c.recorded_action LIKE '%未能%'
        AND NOT c.recorded_action LIKE '%未换%'
        AND NOT c.recorded_action LIKE '%未退%'
        AND NOT c.recorded_action LIKE '%预约%'
        AND NOT c.recorded_action LIKE '%拟%'
        AND NOT c.recorded_action LIKE '%将于%'
        AND NOT c.recorded_action LIKE '%将在%'
),

claim AS (
    SELECT
        a.*,
        a.recorded_action LIKE '%换表%' OR a.recorded_action LIKE '%更换电能表%' OR a.recorded_action LIKE '%更换电表%' OR a.recorded_action LIKE '%更换表计%' AS says_replaced,
        a.recorded_action LIKE '%校验%' OR a.recorded_action LIKE '%检定%' OR a.recorded_action LIKE '%校表%' OR a.recorded_action LIKE '%验表%' AS says_tested,
        a.recorded_action LIKE '%退费%' OR a.recorded_action LIKE '%退补%' OR a.recorded_action LIKE '%退还%' OR a.recorded_action LIKE '%冲正%' AS says_refunded
    FROM answered AS a
    WHERE a.refuted_on >= $month AND a.refuted_on < $month_end AND a.refuted_on < $as_of
),

-- The work may have been done a little before the call was entered.
point AS (
    SELECT c.complaint_no, p.mp_id, CAST(c.received_at AS DATE) AS received_on, c.refuted_on
    FROM claim AS c
    INNER JOIN metering_point AS p ON p.customer_no = c.customer_no
),

replaced AS (
    SELECT DISTINCT p.complaint_no
    FROM point AS p
    INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
    WHERE
        CAST(i.installed_at AS DATE) >= CAST(p.received_on - $before_days * INTERVAL 1 DAY AS DATE)
        AND CAST(i.installed_at AS DATE) < p.refuted_on
),

tested AS (
    SELECT DISTINCT p.complaint_no
    FROM point AS p
    INNER JOIN meter_test AS t ON t.mp_id = p.mp_id
    WHERE t.tested_on >= CAST(p.received_on - $before_days * INTERVAL 1 DAY AS DATE) AND t.tested_on < p.refuted_on
),

given_back AS (
    SELECT c.complaint_no
    FROM claim AS c
    INNER JOIN refund AS r ON r.customer_no = c.customer_no
    WHERE
        CAST(r.refunded_at AS DATE) >= CAST(CAST(c.received_at AS DATE) - $before_days * INTERVAL 1 DAY AS DATE)
        AND CAST(r.refunded_at AS DATE) < c.refuted_on
    UNION
    SELECT c.complaint_no
    FROM claim AS c
    INNER JOIN back_bill AS b ON b.customer_no = c.customer_no
    WHERE
        CAST(b.entered_at AS DATE) >= CAST(CAST(c.received_at AS DATE) - $before_days * INTERVAL 1 DAY AS DATE)
        AND CAST(b.entered_at AS DATE) < c.refuted_on
    UNION
    SELECT c.complaint_no
    FROM claim AS c
    INNER JOIN bill AS b ON b.customer_no = c.customer_no
    WHERE
        b.kind <> 'normal'
        AND CAST(b.issued_at AS DATE) >= CAST(CAST(c.received_at AS DATE) - $before_days * INTERVAL 1 DAY AS DATE)
        AND CAST(b.issued_at AS DATE) < c.refuted_on
),

judged AS (
    SELECT
        c.*,
        c.says_replaced AND r.complaint_no IS NULL AS not_replaced,
        c.says_tested AND t.complaint_no IS NULL AND r.complaint_no IS NULL AS not_tested,
        c.says_refunded AND g.complaint_no IS NULL AS not_refunded
    FROM claim AS c
    LEFT JOIN replaced AS r ON r.complaint_no = c.complaint_no
    LEFT JOIN tested AS t ON t.complaint_no = c.complaint_no
    LEFT JOIN given_back AS g ON g.complaint_no = c.complaint_no
)

SELECT
    j.complaint_no AS subject_id,
    j.org_no,
    j.customer_no,
    $month AS bill_month,
    j.kind AS complaint_kind,
    j.received_at,
    j.answered_at,
    j.recorded_action,
    substr(CONCAT(
        CASE WHEN j.not_replaced THEN '、无换表记录' ELSE '' END,
        CASE WHEN j.not_tested THEN '、无检定记录' ELSE '' END,
        CASE WHEN j.not_refunded THEN '、无退费或退补记录' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.not_replaced THEN ', no meter was exchanged' ELSE '' END,
        CASE WHEN j.not_tested THEN ', no meter was tested' ELSE '' END,
        CASE WHEN j.not_refunded THEN ', nothing was given back' ELSE '' END
    ), 3) AS reasons_en
FROM judged AS j
WHERE j.not_replaced OR j.not_tested OR j.not_refunded
