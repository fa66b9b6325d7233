-- Fixed shares and quantities (定比定量) that nobody has verified for more than a year; one never verified counts from its scheme.
WITH shares AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.parent_mp_id,
        s.fixed_ratio,
        s.fixed_kwh,
        s.fixed_verified_on,
        s.scheme_from,
        add_months(COALESCE(s.fixed_verified_on, s.scheme_from), $months) AS due_on
    FROM point_scheme AS s
    INNER JOIN customer AS c ON c.customer_no = s.customer_no
    WHERE
        (s.fixed_ratio IS NOT NULL OR s.fixed_kwh IS NOT NULL)
        AND s.usage = 'billing'
        AND s.status = 'running'
        AND c.status = 'active'
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    parent_mp_id AS main_mp_id,
    fixed_ratio,
    fixed_kwh,
    fixed_verified_on,
    scheme_from,
    due_on,
    date_diff('day', due_on, $month_end) AS overdue_days
FROM shares
WHERE due_on < $month_end
