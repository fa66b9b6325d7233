-- Customers who had paid all that was owed and did not get their supply back in time (复电超时). The hour in which the time ran out decides
-- the audited month. Paid is what the record of the stop says, or the receipt that settled the last bill that was overdue.
WITH stop AS (
    SELECT
        d.dunning_id,
        d.customer_no,
        d.bill_id,
        d.at AS stopped_at,
        lead(d.at) OVER (PARTITION BY d.customer_no ORDER BY d.at, d.dunning_id) AS next_stop_at
    FROM dunning AS d
    WHERE d.step = 'stopped' AND d.at < LEAST($month_end, $as_of)
),

step AS (
    SELECT
        s.dunning_id,
        min(d.at) FILTER (WHERE d.step = 'paid') AS recorded_paid_at,
        min(d.at) FILTER (WHERE d.step = 'restored' AND d.at < $as_of) AS restored_at
    FROM stop AS s
    INNER JOIN dunning AS d ON d.customer_no = s.customer_no
    WHERE d.step IN ('paid', 'restored') AND d.at >= s.stopped_at AND (s.next_stop_at IS NULL OR d.at < s.next_stop_at)
    GROUP BY s.dunning_id
),

-- What was overdue at the stop, and the moment at which the receipts reached each bill's total.
overdue AS (
    SELECT s.dunning_id, s.stopped_at, b.bill_id, b.total_yuan
    FROM stop AS s
    INNER JOIN bill AS b ON b.customer_no = s.customer_no
    WHERE b.kind <> 'reversal' AND b.total_yuan > 0 AND b.due_on < CAST(s.stopped_at AS DATE)
),

coming AS (
    SELECT
        o.dunning_id,
        o.bill_id,
        o.total_yuan,
        r.received_at,
        sum(r.amount_yuan) OVER (
            PARTITION BY o.dunning_id, o.bill_id ORDER BY r.received_at, r.receipt_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS so_far_yuan
    FROM overdue AS o
    INNER JOIN receipt AS r ON r.bill_id = o.bill_id
    WHERE r.received_at < $as_of AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
),

settled AS (
    SELECT dunning_id, bill_id, min(received_at) AS settled_at
    FROM coming
    WHERE so_far_yuan >= total_yuan
    GROUP BY dunning_id, bill_id
),

-- Bills older than the receipts of the data cannot be followed; what came before the stop was not what the stop was about.
received AS (
    SELECT o.dunning_id, max(t.settled_at) AS settled_at
    FROM overdue AS o
    LEFT JOIN settled AS t ON t.dunning_id = o.dunning_id AND t.bill_id = o.bill_id
    LEFT JOIN bill_balance AS l ON l.bill_id = o.bill_id
    WHERE COALESCE(l.receipts_known, FALSE)
    GROUP BY o.dunning_id
    HAVING count(*) = count(t.settled_at) AND max(t.settled_at) >= min(o.stopped_at)
),

judged AS (
    SELECT
        s.dunning_id,
        s.customer_no,
        s.bill_id,
        s.stopped_at,
        LEAST(COALESCE(p.recorded_paid_at, r.settled_at), COALESCE(r.settled_at, p.recorded_paid_at)) AS paid_at,
        LEAST(COALESCE(p.recorded_paid_at, r.settled_at), COALESCE(r.settled_at, p.recorded_paid_at)) + $restore_hours * INTERVAL 1 HOUR AS due_at,
        p.restored_at
    FROM stop AS s
    LEFT JOIN step AS p ON p.dunning_id = s.dunning_id
    LEFT JOIN received AS r ON r.dunning_id = s.dunning_id
)

SELECT
    j.dunning_id AS subject_id,
    c.org_no,
    j.customer_no,
    $month AS bill_month,
    j.bill_id,
    j.stopped_at,
    j.paid_at,
    j.due_at,
    j.restored_at,
    $restore_hours AS limit_hours
FROM judged AS j
INNER JOIN customer AS c ON c.customer_no = j.customer_no
WHERE
    j.due_at >= $month
    AND j.due_at < $month_end
    AND j.due_at < $as_of
    AND (j.restored_at IS NULL OR j.restored_at > j.due_at)
    -- Who gave up the supply meanwhile is not connected again.
    AND COALESCE(c.closed_on > CAST(j.paid_at AS DATE), TRUE)
