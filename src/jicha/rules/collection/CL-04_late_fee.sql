-- Late-payment charge (电费违约金) recomputed day by day on what was owed: a receipt of the month that takes more than had
-- accrued, or that settles its bill with less. Between part payments a charge may be left to the last of them.
WITH late_receipt AS (
    SELECT r.receipt_id, r.bill_id
    FROM receipt AS r
    INNER JOIN bill AS b ON b.bill_id = r.bill_id
    WHERE
        r.received_at >= $month
        AND r.received_at < $month_end
        AND r.received_at < $as_of
        AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
        AND (CAST(r.received_at AS DATE) > b.due_on OR r.late_fee_yuan <> 0)
),

-- Of a reversed bill nobody can tell what was owed on which day.
owed AS (
    SELECT
        b.bill_id,
        b.org_no,
        b.total_yuan,
        b.due_on,
        c.kind = 'lv_res' AS is_residential,
        add_months(CAST(date_trunc('year', b.due_on) AS DATE), 12) AS later_year_from
    FROM bill AS b
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    SEMI JOIN late_receipt AS l ON l.bill_id = b.bill_id
    ANTI JOIN bill AS v ON v.reverses_bill_id = b.bill_id
    WHERE b.total_yuan > 0 AND b.due_on IS NOT NULL
),

received AS (
    SELECT
        r.receipt_id,
        r.bill_id,
        r.customer_no,
        r.amount_yuan,
        r.late_fee_yuan,
        r.received_at,
        r.operator_id,
        o.org_no,
        o.total_yuan,
        o.due_on,
        o.is_residential,
        o.later_year_from,
        CAST(r.received_at AS DATE) AS paid_on,
        r.receipt_id IN (SELECT f.receipt_id FROM refund AS f WHERE f.receipt_id IS NOT NULL AND f.refunded_at < $as_of) AS is_refunded
    FROM receipt AS r
    INNER JOIN owed AS o ON o.bill_id = r.bill_id
    WHERE
        r.received_at < $month_end
        AND r.received_at < $as_of
        AND (r.cancelled_at IS NULL OR r.cancelled_at >= $as_of)
),

