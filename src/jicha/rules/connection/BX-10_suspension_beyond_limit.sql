-- Customers of whom a suspension (暂停) of the calendar year was shorter than the least days, or of whom one transformer was suspended for more
-- than the allowed months in all. At stake is what the bill of the audited month did not charge of the capacity that had no right to relief.
WITH suspended AS (
    SELECT
        s.transformer_id,
        t.customer_no,
        t.kva,
        s.valid_from,
        s.valid_to,
        GREATEST(s.valid_from, COALESCE(s.sealed_on, s.valid_from)) AS off_from,
        -- From the agreed end on the capacity is charged again, resumed or not (BX-09).
        LEAST(COALESCE(s.valid_to, CAST('9999-12-31' AS DATE)), COALESCE(s.agreed_until, CAST('9999-12-31' AS DATE))) AS off_to,
        CASE
            WHEN lag(s.valid_to) OVER (PARTITION BY s.transformer_id ORDER BY s.valid_from) = s.valid_from THEN 0
            ELSE 1
        END AS begins
    FROM transformer_state AS s
    INNER JOIN transformer AS t ON t.transformer_id = s.transformer_id
    WHERE
        s.state = 'suspended'
        AND s.valid_from < $as_of
        -- A season user or another exemption on file is let off.
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM proof AS p
            WHERE
                p.customer_no = t.customer_no
                AND p.kind = 'exemption'
                AND p.valid_from < $month_end
                AND (p.valid_to IS NULL OR p.valid_to >= $month_end)
        )
),

numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY transformer_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS suspension_no
    FROM suspended
),

-- An extension (续停) written as a row of its own is the same suspension.
suspension AS (
    SELECT transformer_id, suspension_no, customer_no, kva, min(off_from) AS off_from, max(off_to) AS off_to
    FROM numbered
    GROUP BY transformer_id, suspension_no, customer_no, kva
),

short AS (
    SELECT
        s.customer_no,
        s.transformer_id,
        s.kva,
        s.off_from,
        s.off_to,
        date_diff('day', s.off_from, s.off_to) AS days
    FROM suspension AS s
    WHERE
        s.off_to <= $as_of
        AND s.off_to > CAST(date_trunc('year', $month) AS DATE)
        AND date_diff('day', s.off_from, s.off_to) < $min_days
        AND date_diff('day', s.off_from, s.off_to) > 0
        -- Turned into a reduction (减容) it goes on.
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM transformer_state AS r
            WHERE r.transformer_id = s.transformer_id AND r.state = 'reduced' AND r.valid_from = s.off_to
        )
),

in_year AS (
    SELECT
        transformer_id,
        customer_no,
        kva,
        GREATEST(off_from, CAST(date_trunc('year', $month) AS DATE)) AS off_from,
        LEAST(off_to, $as_of, add_months(CAST(date_trunc('year', $month) AS DATE), 12)) AS off_to
    FROM suspension
    WHERE
        off_from < off_to
        AND off_to > CAST(date_trunc('year', $month) AS DATE)
        AND off_from < LEAST($as_of, add_months(CAST(date_trunc('year', $month) AS DATE), 12))
),

-- Whole months, and the days left over; thirty of those make a month.
counted AS (
    SELECT
        *,
        30 * months_between_floor(off_from, off_to)
        + date_diff('day', add_months(off_from, months_between_floor(off_from, off_to)), off_to) AS month_days
    FROM in_year
),

added AS (
    SELECT
        *,
        COALESCE(sum(month_days) OVER (
            PARTITION BY transformer_id ORDER BY off_from ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS days_before,
        sum(month_days) OVER (PARTITION BY transformer_id) AS year_days
    FROM counted
),

beyond AS (
    SELECT
        customer_no,
        transformer_id,
        kva,
        off_to,
        CAST(year_days AS BIGINT) AS year_days,
        -- The day on which the allowed months are used up.
        CASE
            WHEN days_before >= 30 * $year_months THEN off_from
            ELSE CAST(add_months(off_from, CAST((30 * $year_months - days_before) // 30 AS INTEGER))
            + CAST((30 * $year_months - days_before) % 30 AS INTEGER) * INTERVAL 1 DAY AS DATE)
        END AS over_from
    FROM added
    WHERE year_days > 30 * $year_months AND days_before + month_days > 30 * $year_months
),

broken AS (
    SELECT
        customer_no,
        string_agg(DISTINCT transformer_id, '; ' ORDER BY transformer_id) AS transformers,
        min(days) AS shortest_days,
        min(short_from) AS short_from,
        max(year_days) AS year_days,
        min(over_from) AS over_from
    FROM (
        SELECT
            customer_no,
            transformer_id,
            days,
            off_from AS short_from,
            CAST(NULL AS BIGINT) AS year_days,
            CAST(NULL AS DATE) AS over_from
        FROM short
        UNION ALL
        SELECT
            customer_no,
            transformer_id,
            CAST(NULL AS BIGINT) AS days,
            CAST(NULL AS DATE) AS short_from,
            year_days,
            over_from
        FROM beyond
    ) AS both_kinds
    GROUP BY customer_no
),

-- The point that bears the basic charge: the transformer's own, else the customer's first main point.
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
    SEMI JOIN broken AS k ON k.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal' AND b.period_to > b.period_from
),

-- Days of the bill out of service, and of those the days that had no right to relief.
off_row AS (
    SELECT
        s.transformer_id,
        1 AS sign,
        GREATEST(s.valid_from, COALESCE(s.sealed_on, s.valid_from)) AS off_from,
        LEAST(COALESCE(s.valid_to, CAST('9999-12-31' AS DATE)), COALESCE(s.agreed_until, CAST('9999-12-31' AS DATE))) AS off_to
    FROM transformer_state AS s
    WHERE s.state NOT IN ('running', 'hot_standby')
    UNION ALL
    -- Before its first state a transformer was not there.
    SELECT transformer_id, 1 AS sign, CAST('1900-01-01' AS DATE) AS off_from, min(valid_from) AS off_to
    FROM transformer_state
    GROUP BY transformer_id
    UNION ALL
    SELECT transformer_id, -1 AS sign, over_from AS off_from, off_to FROM beyond
    UNION ALL
    SELECT transformer_id, -1 AS sign, off_from, off_to FROM short
),

off_days AS (
    SELECT
        b.bill_id,
        o.transformer_id,
        sum(o.sign * date_diff('day', GREATEST(o.off_from, b.period_from), LEAST(o.off_to, b.period_to))) AS days
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
    b.customer_no AS subject_id,
    c.org_no,
    b.customer_no,
    $month AS bill_month,
    CAST(l.yuan AS DECIMAL(18, 2)) AS yuan_at_stake,
    b.transformers,
    substr(CONCAT(
        CASE WHEN b.shortest_days IS NOT NULL THEN '、单次不足天数' ELSE '' END,
        CASE WHEN b.year_days IS NOT NULL THEN '、全年累计超限' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN b.shortest_days IS NOT NULL THEN ', too short' ELSE '' END,
        CASE WHEN b.year_days IS NOT NULL THEN ', too long in the year' ELSE '' END
    ), 3) AS reasons_en,
    b.shortest_days,
    b.short_from,
    b.year_days // 30 AS year_months,
    b.year_days % 30 AS year_days_more,
    b.over_from
FROM broken AS b
LEFT JOIN customer AS c ON c.customer_no = b.customer_no
LEFT JOIN lost AS l ON l.customer_no = b.customer_no
