WITH metered AS (
    SELECT
        m.customer_no,
        min(m.org_no) AS org_no,
        min(m.previous_on) AS period_from,
        max(m.read_on) AS period_to,
        sum(m.energy_kwh) FILTER (WHERE m.energy_kwh > 0) AS energy_kwh,
        max(m.days) AS days,
        bool_or(m.has_backward) AS has_backward
    FROM point_month AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE m.bill_month = $month AND m.usage = 'billing' AND p.parent_mp_id IS NULL AND m.days > 0
    GROUP BY m.customer_no
),
used AS (
    SELECT
        m.customer_no,
        m.org_no,
        m.period_from,
        m.period_to,
        m.days,
        -- Where a register fell, what counts is what the bill made of it.
        CASE
            WHEN m.has_backward THEN GREATEST(COALESCE(m.energy_kwh, 0), COALESCE(b.normal_kwh, 0))
            ELSE m.energy_kwh
        END AS energy_kwh
    FROM metered AS m
    LEFT JOIN customer_month AS b ON b.customer_no = m.customer_no AND b.bill_month = $month
),
-- The capacity is the customer's; the finding speaks of the point that carries most of the energy.
largest AS (
    SELECT m.customer_no, m.mp_id
    FROM point_month AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE m.bill_month = $month AND m.usage = 'billing' AND p.parent_mp_id IS NULL
    QUALIFY row_number() OVER (PARTITION BY m.customer_no ORDER BY COALESCE(m.energy_kwh, 0) DESC, m.mp_id) = 1
),
-- Everything that ran on any day of the cycle counts, so that a part month never makes a false excess.
running AS (
    SELECT r.customer_no, sum(r.kva) AS kva
    FROM (
        SELECT DISTINCT u.customer_no, t.transformer_id, t.kva
        FROM used AS u
        INNER JOIN transformer AS t ON t.customer_no = u.customer_no
        INNER JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
        WHERE
            s.state IN ('running', 'reduced', 'hot_standby')
            AND s.valid_from < u.period_to
            AND (s.valid_to IS NULL OR s.valid_to > u.period_from)
    ) AS r
    GROUP BY r.customer_no
),
-- An increase that was done by the end of the cycle and is not in the archive yet.
increased AS (
    SELECT w.customer_no, max(w.capacity_kva) AS kva
    FROM work_order AS w
    INNER JOIN used AS u ON u.customer_no = w.customer_no
    WHERE
        w.kind = 'capacity_increase'
        AND w.state = 'done'
        AND w.closed_at < CAST(u.period_to AS TIMESTAMP)
        AND w.closed_at >= CAST(add_months(u.period_to, -12) AS TIMESTAMP)
    GROUP BY w.customer_no
),
limits AS (
    SELECT
        u.*,
        COALESCE(c.running_kva, c.contract_kva) AS archive_kva,
        GREATEST(COALESCE(c.running_kva, c.contract_kva, 0), COALESCE(r.kva, 0)) AS kva,
        COALESCE(i.kva, 0) AS increase_kva
    FROM used AS u
    INNER JOIN customer AS c ON c.customer_no = u.customer_no
    LEFT JOIN running AS r ON r.customer_no = u.customer_no
    LEFT JOIN increased AS i ON i.customer_no = u.customer_no
),
judged AS (
    SELECT
        *,
        CAST(kva AS DECIMAL(38, 4)) * (days * 24) * $utilisation AS limit_kwh
    FROM limits
    WHERE kva > 0
)
SELECT
    l.mp_id AS subject_id,
    j.org_no,
    j.customer_no,
    l.mp_id,
    CAST($month AS DATE) AS bill_month,
    j.period_from,
    j.period_to,
    CAST(j.energy_kwh AS DECIMAL(18, 4)) AS energy_kwh,
    CAST(j.kva AS DECIMAL(14, 4)) AS running_kva,
    CAST(j.archive_kva AS DECIMAL(14, 4)) AS archive_kva,
    j.days,
    CAST(j.limit_kwh AS DECIMAL(18, 4)) AS limit_kwh,
    safe_div(j.energy_kwh, j.limit_kwh) AS times_of_limit,
    CAST(j.energy_kwh - j.limit_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(CAST(j.energy_kwh - j.limit_kwh AS DECIMAL(18, 4)) AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM judged AS j
INNER JOIN largest AS l ON l.customer_no = j.customer_no
LEFT JOIN customer_price AS c ON c.customer_no = j.customer_no AND c.bill_month = $month
WHERE
    j.energy_kwh > CAST(j.kva + j.increase_kva AS DECIMAL(38, 4)) * (j.days * 24) * $utilisation
