-- Main metering points whose energy is less than that of their sub meters, all read over the same days.
WITH subs AS (
    SELECT
        s.parent_mp_id AS mp_id,
        CAST(count(*) AS BIGINT) AS sub_points,
        string_agg(s.mp_id, ' ' ORDER BY s.mp_id) AS sub_mp_ids,
        sum(e.energy_kwh) AS sub_kwh,
        -- A sub meter without a sound reading of the month makes the sum unknown.
        count(*) = count(e.energy_kwh) AS all_known,
        bool_or(e.estimated OR e.missed OR e.has_backward) AS doubtful,
        min(e.read_on) AS first_read_on,
        max(e.read_on) AS last_read_on,
        min(e.previous_on) AS first_previous_on,
        max(e.previous_on) AS last_previous_on
    FROM metering_point AS s
    LEFT JOIN point_month AS e ON e.mp_id = s.mp_id AND e.bill_month = $month
    WHERE
        s.parent_mp_id IS NOT NULL
        AND s.parent_mp_id <> s.mp_id
        AND s.usage = 'billing'
        AND s.status = 'running'
        AND (s.opened_on IS NULL OR s.opened_on < $month_end)
    GROUP BY s.parent_mp_id
)

SELECT
    m.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    m.mp_id,
    $month AS bill_month,
    m.previous_on AS period_from,
    m.read_on AS period_to,
    m.energy_kwh AS main_kwh,
    s.sub_kwh,
    s.sub_points,
    s.sub_mp_ids,
    s.sub_kwh - m.energy_kwh AS kwh_at_stake,
    c.price_yuan_per_kwh,
    round_hu(CAST(s.sub_kwh - m.energy_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM subs AS s
INNER JOIN point_month AS m ON m.mp_id = s.mp_id AND m.bill_month = $month
INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
LEFT JOIN customer_price AS c ON c.customer_no = p.customer_no AND c.bill_month = $month
WHERE
    p.usage = 'billing'
    AND s.all_known
    AND NOT s.doubtful
    AND NOT m.estimated
    AND NOT m.missed
    AND NOT m.has_backward
    AND m.energy_kwh + $tolerance_kwh < s.sub_kwh
    AND m.read_on IS NOT NULL
    AND m.previous_on IS NOT NULL
    AND ABS(date_diff('day', m.read_on, s.first_read_on)) <= $apart_days
    AND ABS(date_diff('day', m.read_on, s.last_read_on)) <= $apart_days
    AND ABS(date_diff('day', m.previous_on, s.first_previous_on)) <= $apart_days
    AND ABS(date_diff('day', m.previous_on, s.last_previous_on)) <= $apart_days
