-- Each transformer of each bill with the days on which it is charged, segment by segment, and its nameplate, gaps filled from
-- the parameters of its series. Relief starts on the sealing day and ends with the agreed time; a suspension shorter than the
-- least days gives none.
WITH named AS (
    SELECT bill_id, mp_id, parent_mp_id IS NULL AS is_main
    FROM bill_segment
    WHERE is_last
),

first_main AS (
    SELECT bill_id, min(mp_id) AS mp_id
    FROM named
    WHERE is_main
    GROUP BY bill_id
),

model AS (
    SELECT
        transformer_id,
        CASE
            WHEN strpos(COALESCE(model, ''), '-') > 0 THEN upper(substr(model, 1, strpos(model, '-') - 1))
            ELSE upper(COALESCE(model, ''))
        END AS head
    FROM transformer
),

unit AS (
    SELECT
        b.bill_id,
        b.is_full_month,
        b.divisor,
        b.days AS period_days,
        b.rule_from,
        t.transformer_id,
        t.kva,
        -- A transformer that names no point of the bill belongs to the first main point.
        CASE WHEN n.mp_id IS NULL THEN f.mp_id WHEN n.is_main THEN n.mp_id END AS mp_id,
        -- The series of a model: S11-M-315/10 is S11.
        CASE
            WHEN strpos(m.head, '/') > 0 THEN trim(substr(m.head, 1, strpos(m.head, '/') - 1))
            ELSE trim(m.head)
        END AS series,
        t.no_load_loss_kw,
        t.load_loss_kw,
        t.no_load_current_pct,
        t.impedance_pct
    FROM rebill_bill AS b
    INNER JOIN transformer AS t ON t.customer_no = b.customer_no
    INNER JOIN model AS m ON m.transformer_id = t.transformer_id
    INNER JOIN first_main AS f ON f.bill_id = b.bill_id
    LEFT JOIN named AS n ON n.bill_id = b.bill_id AND n.mp_id = t.mp_id
),

off_state AS (
    SELECT
        s.transformer_id,
        s.state,
        GREATEST(s.valid_from, COALESCE(s.sealed_on, s.valid_from)) AS off_from,
        LEAST(COALESCE(s.valid_to, CAST('9999-12-31' AS DATE)), COALESCE(s.agreed_until, CAST('9999-12-31' AS DATE))) AS off_to
    FROM transformer_state AS s
    WHERE s.state NOT IN ('running', 'hot_standby')
    UNION ALL
    -- Before its first state a transformer was not there.
    SELECT transformer_id, 'absent' AS state, CAST('1900-01-01' AS DATE) AS off_from, min(valid_from) AS off_to
    FROM transformer_state
    GROUP BY transformer_id
),

off_days AS (
    SELECT
        g.bill_id,
        g.segment_from,
        u.transformer_id,
        sum(GREATEST(date_diff('day', GREATEST(o.off_from, g.segment_from), LEAST(o.off_to, g.segment_to)), 0)) AS days
    FROM unit AS u
    INNER JOIN bill_segment AS g ON g.bill_id = u.bill_id AND g.mp_id = u.mp_id
    INNER JOIN off_state AS o
        ON o.transformer_id = u.transformer_id AND o.off_from < g.segment_to AND o.off_to > g.segment_from
    INNER JOIN billing_rule AS r ON r.rule_from = u.rule_from
    WHERE
        o.state <> 'suspended'
        OR o.off_to = CAST('9999-12-31' AS DATE)
        OR date_diff('day', o.off_from, o.off_to) >= r.suspension_minimum_days
    GROUP BY g.bill_id, g.segment_from, u.transformer_id
),

counted AS (
    SELECT
        u.*,
        g.segment_from,
        GREATEST(date_diff('day', g.segment_from, g.segment_to) - COALESCE(o.days, 0), 0) AS days_in_service
    FROM unit AS u
    INNER JOIN bill_segment AS g ON g.bill_id = u.bill_id AND g.mp_id = u.mp_id
    LEFT JOIN off_days AS o
        ON o.bill_id = u.bill_id AND o.segment_from = g.segment_from AND o.transformer_id = u.transformer_id
)

SELECT
    c.bill_id,
    c.mp_id,
    c.segment_from,
    c.transformer_id,
    c.kva,
    c.days_in_service,
    CASE WHEN c.is_full_month AND c.days_in_service = c.period_days THEN c.divisor ELSE LEAST(c.days_in_service, c.divisor) END AS charged_days,
    sum(c.days_in_service) OVER (PARTITION BY c.bill_id, c.transformer_id) AS period_days_in_service,
    c.period_days,
    COALESCE(c.no_load_loss_kw, p.no_load_loss_kw) AS no_load_loss_kw,
    COALESCE(c.load_loss_kw, p.load_loss_kw) AS load_loss_kw,
    COALESCE(c.no_load_current_pct, p.no_load_current_pct) AS no_load_current_pct,
    COALESCE(c.impedance_pct, p.impedance_pct) AS impedance_pct
FROM counted AS c
LEFT JOIN transformer_parameter AS p ON p.series = c.series AND p.kva = c.kva
