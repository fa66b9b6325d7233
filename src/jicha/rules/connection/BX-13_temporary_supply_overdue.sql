-- Temporary supplies (临时用电) still in use after the agreed end, or for longer than temporary supply may last.
-- It begins with the first agreement on file, else with the account; an extension on file moves the agreed end.
WITH agreement AS (
    SELECT customer_no, min(valid_from) AS agreed_from, max(valid_to) AS agreed_to
    FROM proof
    WHERE kind = 'temporary' AND valid_from < $as_of
    GROUP BY customer_no
),

supply AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.name,
        c.category_code,
        c.contract_kva,
        COALESCE(a.agreed_from, c.opened_on) AS begun_on,
        GREATEST(COALESCE(c.temporary_until, a.agreed_to), COALESCE(a.agreed_to, c.temporary_until)) AS agreed_until,
        add_months(COALESCE(a.agreed_from, c.opened_on), $longest_months) AS longest_until
    FROM customer AS c
    LEFT JOIN agreement AS a ON a.customer_no = c.customer_no
    WHERE
        c.temporary
        AND c.status <> 'closed'
        AND c.opened_on < $as_of
        -- The supply becomes a formal one, or ends.
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS o
            WHERE
                o.customer_no = c.customer_no
                AND o.kind IN ($ending_kinds)
                AND o.state <> 'cancelled'
                AND o.opened_at < $as_of
                AND o.opened_at > COALESCE(a.agreed_from, c.opened_on)
                AND (o.closed_at IS NULL OR o.closed_at >= $as_of)
        )
)

SELECT
    s.customer_no AS subject_id,
    s.org_no,
    s.customer_no,
    s.name,
    s.category_code,
    s.contract_kva,
    s.begun_on,
    s.agreed_until,
    s.longest_until,
    date_diff('day', LEAST(COALESCE(s.agreed_until, s.longest_until), s.longest_until), $as_of) AS overdue_days,
    substr(CONCAT(
        CASE WHEN s.agreed_until < $as_of THEN '、超过约定期限' ELSE '' END,
        CASE WHEN s.longest_until < $as_of THEN '、超过最长年限' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN s.agreed_until < $as_of THEN ', past the agreed end' ELSE '' END,
        CASE WHEN s.longest_until < $as_of THEN ', longer than temporary supply may last' ELSE '' END
    ), 3) AS reasons_en
FROM supply AS s
WHERE s.agreed_until < $as_of OR s.longest_until < $as_of
