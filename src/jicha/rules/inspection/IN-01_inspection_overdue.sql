-- Customers whose last inspection (用电检查) is longer ago than the cycle of their importance, voltage and capacity allows.
WITH office AS (
    SELECT c.customer_no, COALESCE(CASE WHEN o.level = 'station' THEN o.parent_org_no END, c.org_no) AS county_no
    FROM customer AS c
    LEFT JOIN org AS o ON o.org_no = c.org_no
),

-- How far back the county's inspections are delivered: what lies before is unknown, not undone.
history AS (
    SELECT f.county_no, min(LEAST(i.done_on, i.planned_on)) AS first_day
    FROM inspection AS i
    INNER JOIN office AS f ON f.customer_no = i.customer_no
    GROUP BY f.county_no
),

last_done AS (
    SELECT customer_no, max(done_on) AS last_done_on
    FROM inspection
    WHERE done_on < $as_of
    GROUP BY customer_no
),

obliged AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.importance,
        c.voltage_code,
        c.contract_kva,
        c.opened_on,
        CASE
            WHEN c.importance IN ('important_1', 'important_2', 'special') THEN $important_months
            WHEN c.voltage_code IN ('kv35', 'kv110', 'kv220') THEN $high_voltage_months
            WHEN c.kind = 'hv' AND c.contract_kva >= $large_kva THEN $large_months
            WHEN c.kind = 'hv' THEN $other_high_voltage_months
            WHEN c.kind = 'lv_nonres' THEN $low_voltage_months
        END AS cycle_months
    FROM customer AS c
    WHERE c.status = 'active' AND c.kind <> 'lv_res' AND c.opened_on < $as_of
),

judged AS (
    SELECT
        o.customer_no,
        o.org_no,
        o.kind,
        o.importance,
        o.voltage_code,
        o.contract_kva,
        o.opened_on,
        o.cycle_months,
        l.last_done_on,
        add_months($as_of, -o.cycle_months) AS latest_day,
        h.first_day
    FROM obliged AS o
    INNER JOIN office AS f ON f.customer_no = o.customer_no
    INNER JOIN history AS h ON h.county_no = f.county_no
    LEFT JOIN last_done AS l ON l.customer_no = o.customer_no
    WHERE o.cycle_months > 0
)

SELECT
    customer_no AS subject_id,
    org_no,
    customer_no,
    kind,
    importance,
    voltage_code,
    contract_kva,
    cycle_months,
    last_done_on,
    add_months(COALESCE(last_done_on, opened_on), cycle_months) AS due_on,
    date_diff('day', add_months(COALESCE(last_done_on, opened_on), cycle_months), $as_of) AS overdue_days
FROM judged
WHERE
    COALESCE(last_done_on, opened_on) < latest_day
    -- Where the delivered history is shorter than the cycle, an earlier inspection is unknown, not missing.
    AND first_day <= latest_day
