-- Customers with transformers still suspended (暂停) at the as-of date although the agreed end has passed, with no extension on file
-- and no resumption under way. From the expiry day the capacity is charged whether or not the customer applies, so in
-- capacity mode the basic charge of every day from then on is at stake, less the months that a bill charged in full.
WITH last_state AS (
    SELECT
        s.transformer_id,
        t.customer_no,
        t.mp_id,
        t.kva,
        s.state,
        s.valid_from,
        s.valid_to,
        s.sealed_on,
        s.agreed_until,
        s.order_no
    FROM transformer_state AS s
    INNER JOIN transformer AS t ON t.transformer_id = s.transformer_id
    WHERE s.valid_from < $as_of
    QUALIFY row_number() OVER (PARTITION BY s.transformer_id ORDER BY s.valid_from DESC) = 1
),

expired AS (
    SELECT
        s.transformer_id,
        s.customer_no,
        s.mp_id,
        s.kva,
        s.valid_from,
        s.sealed_on,
        s.agreed_until,
        s.order_no,
        c.org_no,
        c.status
    FROM last_state AS s
    LEFT JOIN customer AS c ON c.customer_no = s.customer_no
    WHERE
        s.state = 'suspended'
        AND CAST(s.agreed_until + $grace_days * INTERVAL 1 DAY AS DATE) < $as_of
        AND (s.valid_to IS NULL OR s.valid_to >= $as_of OR COALESCE(c.status = 'suspended', FALSE))
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

-- The point that bears the basic charge: the transformer's own, else the customer's first main point.
main_point AS (
    SELECT customer_no, min(mp_id) AS mp_id
    FROM metering_point
    WHERE usage = 'billing' AND parent_mp_id IS NULL
    GROUP BY customer_no
),

priced_day AS (
    SELECT
        e.transformer_id,
        e.customer_no,
        e.kva,
        w.day,
        CAST(date_trunc('month', w.day) AS DATE) AS charge_month,
        p.unit_price
    FROM expired AS e
    INNER JOIN working_day AS w ON w.day >= e.agreed_until AND w.day < $as_of
    LEFT JOIN main_point AS m ON m.customer_no = e.customer_no
    INNER JOIN price_scheme AS q
        ON q.mp_id = COALESCE(e.mp_id, m.mp_id)
        AND q.valid_from <= w.day
        AND (q.valid_to IS NULL OR q.valid_to > w.day)
    INNER JOIN price AS p
        ON p.tariff_code = q.tariff_code
        AND p.voltage_code = q.voltage_code
        AND p.valid_from <= w.day
        AND (p.valid_to IS NULL OR p.valid_to > w.day)
    WHERE q.basic_charge_mode = 'capacity' AND p.component = 'capacity'
    QUALIFY row_number() OVER (
        PARTITION BY e.transformer_id, w.day ORDER BY q.valid_from DESC, p.valid_from DESC, p.price_book
    ) = 1
),

charge AS (
    SELECT
        transformer_id,
        customer_no,
        charge_month,
        count(*) AS days,
        CASE
            WHEN count(*) = day(last_day(charge_month)) OR charge_month >= $calendar_days_from
                THEN div_hu(CAST(kva AS DECIMAL(38, 4)) * unit_price * count(*), day(last_day(charge_month)), 2)
            ELSE div_hu(CAST(kva AS DECIMAL(38, 4)) * unit_price * count(*), 30, 2)
        END AS charge_yuan
    FROM priced_day
    GROUP BY transformer_id, customer_no, charge_month, kva, unit_price
),

-- What a bill would have charged had the charge restarted: everything that runs, and what has expired.
due_kva AS (
    SELECT s.customer_no, sum(s.kva) AS kva
    FROM last_state AS s
    LEFT JOIN expired AS e ON e.transformer_id = s.transformer_id
    WHERE s.state IN ('running', 'hot_standby') OR e.transformer_id IS NOT NULL
    GROUP BY s.customer_no
),

charged AS (
    SELECT b.customer_no, b.bill_month, sum(l.quantity) AS kva
    FROM bill AS b
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    WHERE l.item = 'basic' AND l.unit = 'kva' AND b.kind = 'normal'
    GROUP BY b.customer_no, b.bill_month
),

lost AS (
    SELECT
        h.transformer_id,
        sum(CASE WHEN COALESCE(g.kva >= d.kva, FALSE) THEN 0 ELSE h.charge_yuan END) AS lost_yuan,
        sum(CASE WHEN COALESCE(g.kva >= d.kva, FALSE) THEN h.days ELSE 0 END) AS charged_days
    FROM charge AS h
    LEFT JOIN due_kva AS d ON d.customer_no = h.customer_no
    LEFT JOIN charged AS g ON g.customer_no = h.customer_no AND g.bill_month = h.charge_month
    GROUP BY h.transformer_id
)

SELECT
    e.customer_no AS subject_id,
    min(e.org_no) AS org_no,
    e.customer_no,
    min(e.mp_id) AS mp_id,
    min(e.agreed_until) AS period_from,
    $as_of AS period_to,
    CAST(sum(l.lost_yuan) AS DECIMAL(18, 2)) AS yuan_at_stake,
    'company' AS direction,
    sum(e.kva) AS kva,
    string_agg(e.transformer_id, '; ' ORDER BY e.transformer_id) AS transformers,
    min(e.valid_from) AS suspended_from,
    min(e.sealed_on) AS sealed_on,
    min(e.agreed_until) AS agreed_until,
    date_diff('day', min(e.agreed_until), $as_of) AS expired_days,
    max(l.charged_days) AS charged_days,
    min(e.order_no) AS suspension_order_no,
    min(e.status) AS customer_status
FROM expired AS e
LEFT JOIN lost AS l ON l.transformer_id = e.transformer_id
GROUP BY e.customer_no
