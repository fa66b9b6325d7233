-- Complaints about bill, reading or meter that were found right (电费差错投诉成立), each with the cause that the recomputed bill of the month or the
-- correction entered since then shows.
WITH upheld AS (
    SELECT c.complaint_no, c.org_no, c.customer_no, c.kind, c.received_at, c.answered_at, c.recorded_action
    FROM complaint AS c
    WHERE c.upheld AND c.kind IN ($kinds) AND c.answered_at >= $month AND c.answered_at < LEAST($month_end, $as_of)
),

wrong AS (
    SELECT w.customer_no, w.bill_id, w.topic, w.cause, w.cause_zh, w.cause_en, w.issued_yuan, w.due_yuan, w.due_yuan - w.issued_yuan AS short_yuan
    FROM wrong_bill AS w
    SEMI JOIN upheld AS u ON u.customer_no = w.customer_no
    QUALIFY row_number() OVER (PARTITION BY w.customer_no ORDER BY ABS(w.due_yuan - w.issued_yuan) DESC, w.bill_id) = 1
),

correction AS (
    SELECT
        u.complaint_no,
        b.back_bill_id,
        b.cause,
        CASE WHEN b.kind = 'refund' THEN -ABS(b.amount_yuan) ELSE ABS(b.amount_yuan) END AS corrected_yuan
    FROM upheld AS u
    INNER JOIN back_bill AS b ON b.customer_no = u.customer_no
    WHERE b.entered_at >= u.received_at AND b.entered_at < $as_of
    QUALIFY row_number() OVER (PARTITION BY u.complaint_no ORDER BY b.entered_at, b.back_bill_id) = 1
)

SELECT
    u.complaint_no AS subject_id,
    u.org_no,
    u.customer_no,
    $month AS bill_month,
    u.kind AS complaint_kind,
    u.received_at,
    u.answered_at,
    u.recorded_action,
    w.bill_id,
    w.topic AS root_topic,
    w.cause AS root_cause,
    c.back_bill_id,
    c.cause AS correction_cause,
    c.corrected_yuan,
    CASE
        WHEN w.customer_no IS NOT NULL THEN w.topic || ' ' || w.cause_zh
        WHEN c.complaint_no IS NOT NULL THEN '已退补，原因 ' || COALESCE(c.cause, '未填')
        ELSE '本月账单重算无差错，原因待查'
    END AS root_zh,
    CASE
        WHEN w.customer_no IS NOT NULL THEN w.topic || ' ' || w.cause_en
        WHEN c.complaint_no IS NOT NULL THEN 'corrected by a back-bill'
        ELSE 'the bill of the month recomputes; cause to be found'
    END AS root_en,
    -- What was corrected since is the mistake; without a correction, what the recomputed bill differs by.
    CAST(COALESCE(c.corrected_yuan, w.short_yuan) AS DECIMAL(18, 2)) AS yuan_at_stake
FROM upheld AS u
LEFT JOIN wrong AS w ON w.customer_no = u.customer_no
LEFT JOIN correction AS c ON c.complaint_no = u.complaint_no
