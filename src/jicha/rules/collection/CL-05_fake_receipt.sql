-- Receipts booked in the last days of a month and cancelled in the first days of the next (虚假实收): the arrears were
-- only paid on paper when they were counted. The day of the cancellation decides the audited month; with an as-of
-- date after the end of the month, the cancellations that are known by then count too.
WITH cancelled AS (
    SELECT
        receipt_id,
        customer_no,
        bill_id,
        amount_yuan,
        channel,
        received_at,
        operator_id,
        cancelled_at,
        cancel_reason,
        CASE WHEN cancelled_at < $month_end THEN $month ELSE $month_end END AS period_end
    FROM receipt
    WHERE
        cancelled_at >= $month
        AND cancelled_at < $as_of
        AND amount_yuan >= $min_yuan
),

suspect AS (
    SELECT
        c.receipt_id,
        c.customer_no,
        c.bill_id,
        c.amount_yuan,
        c.channel,
        c.received_at,
        c.operator_id,
        c.cancelled_at,
        c.cancel_reason,
        c.period_end
    FROM cancelled AS c
    WHERE
        c.received_at < c.period_end
        AND CAST(c.received_at AS DATE) >= CAST(c.period_end - $booking_days * INTERVAL 1 DAY AS DATE)
        AND CAST(c.cancelled_at AS DATE) < CAST(c.period_end + $cancel_days * INTERVAL 1 DAY AS DATE)
)

SELECT
    s.receipt_id AS subject_id,
    u.org_no,
    s.customer_no,
    s.amount_yuan AS yuan_at_stake,
    'company' AS direction,
    s.bill_id,
    s.channel,
    s.received_at,
    s.cancelled_at,
    s.cancel_reason,
    s.operator_id,
    s.period_end
FROM suspect AS s
LEFT JOIN customer AS u ON u.customer_no = s.customer_no
WHERE
    -- Real money booked anew: the same amount, banked, for this customer or bill, or moved by the same operator to another customer.
    NOT EXISTS (
        SELECT 1 AS one
        FROM receipt AS again
        WHERE
            again.amount_yuan = s.amount_yuan
            AND (
                again.customer_no = s.customer_no
                OR again.bill_id = s.bill_id
                OR (again.operator_id = s.operator_id AND again.received_at >= s.cancelled_at)
            )
            AND (again.cancelled_at IS NULL OR again.cancelled_at >= $as_of)
            AND again.banked_at < $as_of
            AND date_diff('day', CAST(s.received_at AS DATE), CAST(again.received_at AS DATE)) >= 0
            AND date_diff('day', CAST(s.cancelled_at AS DATE), CAST(again.received_at AS DATE)) <= $rebook_days
    )
