-- Customers with transformers still reduced (减容) at the as-of date although the agreed end, or the longest time of a reduction that is not
-- permanent, has passed, with no extension, resumption or closure under way. From the expiry day the capacity is charged whether or not
-- the customer applies; at stake is what the bill of the audited month did not charge of it.
WITH last_state AS (
    SELECT
        s.transformer_id,
        t.customer_no,
        t.mp_id,
        t.kva,
        s.state,
        s.valid_from,
        s.agreed_until,
        s.order_no
    FROM transformer_state AS s
    INNER JOIN transformer AS t ON t.transformer_id = s.transformer_id
    WHERE s.valid_from < $as_of
    QUALIFY row_number() OVER (PARTITION BY s.transformer_id ORDER BY s.valid_from DESC) = 1
),

capacity AS (
    SELECT
        customer_no,
        sum(kva) AS kva,
        COALESCE(sum(CASE WHEN state = 'reduced' AND agreed_until IS NULL THEN kva END), 0) AS open_kva
    FROM last_state
    GROUP BY customer_no
),

expired AS (
    SELECT
        s.transformer_id,
        s.customer_no,
        s.mp_id,
        s.kva,
        s.valid_from,
        s.agreed_until,
        s.order_no,
        c.org_no,
        COALESCE(s.agreed_until, add_months(s.valid_from, $longest_months)) AS expired_on
    FROM last_state AS s
    INNER JOIN capacity AS k ON k.customer_no = s.customer_no
    LEFT JOIN customer AS c ON c.customer_no = s.customer_no
    WHERE
        s.state = 'reduced'
        AND COALESCE(c.status <> 'closed', TRUE)
        AND COALESCE(s.agreed_until, add_months(s.valid_from, $longest_months)) < $as_of
        -- A permanent reduction has no end and has left the contract capacity.
        AND (s.agreed_until IS NOT NULL OR c.contract_kva > k.kva - k.open_kva)
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS o
            WHERE
                o.customer_no = s.customer_no
                AND o.state <> 'cancelled'
                AND o.order_no IS DISTINCT FROM s.order_no
                AND o.opened_at < $as_of
                AND CAST(o.opened_at AS DATE) > s.valid_from
                AND (
                    o.kind IN ($extension_kinds)
                    OR (o.kind IN ($ending_kinds) AND (o.closed_at IS NULL OR o.closed_at >= $as_of))
                )
        )
),

main_point AS (
    SELECT customer_no, min(mp_id) AS mp_id
    FROM metering_point
    WHERE usage = 'billing' AND parent_mp_id IS NULL
    GROUP BY customer_no
),

month_bill AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.period_from,
        b.period_to,
        date_diff('day', b.period_from, b.period_to) AS days,
        CASE
            WHEN b.period_from < $calendar_days_from THEN 30
            WHEN add_months(b.period_from, 1) = b.period_to THEN date_diff('day', b.period_from, b.period_to)
            ELSE day(last_day(b.period_from))
        END AS divisor
    FROM bill AS b
    SEMI JOIN expired AS e ON e.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal' AND b.period_to > b.period_from
),

off_row AS (
    SELECT
        s.transformer_id,
        GREATEST(s.valid_from, COALESCE(s.sealed_on, s.valid_from)) AS off_from,
        LEAST(
            COALESCE(s.valid_to, CAST('9999-12-31' AS DATE)),
            COALESCE(s.agreed_until, CAST('9999-12-31' AS DATE)),
            COALESCE(e.expired_on, CAST('9999-12-31' AS DATE))
        ) AS off_to
    FROM transformer_state AS s
    LEFT JOIN expired AS e ON e.transformer_id = s.transformer_id AND e.valid_from = s.valid_from
    WHERE s.state NOT IN ('running', 'hot_standby')
    UNION ALL
    -- Before its first state a transformer was not there.
    SELECT transformer_id, CAST('1900-01-01' AS DATE) AS off_from, min(valid_from) AS off_to
    FROM transformer_state
    GROUP BY transformer_id
),

