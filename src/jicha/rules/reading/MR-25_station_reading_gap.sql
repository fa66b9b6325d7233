-- Units in which too many customers are billed on a reading that is not the frozen one (采集示数与营销示数不一致).
WITH compared AS (
    SELECT
        f.org_no,
        f.customer_no,
        bool_or(ABS(f.gap_register) > $difference) AS differs,
        max(ABS(f.gap_register)) AS gap_register
    FROM freeze_month AS f
    WHERE f.bill_month = $month AND f.usage = 'billing' AND f.status = 'read' AND f.gap_register IS NOT NULL
    GROUP BY f.org_no, f.customer_no
),
by_unit AS (
    SELECT
        org_no,
        count(*) AS compared_customers,
        count(*) FILTER (WHERE differs) AS differing_customers,
        max(gap_register) AS largest_gap
    FROM compared
    GROUP BY org_no
)
SELECT
    u.org_no AS subject_id,
    u.org_no,
    CAST($month AS DATE) AS bill_month,
    o.name AS org_name,
    u.compared_customers,
    u.differing_customers,
    safe_div(u.differing_customers, u.compared_customers) AS differing_share,
    u.largest_gap
FROM by_unit AS u
LEFT JOIN org AS o ON o.org_no = u.org_no
WHERE
    u.differing_customers >= $least_customers
    AND CAST(u.differing_customers AS DECIMAL(38, 6)) > CAST(u.compared_customers AS DECIMAL(38, 6)) * $rate
