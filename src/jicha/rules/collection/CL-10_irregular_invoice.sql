-- Invoices (发票) that do not fit what they stand for (票据异常): an amount that is not the bill's, a buyer who is not the customer, and the voided
-- invoices of an office that voids too many.
WITH invoiced AS (
    SELECT
        i.invoice_no,
        i.bill_id,
        i.amount_yuan,
        i.issued_at,
        CASE WHEN i.voided_at < $as_of THEN i.voided_at END AS voided_at,
        NULLIF(TRIM(i.buyer_name), '') AS buyer_name,
        i.issued_at >= $month AND i.issued_at < $month_end AS is_new
    FROM invoice AS i
    WHERE i.issued_at < LEAST($month_end, $as_of)
),

cancelled AS (
    SELECT
        reverses_bill_id AS bill_id,
        sum(ABS(total_yuan)) AS reversed_yuan,
        bool_or(COALESCE(CAST(issued_at AS DATE), bill_month) >= $month) AS is_new
    FROM bill
    WHERE kind = 'reversal' AND reverses_bill_id IS NOT NULL AND COALESCE(issued_at < $as_of, bill_month < $as_of)
    GROUP BY reverses_bill_id
),

-- Bills of which the month brought an invoice or a reversal.
touched AS (
    SELECT i.bill_id, count(*) AS invoices, sum(i.amount_yuan) AS invoiced_yuan
    FROM invoiced AS i
    LEFT JOIN cancelled AS c ON c.bill_id = i.bill_id
    WHERE i.voided_at IS NULL
    GROUP BY i.bill_id
    HAVING bool_or(i.is_new) OR bool_or(COALESCE(c.is_new, FALSE))
),

received AS (
    SELECT r.bill_id, sum(r.amount_yuan) AS received_yuan, sum(r.late_fee_yuan) AS late_fee_yuan
    FROM receipt AS r
    SEMI JOIN touched AS t ON t.bill_id = r.bill_id
    WHERE r.received_at < $as_of AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
    GROUP BY r.bill_id
),

receivable AS (
    SELECT
        t.bill_id,
        t.invoices,
        t.invoiced_yuan,
        b.total_yuan - COALESCE(c.reversed_yuan, 0) AS bill_yuan,
        COALESCE(p.received_yuan, 0) AS received_yuan,
        COALESCE(p.late_fee_yuan, 0) AS late_fee_yuan
    FROM touched AS t
    INNER JOIN bill AS b ON b.bill_id = t.bill_id
    LEFT JOIN cancelled AS c ON c.bill_id = t.bill_id
    LEFT JOIN received AS p ON p.bill_id = t.bill_id
),

-- An invoice may take in the late fee, and of a bill paid in parts the part that came.
odd AS (
    SELECT *, ABS(invoiced_yuan - bill_yuan) AS difference_yuan
    FROM receivable
    WHERE
        ABS(invoiced_yuan - bill_yuan) > $tolerance_yuan
        AND ABS(invoiced_yuan - bill_yuan - late_fee_yuan) > $tolerance_yuan
        AND NOT (
            invoiced_yuan < bill_yuan
            AND (ABS(invoiced_yuan - received_yuan) <= $tolerance_yuan OR ABS(invoiced_yuan - received_yuan - late_fee_yuan) <= $tolerance_yuan)
        )
),

-- The latest invoice of the bill stands for them all.
wrong_amount AS (
    SELECT i.invoice_no, o.difference_yuan, o.bill_yuan, o.invoiced_yuan
    FROM invoiced AS i
    INNER JOIN odd AS o ON o.bill_id = i.bill_id
    WHERE i.voided_at IS NULL
    QUALIFY row_number() OVER (PARTITION BY i.bill_id ORDER BY i.issued_at DESC, i.invoice_no) = 1
),

named AS (
    SELECT
        i.invoice_no,
        b.customer_no,
        i.issued_at,
        REPLACE(REPLACE(REPLACE(UPPER(i.buyer_name), ' ', ''), '(', '（'), ')', '）') AS buyer_key,
        REPLACE(REPLACE(REPLACE(UPPER(TRIM(c.name)), ' ', ''), '(', '（'), ')', '）') AS customer_key
    FROM invoiced AS i
    INNER JOIN bill AS b ON b.bill_id = i.bill_id
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE i.is_new AND i.voided_at IS NULL AND i.buyer_name IS NOT NULL
),

wrong_buyer AS (
    SELECT n.invoice_no
    FROM named AS n
    WHERE
        n.buyer_key <> n.customer_key
        -- The buyer is a holder of before or after, or the name has changed since.
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS o
            WHERE
                o.customer_no = n.customer_no
                AND o.kind IN ($joining_kinds)
                AND o.state <> 'cancelled'
                AND (
                    o.opened_at >= n.issued_at
                    OR REPLACE(REPLACE(REPLACE(UPPER(TRIM(o.applicant)), ' ', ''), '(', '（'), ')', '）') = n.buyer_key
                )
        )
),

-- Issued and voided in the month, by the office of the bill.
office AS (
    SELECT
        b.org_no,
        count(*) FILTER (WHERE i.is_new) AS issued,
        count(*) FILTER (WHERE i.voided_at >= $month) AS voided
    FROM invoiced AS i
    INNER JOIN bill AS b ON b.bill_id = i.bill_id
    GROUP BY b.org_no
),

voiding AS (
    SELECT i.invoice_no, o.issued, o.voided, safe_div(o.voided, o.issued) AS void_rate
    FROM invoiced AS i
    INNER JOIN bill AS b ON b.bill_id = i.bill_id
    INNER JOIN office AS o ON o.org_no = b.org_no
    WHERE
        i.voided_at >= $month
        AND o.voided >= $min_voided
        AND o.voided > CAST($max_void_rate AS DECIMAL(38, 6)) * o.issued
)

SELECT
    i.invoice_no AS subject_id,
    b.org_no,
    b.customer_no,
    b.bill_month,
    CASE WHEN n.invoice_no IS NULL AND v.invoice_no IS NULL THEN a.difference_yuan ELSE i.amount_yuan END AS concerned_yuan,
    substr(CONCAT(
        CASE WHEN a.invoice_no IS NOT NULL THEN '、金额与应收不符' ELSE '' END,
        CASE WHEN n.invoice_no IS NOT NULL THEN '、购买方非户主' ELSE '' END,
        CASE WHEN v.invoice_no IS NOT NULL THEN '、作废率超限' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN a.invoice_no IS NOT NULL THEN ', amount is not the bill''s' ELSE '' END,
        CASE WHEN n.invoice_no IS NOT NULL THEN ', buyer is not the customer' ELSE '' END,
        CASE WHEN v.invoice_no IS NOT NULL THEN ', the office voids too many' ELSE '' END
    ), 3) AS reasons_en,
    i.bill_id,
    i.amount_yuan AS invoice_yuan,
    a.invoiced_yuan,
    a.bill_yuan,
    i.buyer_name,
    i.issued_at,
    i.voided_at,
    v.issued AS office_issued,
    v.voided AS office_voided,
    v.void_rate
FROM invoiced AS i
INNER JOIN bill AS b ON b.bill_id = i.bill_id
LEFT JOIN wrong_amount AS a ON a.invoice_no = i.invoice_no
LEFT JOIN wrong_buyer AS n ON n.invoice_no = i.invoice_no
LEFT JOIN voiding AS v ON v.invoice_no = i.invoice_no
WHERE a.invoice_no IS NOT NULL OR n.invoice_no IS NOT NULL OR v.invoice_no IS NOT NULL
