-- Cases of default use or theft (违约用电、窃电) that are still open long after they were found (违窃流程超期). A case before a court or with the
-- police waits for others; one whose order was cancelled is IN-02's.
SELECT
    b.case_no AS subject_id,
    c.org_no,
    b.customer_no,
    b.order_no,
    b.nature,
    b.act,
    b.found_on,
    date_diff('day', b.found_on, $as_of) - 1 AS open_days,
    $max_days AS limit_days,
    b.back_yuan,
    b.penalty_yuan,
    b.received_yuan,
    CASE
        WHEN b.back_yuan IS NOT NULL OR b.penalty_yuan IS NOT NULL
            THEN GREATEST(COALESCE(b.back_yuan, 0) + COALESCE(b.penalty_yuan, 0) - COALESCE(b.received_yuan, 0), 0)
    END AS yuan_at_stake
FROM breach_case AS b
LEFT JOIN customer AS c ON c.customer_no = b.customer_no
LEFT JOIN work_order AS o ON o.order_no = b.order_no
WHERE
    date_diff('day', b.found_on, $as_of) - 1 > $max_days
    -- Open on the day as of which is judged, whatever came later.
    AND (b.state = 'open' OR b.closed_on >= $as_of)
    AND (o.state IS DISTINCT FROM 'cancelled' OR CAST(o.closed_at AS DATE) >= $as_of)
    AND NOT (
        b.evidence IS NOT NULL
        AND (b.evidence LIKE '%' || $court_word || '%' OR b.evidence LIKE '%' || $lawsuit_word || '%' OR b.evidence LIKE '%' || $referred_word || '%')
    )
