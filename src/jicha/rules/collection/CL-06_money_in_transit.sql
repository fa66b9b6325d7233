-- Receipts whose money has not reached the bank in time (在途资金): not banked at the as-of date and either above the
-- amount or older than the limit; and receipts of which the limit ran out in the audited month, though banked later.
-- Days count from the day after the receipt; those of a long closure of the banks (public holidays) do not.
WITH closure AS (
    SELECT
        day,
        is_working_day,
        sum(CASE WHEN is_working_day THEN 0 ELSE 1 END) OVER (PARTITION BY working_day_no) AS closed_days
    FROM working_day
),

bank_day AS (
    SELECT
        day,
        is_working_day OR closed_days < $holiday_run_days AS counts,
        sum(CASE WHEN is_working_day OR closed_days < $holiday_run_days THEN 1 ELSE 0 END) OVER (
            ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS day_no
    FROM closure
),

-- A channel of which hardly any receipt bears a banking time is not tracked that way, so its blanks say nothing.
tracked AS (
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
        r.amount_yuan,
        r.channel,
        r.received_at,
        CASE WHEN r.banked_at < $as_of THEN r.banked_at END AS banked_at,
        r.operator_id,
        r.cancelled_at,
        CASE
            WHEN r.banked_at < $as_of THEN CAST(r.banked_at AS DATE)
            WHEN r.cancelled_at < $as_of THEN CAST(r.cancelled_at AS DATE)
            ELSE $as_of
        END AS seen_until,
        b.day_no AS received_no
    FROM receipt AS r
    INNER JOIN tracked AS t ON t.channel = r.channel
    INNER JOIN bank_day AS b ON b.day = CAST(r.received_at AS DATE)
    WHERE
        r.received_at < $as_of
        AND r.amount_yuan > 0
        AND (
            r.banked_at IS NULL
            OR r.banked_at >= $as_of
            OR date_diff('day', CAST(r.received_at AS DATE), CAST(r.banked_at AS DATE)) > $days
        )
),

timed AS (
    SELECT
        t.receipt_id,
        t.customer_no,
        t.bill_id,
        t.amount_yuan,
        t.channel,
        t.received_at,
        t.banked_at,
        t.operator_id,
        t.cancelled_at,
        o.day AS late_on,
        t.banked_at IS NULL AND (t.cancelled_at IS NULL OR t.cancelled_at >= $as_of) AS in_transit,
        t.seen_until
    FROM taken AS t
    LEFT JOIN bank_day AS o ON o.counts AND o.day_no = t.received_no + $days + 1
),

judged AS (
    SELECT
        receipt_id,
        customer_no,
        bill_id,
        amount_yuan,
        channel,
        received_at,
        banked_at,
        operator_id,
        late_on,
        in_transit,
        date_diff('day', CAST(received_at AS DATE), seen_until) - CASE WHEN in_transit THEN 1 ELSE 0 END AS age_days,
        in_transit AND amount_yuan > $max_yuan AS large,
        (in_transit AND late_on < $as_of)
        OR (
            late_on >= $month AND late_on < $month_end
            AND late_on <= COALESCE(CAST(banked_at AS DATE), $as_of)
            AND late_on <= COALESCE(CAST(cancelled_at AS DATE), $as_of)
        ) AS late
    FROM timed
)

SELECT
    j.receipt_id AS subject_id,
    c.org_no,
    j.customer_no,
    j.amount_yuan AS yuan_at_stake,
    'company' AS direction,
    substr(CONCAT(
        CASE WHEN j.large THEN '、单笔超限' ELSE '' END,
        CASE WHEN j.late THEN '、超期' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.large THEN ', one above the limit' ELSE '' END,
        CASE WHEN j.late THEN ', too long' ELSE '' END
    ), 3) AS reasons_en,
    j.bill_id,
    j.channel,
    j.received_at,
    j.banked_at,
    j.age_days,
    j.late_on,
    j.in_transit,
    j.operator_id
FROM judged AS j
LEFT JOIN customer AS c ON c.customer_no = j.customer_no
WHERE COALESCE(j.large, FALSE) OR COALESCE(j.late, FALSE)
