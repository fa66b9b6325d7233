-- Refunds (退费) of the audited month, by the day of the refund: large, to somebody else than the customer, soon after
-- the payment, or of a card payment (信用卡套现). One row a refund with every reason.
WITH paid_back AS (
    SELECT
        f.refund_id,
        f.customer_no,
        f.receipt_id,
        f.amount_yuan,
        f.payee_name,
        f.refunded_at,
        f.operator_id,
        f.approved_by,
        f.reason,
        c.org_no,
        c.name AS customer_name,
        REPLACE(REPLACE(REPLACE(UPPER(TRIM(f.payee_name)), ' ', ''), '(', '（'), ')', '）') AS payee_key,
        REPLACE(REPLACE(REPLACE(UPPER(TRIM(c.name)), ' ', ''), '(', '（'), ')', '）') AS customer_key
    FROM refund AS f
    LEFT JOIN customer AS c ON c.customer_no = f.customer_no
    WHERE f.refunded_at >= $month AND f.refunded_at < $month_end AND f.refunded_at < $as_of AND f.amount_yuan > 0
),

-- The receipt that the refund names; where it names none, a recent one of exactly this amount.
source AS (
    SELECT
        p.refund_id,
        r.receipt_id,
        r.channel,
        r.received_at,
        r.bill_id,
        date_diff('day', CAST(r.received_at AS DATE), CAST(p.refunded_at AS DATE)) AS days_between
    FROM paid_back AS p
    INNER JOIN receipt AS r ON r.customer_no = p.customer_no
    WHERE
        r.received_at <= p.refunded_at
        AND (
            r.receipt_id = p.receipt_id
            OR (
                p.receipt_id IS NULL
                AND r.amount_yuan = p.amount_yuan
                AND r.channel <> 'prepaid_offset'
                AND (r.cancelled_at IS NULL OR r.cancelled_at > p.refunded_at)
                AND date_diff('day', CAST(r.received_at AS DATE), CAST(p.refunded_at AS DATE)) <= $quick_days
            )
        )
    QUALIFY row_number() OVER (PARTITION BY p.refund_id ORDER BY r.received_at DESC, r.receipt_id) = 1
),

-- What went back before of the bill whose payment this refund returns.
earlier AS (
    SELECT p.refund_id, sum(f.amount_yuan) AS returned_yuan
    FROM paid_back AS p
    INNER JOIN source AS s ON s.refund_id = p.refund_id
    INNER JOIN receipt AS r ON r.bill_id = s.bill_id
    INNER JOIN refund AS f ON f.receipt_id = r.receipt_id
    WHERE f.refunded_at < p.refunded_at
    GROUP BY p.refund_id
),

-- Paid twice: what the bill received, less what was refunded before, exceeds its total by at least this refund.
twice AS (
    SELECT p.refund_id
    FROM paid_back AS p
    INNER JOIN source AS s ON s.refund_id = p.refund_id
    INNER JOIN bill AS b ON b.bill_id = s.bill_id
    INNER JOIN receipt AS r ON r.bill_id = s.bill_id
    LEFT JOIN earlier AS e ON e.refund_id = p.refund_id
    WHERE r.received_at <= p.refunded_at AND (r.cancelled_at IS NULL OR r.cancelled_at > p.refunded_at)
    GROUP BY p.refund_id, p.amount_yuan, b.total_yuan, e.returned_yuan
    HAVING count(*) >= 2 AND sum(r.amount_yuan) - b.total_yuan - COALESCE(e.returned_yuan, 0) >= p.amount_yuan
),

judged AS (
    SELECT
        p.refund_id,
        p.org_no,
        p.customer_no,
        p.amount_yuan,
        p.payee_name,
        p.customer_name,
        p.refunded_at,
        p.operator_id,
        p.approved_by,
        p.reason,
        s.receipt_id,
        s.channel,
        s.received_at,
        s.days_between,
        p.amount_yuan >= $large_yuan AS large,
        COALESCE(p.payee_key <> p.customer_key, FALSE) AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS o
            WHERE
                o.customer_no = p.customer_no
                AND o.kind IN ('rename', 'transfer', 'closure')
                AND o.opened_at <= p.refunded_at
                AND o.state <> 'cancelled'
                AND REPLACE(REPLACE(REPLACE(UPPER(TRIM(o.applicant)), ' ', ''), '(', '（'), ')', '）') = p.payee_key
        ) AS other_payee,
        t.refund_id IS NULL AND COALESCE(s.days_between <= $quick_days, FALSE) AS quick,
        t.refund_id IS NULL AND COALESCE(s.channel IN ($card_channels), FALSE) AS card
    FROM paid_back AS p
    LEFT JOIN source AS s ON s.refund_id = p.refund_id
    LEFT JOIN twice AS t ON t.refund_id = p.refund_id
)

SELECT
    refund_id AS subject_id,
    org_no,
    customer_no,
    amount_yuan AS yuan_at_stake,
    'company' AS direction,
    substr(CONCAT(
        CASE WHEN large THEN '、大额' ELSE '' END,
        CASE WHEN other_payee THEN '、收款人非户主' ELSE '' END,
        CASE WHEN quick THEN '、缴后即退' ELSE '' END,
        CASE WHEN card THEN '、刷卡后退费' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN large THEN ', large' ELSE '' END,
        CASE WHEN other_payee THEN ', payee is not the customer' ELSE '' END,
        CASE WHEN quick THEN ', refunded soon after the payment' ELSE '' END,
        CASE WHEN card THEN ', card payment refunded' ELSE '' END
    ), 3) AS reasons_en,
    payee_name,
    customer_name,
    refunded_at,
    receipt_id,
    channel,
    received_at,
    days_between,
    operator_id,
    approved_by,
    reason AS stated_reason
FROM judged
WHERE large OR other_payee OR quick OR card
