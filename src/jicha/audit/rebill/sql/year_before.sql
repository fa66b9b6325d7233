-- Energy billed at each annually stepped point earlier in the calendar year of each chosen bill; null where the data do not
-- reach back to January or to the customer's opening month.
WITH chosen AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.bill_month,
        GREATEST(CAST(date_trunc('year', b.bill_month) AS DATE), CAST(date_trunc('month', c.opened_on) AS DATE)) AS needed_from
    FROM bill AS b
    INNER JOIN chosen_bill AS s ON s.bill_id = b.bill_id
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
),

stepped AS (
    SELECT DISTINCT p.mp_id, p.customer_no
    FROM chosen_point AS p
    INNER JOIN price_scheme AS x ON x.mp_id = p.mp_id AND x.step_scheme = 'annual'
),

reversed AS (
    SELECT DISTINCT reverses_bill_id AS bill_id
    FROM bill
    WHERE kind = 'reversal' AND reverses_bill_id IS NOT NULL
),

first_month AS (
    SELECT min(bill_month) AS first_month
    FROM bill
),

billed AS (
    SELECT c.bill_id, l.mp_id, sum(l.quantity) AS kwh
    FROM chosen AS c
    INNER JOIN bill AS e
        ON
            e.customer_no = c.customer_no
            AND e.kind = 'normal'
            AND e.bill_month >= date_trunc('year', c.bill_month)
            AND e.bill_month < c.bill_month
    ANTI JOIN reversed AS v ON v.bill_id = e.bill_id
    INNER JOIN bill_line AS l ON l.bill_id = e.bill_id AND l.item = 'energy' AND l.component = 'energy'
    GROUP BY c.bill_id, l.mp_id
)

SELECT
    c.bill_id,
    s.mp_id,
    CASE WHEN f.first_month <= c.needed_from THEN COALESCE(b.kwh, 0) END AS before_kwh
FROM chosen AS c
INNER JOIN stepped AS s ON s.customer_no = c.customer_no
CROSS JOIN first_month AS f
LEFT JOIN billed AS b ON b.bill_id = c.bill_id AND b.mp_id = s.mp_id
ORDER BY c.bill_id, s.mp_id
