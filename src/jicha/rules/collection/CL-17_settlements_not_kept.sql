-- Customers whose contract agrees on several settlements a month (分次结算) and who were settled less often in the audited month. A settlement is
-- a bill of the month or a day on which money came.
WITH contract AS (
    SELECT customer_no, contract_no, settlements_per_month
    FROM supply_contract
    WHERE
        COALESCE(signed_on <= $month, TRUE)
        AND (ends_on IS NULL OR ends_on >= $month_end)
    QUALIFY row_number() OVER (PARTITION BY customer_no ORDER BY COALESCE(signed_on, $month - INTERVAL 100 YEAR) DESC, contract_no) = 1
),

agreed AS (
    SELECT k.customer_no, k.contract_no, k.settlements_per_month, c.org_no
    FROM contract AS k
    INNER JOIN customer AS c ON c.customer_no = k.customer_no
    WHERE
        k.settlements_per_month >= 2
        AND c.opened_on <= $month
        AND (c.closed_on IS NULL OR c.closed_on >= $month_end)
        AND $as_of >= $month_end
),

billed AS (
    SELECT b.customer_no, count(*) AS bills, sum(b.total_yuan) AS total_yuan
    FROM bill AS b
    SEMI JOIN agreed AS a ON a.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal'
    GROUP BY b.customer_no
),

collected AS (
    SELECT r.customer_no, count(DISTINCT CAST(r.received_at AS DATE)) AS days
    FROM receipt AS r
    SEMI JOIN agreed AS a ON a.customer_no = r.customer_no
    WHERE
        r.received_at >= $month
        AND r.received_at < $month_end
        AND r.amount_yuan > 0
        AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
    GROUP BY r.customer_no
)

SELECT
    a.customer_no AS subject_id,
    a.org_no,
    a.customer_no,
    $month AS bill_month,
    a.contract_no,
    a.settlements_per_month AS agreed_times,
    GREATEST(b.bills, COALESCE(r.days, 0)) AS actual_times,
    b.bills,
    COALESCE(r.days, 0) AS receipt_days,
    b.total_yuan
FROM agreed AS a
INNER JOIN billed AS b ON b.customer_no = a.customer_no
LEFT JOIN collected AS r ON r.customer_no = a.customer_no
WHERE
    b.total_yuan >= $min_month_yuan
    AND GREATEST(b.bills, COALESCE(r.days, 0)) < a.settlements_per_month