off_days AS (
    SELECT
        b.bill_id,
        o.transformer_id,
        sum(date_diff('day', GREATEST(o.off_from, b.period_from), LEAST(o.off_to, b.period_to))) AS days
    FROM month_bill AS b
    INNER JOIN transformer AS t ON t.customer_no = b.customer_no
    INNER JOIN off_row AS o ON o.transformer_id = t.transformer_id AND o.off_from < b.period_to AND o.off_to > b.period_from
    GROUP BY b.bill_id, o.transformer_id
),

unit_days AS (
    SELECT
        b.bill_id,
        COALESCE(t.mp_id, m.mp_id) AS mp_id,
        t.kva,
        b.days - COALESCE(o.days, 0) AS days
    FROM month_bill AS b
    INNER JOIN transformer AS t ON t.customer_no = b.customer_no
    LEFT JOIN main_point AS m ON m.customer_no = b.customer_no
    LEFT JOIN off_days AS o ON o.bill_id = b.bill_id AND o.transformer_id = t.transformer_id
),

billed AS (
    SELECT l.bill_id, l.mp_id, sum(l.amount_yuan) AS billed_yuan
    FROM bill_line AS l
    SEMI JOIN month_bill AS b ON b.bill_id = l.bill_id
    WHERE l.item = 'basic' AND l.component = 'capacity'
    GROUP BY l.bill_id, l.mp_id
),

-- kVA-days × price ÷ days (2.4), less what the bill charged.
point_lost AS (
    SELECT
        b.customer_no,
        GREATEST(
            div_hu(
                sum(CAST(u.kva AS DECIMAL(38, 4)) * CASE WHEN u.days = b.days THEN b.divisor ELSE LEAST(u.days, b.divisor) END) * max(k.capacity),
                b.divisor, 2
            ) - COALESCE(max(g.billed_yuan), 0),
            0
        ) AS yuan
    FROM unit_days AS u
    INNER JOIN month_bill AS b ON b.bill_id = u.bill_id
    INNER JOIN price_scheme AS q
        ON q.mp_id = u.mp_id AND q.valid_from <= b.period_from AND (q.valid_to IS NULL OR q.valid_to > b.period_from)
    INNER JOIN billing_price AS k
        ON
            k.tariff_code = q.tariff_code
            AND k.voltage_code = q.voltage_code
            AND k.price_from <= b.period_from
            AND (k.price_to IS NULL OR k.price_to > b.period_from)
    LEFT JOIN billed AS g ON g.bill_id = u.bill_id AND g.mp_id = u.mp_id
    WHERE q.basic_charge_mode = 'capacity' AND k.capacity IS NOT NULL AND NOT k.is_ambiguous
    GROUP BY b.customer_no, u.bill_id, u.mp_id, b.divisor, b.days
),

lost AS (
    SELECT customer_no, sum(yuan) AS yuan
    FROM point_lost
    GROUP BY customer_no
)

SELECT
    e.customer_no AS subject_id,
    min(e.org_no) AS org_no,
    e.customer_no,
    min(e.mp_id) AS mp_id,
    $month AS bill_month,
    CAST(min(l.yuan) AS DECIMAL(18, 2)) AS yuan_at_stake,
    sum(e.kva) AS kva,
    string_agg(e.transformer_id, '; ' ORDER BY e.transformer_id) AS transformers,
    min(e.valid_from) AS reduced_from,
    min(e.agreed_until) AS agreed_until,
    min(e.expired_on) AS expired_on,
    date_diff('day', min(e.expired_on), $as_of) AS expired_days,
    min(e.order_no) AS reduction_order_no
FROM expired AS e
LEFT JOIN lost AS l ON l.customer_no = e.customer_no
GROUP BY e.customer_no
