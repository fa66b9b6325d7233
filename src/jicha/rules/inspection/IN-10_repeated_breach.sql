-- Customers of whom the audited month brought a case of default use or theft (违约用电、窃电) and who had another one in the years before (重复违窃).
WITH counted AS (
    SELECT b.case_no, b.customer_no, b.nature, b.act, b.found_on
    FROM breach_case AS b
    WHERE b.state <> 'terminated' AND b.found_on < LEAST($month_end, $as_of) AND b.found_on >= add_months($month, -$months)
),

-- One find entered twice is one case: the same act within a few days.
distinct_case AS (
    SELECT c.*
    FROM counted AS c
    WHERE NOT EXISTS (
        SELECT 1 AS one
        FROM counted AS t
        WHERE
            t.customer_no = c.customer_no
            AND t.nature = c.nature
            AND t.act = c.act
            AND date_diff('day', t.found_on, c.found_on) BETWEEN 0 AND $twice_days
            AND (t.found_on < c.found_on OR t.case_no < c.case_no)
            AND t.case_no <> c.case_no
    )
),

latest AS (
    SELECT customer_no, case_no, nature, act, found_on
    FROM distinct_case
    WHERE found_on >= $month
    QUALIFY row_number() OVER (PARTITION BY customer_no ORDER BY found_on DESC, case_no DESC) = 1
),

repeated AS (
    SELECT
        l.customer_no,
        l.case_no,
        l.nature,
        l.act,
        l.found_on,
        count(*) AS cases,
        count(*) FILTER (WHERE d.nature = 'theft') AS thefts,
        min(d.found_on) AS first_found_on
    FROM latest AS l
    INNER JOIN distinct_case AS d ON d.customer_no = l.customer_no
    WHERE d.found_on > add_months(l.found_on, -$months) AND d.found_on <= l.found_on
    GROUP BY l.customer_no, l.case_no, l.nature, l.act, l.found_on
)

SELECT
    r.customer_no AS subject_id,
    c.org_no,
    r.customer_no,
    $month AS bill_month,
    r.case_no,
    r.nature,
    r.act,
    r.found_on,
    r.cases,
    r.thefts,
    r.first_found_on,
    $months AS window_months
FROM repeated AS r
LEFT JOIN customer AS c ON c.customer_no = r.customer_no
WHERE r.cases >= $min_cases
