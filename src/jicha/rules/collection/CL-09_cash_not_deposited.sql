-- Cash of the counter (柜台现金) that did not reach the bank on the day on which it had to (现金未日清): the day of the receipt, or the next
-- working day for what came in the evening or on a day off. The day on which it had to be there decides the audited month.
WITH tracked AS (
    -- Where hardly any cash receipt bears a banking time, the deposits are not recorded that way and a blank says nothing.
    SELECT channel
    FROM receipt
    WHERE channel IN ($channels)
    GROUP BY channel
    HAVING count(banked_at) >= CAST($min_banked_share AS DECIMAL(38, 6)) * count(*)
),

taken AS (
    SELECT
        r.receipt_id,
        r.customer_no,
        r.bill_id,
        r.channel,
        r.amount_yuan + r.late_fee_yuan AS cash_yuan,
        r.received_at,
        r.cancelled_at,
        CASE WHEN r.banked_at < $as_of THEN r.banked_at END AS banked_at,
        r.operator_id,
        w.working_day_no,
        w.is_working_day AND hour(r.received_at) < $evening_hour AS is_due_at_once
    FROM receipt AS r
    INNER JOIN tracked AS t ON t.channel = r.channel
    INNER JOIN working_day AS w ON w.day = CAST(r.received_at AS DATE)
    WHERE
        r.received_at >= CAST($month - 15 * INTERVAL 1 DAY AS TIMESTAMP)
        AND r.amount_yuan > 0
),

due AS (
    SELECT t.*, CASE WHEN t.is_due_at_once THEN CAST(t.received_at AS DATE) ELSE n.day END AS due_on
    FROM taken AS t
    LEFT JOIN working_day AS n ON n.is_working_day AND n.working_day_no = t.working_day_no + 1
)

SELECT
    d.receipt_id AS subject_id,
    c.org_no,
    d.customer_no,
    $month AS bill_month,
    d.cash_yuan AS yuan_at_stake,
    'company' AS direction,
    d.bill_id,
    d.received_at,
    d.due_on,
    d.banked_at,
    d.cancelled_at,
    CASE WHEN d.banked_at IS NULL THEN date_diff('day', d.due_on, $as_of) - 1 ELSE date_diff('day', d.due_on, CAST(d.banked_at AS DATE)) END AS late_days,
    d.operator_id
FROM due AS d
LEFT JOIN customer AS c ON c.customer_no = d.customer_no
WHERE
    d.due_on >= $month
    AND d.due_on < $month_end
    AND d.due_on < $as_of
    AND COALESCE(CAST(d.banked_at AS DATE) > d.due_on, TRUE)
    -- Given back or corrected by the day on which it was due: there was nothing to deposit.
    AND COALESCE(CAST(d.cancelled_at AS DATE) > d.due_on, TRUE)