-- A payment counts from the next day on: its own day still bears the charge on the whole balance.
paid AS (
    SELECT
        *,
        total_yuan + amount_yuan - sum(amount_yuan) OVER so_far AS balance_yuan,
        sum(late_fee_yuan) OVER so_far AS charged_yuan,
        GREATEST(due_on, COALESCE(lag(paid_on) OVER in_order, due_on)) AS free_until,
        bool_or(is_refunded) OVER (PARTITION BY bill_id) AS has_refund
    FROM received
    WINDOW
        in_order AS (PARTITION BY bill_id ORDER BY received_at, receipt_id),
        so_far AS (PARTITION BY bill_id ORDER BY received_at, receipt_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),

-- The days after `free_until` to the day of payment, cut where the version changes and where the year of the due day ends.
spans AS (
    SELECT
        p.receipt_id,
        p.balance_yuan,
        p.is_residential,
        p.later_year_from,
        r.residential_per_day,
        r.due_year_per_day,
        r.later_year_per_day,
        GREATEST(CAST(p.free_until + INTERVAL 1 DAY AS DATE), r.rate_from) AS span_from,
        LEAST(CAST(p.paid_on + INTERVAL 1 DAY AS DATE), r.rate_to) AS span_to
    FROM paid AS p
    INNER JOIN late_fee_rate AS r ON r.rate_from <= p.paid_on AND r.rate_to > p.free_until
    WHERE p.balance_yuan > 0 AND p.paid_on > p.free_until
),

days AS (
    SELECT
        receipt_id,
        balance_yuan,
        CASE WHEN is_residential THEN residential_per_day ELSE due_year_per_day END AS due_year_per_day,
        CASE WHEN is_residential THEN residential_per_day ELSE later_year_per_day END AS later_year_per_day,
        GREATEST(date_diff('day', span_from, LEAST(span_to, later_year_from)), 0) AS due_year_days,
        GREATEST(date_diff('day', GREATEST(span_from, later_year_from), span_to), 0) AS later_year_days
    FROM spans
),

accrued AS (
    SELECT
        receipt_id,
        sum(
            CAST(balance_yuan AS DECIMAL(38, 2))
            * (CAST(due_year_per_day AS DECIMAL(38, 6)) * due_year_days + CAST(later_year_per_day AS DECIMAL(38, 6)) * later_year_days)
        ) AS yuan,
        sum(due_year_days) AS due_year_days,
        sum(later_year_days) AS later_year_days
    FROM days
    GROUP BY receipt_id
),

summed AS (
    SELECT
        p.*,
        sum(COALESCE(a.yuan, 0)) OVER (
            PARTITION BY p.bill_id ORDER BY p.received_at, p.receipt_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS accrued_yuan,
        CAST(COALESCE(a.due_year_days, 0) AS BIGINT) AS due_year_days,
        CAST(COALESCE(a.later_year_days, 0) AS BIGINT) AS later_year_days
    FROM paid AS p
    LEFT JOIN accrued AS a ON a.receipt_id = p.receipt_id
),

-- Each bill is rounded once; a version with a minimum raises what is not nothing to it.
due AS (
    SELECT
        s.*,
        r.law_version,
        CASE
            WHEN s.accrued_yuan > 0 THEN CAST(GREATEST(round_hu(s.accrued_yuan, 2), COALESCE(r.minimum_yuan, 0)) AS DECIMAL(18, 2))
            ELSE 0
        END AS due_yuan,
        s.accrued_yuan > 0 AND COALESCE(s.charged_yuan = r.doubtful_minimum_yuan, FALSE) AS is_doubtful_minimum
    FROM summed AS s
    INNER JOIN late_fee_rate AS r ON r.rate_from <= s.paid_on AND r.rate_to > s.paid_on
),

waived AS (
    SELECT w.bill_id, sum(w.amount_yuan) AS yuan
    FROM late_fee_waiver AS w
    SEMI JOIN owed AS o ON o.bill_id = w.bill_id
    WHERE w.at < $as_of
    GROUP BY w.bill_id
),

compared AS (
    SELECT
        d.*,
        COALESCE(w.yuan, 0) AS waived_yuan,
        d.balance_yuan - d.amount_yuan <= 0 AS is_settled,
        d.charged_yuan - d.due_yuan AS excess_yuan,
        -- What was taken too much by an earlier receipt is that one's.
        GREATEST(
            COALESCE(lag(d.charged_yuan - d.due_yuan) OVER (PARTITION BY d.bill_id ORDER BY d.received_at, d.receipt_id), 0), 0
        ) AS earlier_excess_yuan
    FROM due AS d
    LEFT JOIN waived AS w ON w.bill_id = d.bill_id
),

judged AS (
    SELECT
        *,
        CASE
            WHEN excess_yuan - earlier_excess_yuan > $tolerance_yuan AND NOT (is_doubtful_minimum AND due_yuan < charged_yuan)
                THEN earlier_excess_yuan - excess_yuan
            WHEN is_settled AND excess_yuan + waived_yuan < -$tolerance_yuan THEN -excess_yuan - waived_yuan
        END AS missing_yuan
    FROM compared
    WHERE NOT has_refund
)

SELECT
    j.receipt_id AS subject_id,
    j.org_no,
    j.customer_no,
    $month AS bill_month,
    j.bill_id,
    j.total_yuan AS bill_yuan,
    j.due_on,
    j.received_at,
    date_diff('day', j.due_on, j.paid_on) AS late_days,
    j.balance_yuan,
    j.due_year_days,
    j.later_year_days,
    j.is_residential,
    j.law_version,
    j.due_yuan,
    j.charged_yuan,
    j.waived_yuan,
    j.operator_id,
    CAST(j.missing_yuan AS DECIMAL(18, 2)) AS yuan_at_stake
FROM judged AS j
SEMI JOIN late_receipt AS l ON l.receipt_id = j.receipt_id
WHERE j.missing_yuan IS NOT NULL
