-- Of each wanted customer: the bills that had fallen due by a day, and what had come in by then.
WITH due AS (
    SELECT b.customer_no, sum(b.total_yuan) AS due_yuan
    FROM bill AS b
    SEMI JOIN wanted AS w ON w.customer_no = b.customer_no
    WHERE b.due_on < $as_of
    GROUP BY b.customer_no
    HAVING sum(b.total_yuan) > 0
),

paid AS (
    SELECT r.customer_no, sum(r.amount_yuan) AS paid_yuan
    FROM receipt AS r
    SEMI JOIN wanted AS w ON w.customer_no = r.customer_no
    WHERE r.cancelled_at IS NULL AND r.received_at < $as_of
    GROUP BY r.customer_no
)

SELECT d.customer_no, d.due_yuan, COALESCE(p.paid_yuan, 0) AS paid_yuan
FROM due AS d
LEFT JOIN paid AS p ON p.customer_no = d.customer_no
