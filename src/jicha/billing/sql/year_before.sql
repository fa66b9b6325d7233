-- Energy issued at each annually stepped point earlier in the calendar year, to the same customer and not reversed: as issued, not
-- as recomputed, for a mistake of an earlier month is that month's finding.
WITH stepped AS (
    SELECT g.bill_id, g.mp_id, b.customer_no, b.opened_on
    FROM bill_segment AS g
    INNER JOIN rebill_bill AS b ON b.bill_id = g.bill_id
    WHERE g.is_last AND g.step_scheme = 'annual'
),

reversed AS (
    SELECT DISTINCT reverses_bill_id AS bill_id
    FROM bill
    WHERE kind = 'reversal' AND reverses_bill_id IS NOT NULL
),

earlier AS (
    SELECT b.bill_id, b.customer_no
    FROM bill AS b
    SEMI JOIN stepped AS s ON s.customer_no = b.customer_no
    ANTI JOIN reversed AS v ON v.bill_id = b.bill_id
    WHERE b.kind = 'normal' AND b.bill_month >= CAST(date_trunc('year', $month) AS DATE) AND b.bill_month < $month
),

billed AS (
    SELECT l.mp_id, e.customer_no, sum(l.quantity) AS kwh
    FROM bill_line AS l
    INNER JOIN earlier AS e ON e.bill_id = l.bill_id
    WHERE l.item = 'energy' AND l.component = 'energy'
    GROUP BY l.mp_id, e.customer_no
),

first_month AS (
    SELECT min(bill_month) AS first_month
    FROM bill
)

SELECT
    s.bill_id,
    s.mp_id,
    CASE
        WHEN f.first_month <= GREATEST(CAST(date_trunc('year', $month) AS DATE), CAST(date_trunc('month', s.opened_on) AS DATE))
            THEN COALESCE(b.kwh, 0)
    END AS before_kwh
FROM stepped AS s
CROSS JOIN first_month AS f
LEFT JOIN billed AS b ON b.mp_id = s.mp_id AND b.customer_no = s.customer_no
