-- High-voltage customers (专变) that use less on just those days on which their feeder loses more (间断型突变, a lead to theft): the loss of the feeder
-- jumps up on some days, the customer's metered energy falls on the same days by about as much, and over the month one moves against the other.
WITH usable AS (
    SELECT feeder_id, day, energy_in_kwh, loss_kwh, safe_div(loss_kwh, energy_in_kwh) AS loss_rate
    FROM feeder_day
    WHERE
        day >= $month
        AND day < LEAST($month_end, $as_of)
        AND outlets_complete
        AND NOT switched
        AND energy_in_kwh >= $least_kwh
),

middle AS (
    SELECT feeder_id, count(*) AS days_used, pctl(loss_rate, 0.5) AS middle_rate
    FROM usable
    GROUP BY feeder_id
    HAVING count(*) >= $least_days
),

judged AS (
    SELECT
        u.feeder_id,
        u.day,
        u.loss_rate - m.middle_rate > $jump AS is_jump,
        CAST(u.loss_kwh - CAST(m.middle_rate AS DECIMAL(38, 6)) * u.energy_in_kwh AS DECIMAL(38, 4)) AS beyond_kwh
    FROM usable AS u
    INNER JOIN middle AS m ON m.feeder_id = u.feeder_id
),

-- Loss that comes and goes: on some days, never on most of them.
watched AS (
    SELECT
        feeder_id,
        count(*) FILTER (WHERE is_jump) AS jump_days,
        min(day) FILTER (WHERE is_jump) AS first_day,
        max(day) FILTER (WHERE is_jump) AS last_day,
        CAST(sum(beyond_kwh) FILTER (WHERE is_jump) AS DECIMAL(38, 4)) AS jump_kwh
    FROM judged
    GROUP BY feeder_id
    HAVING count(*) FILTER (WHERE is_jump) >= $days AND 2 * count(*) FILTER (WHERE is_jump) < count(*)
),

member AS (
    SELECT p.mp_id, p.customer_no, p.org_no, p.feeder_id
    FROM metering_point AS p
    SEMI JOIN watched AS w ON w.feeder_id = p.feeder_id
    LEFT JOIN district AS t ON t.district_id = p.district_id
    WHERE
        p.usage = 'billing'
        AND p.parent_mp_id IS NULL
        AND p.status = 'running'
        AND (t.ownership = 'dedicated' OR (p.district_id IS NULL AND p.metering_mode IN ('hv_hv', 'hv_lv')))
),

reading_pair AS (
    SELECT
        f.mp_id,
        f.meter_id,
        f.day,
        f.value,
        lead(f.day) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS next_day,
        lead(f.value) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS next_value
    FROM daily_freeze AS f
    SEMI JOIN member AS m ON m.mp_id = f.mp_id
    WHERE f.register = 'total' AND f.value IS NOT NULL AND f.day >= $month AND f.day <= $month_end
),

-- Whole kWh are enough for a correlation, and keep its products within 38 digits.
paired AS (
    SELECT
        m.mp_id,
        m.feeder_id,
        j.is_jump,
        CAST(round_hu(j.beyond_kwh, 0) AS DECIMAL(38, 0)) AS beyond,
        CAST(round_hu(CAST(r.next_value - r.value AS DECIMAL(38, 4)) * i.multiplier, 0) AS DECIMAL(38, 0)) AS used
    FROM reading_pair AS r
    INNER JOIN member AS m ON m.mp_id = r.mp_id
    INNER JOIN judged AS j ON j.feeder_id = m.feeder_id AND j.day = r.day
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = r.mp_id
            AND i.meter_id = r.meter_id
            AND r.day >= i.installed_at
            AND (i.removed_at IS NULL OR r.next_day <= i.removed_at)
    WHERE date_diff('day', r.day, r.next_day) = 1 AND r.next_value >= r.value
),

summed AS (
    SELECT
        mp_id,
        feeder_id,
        count(*) AS days,
        count(*) * sum(CAST(beyond AS DECIMAL(38, 0)) * used) - CAST(sum(beyond) AS DECIMAL(38, 0)) * sum(used) AS covariance,
        count(*) * sum(CAST(beyond AS DECIMAL(38, 0)) * beyond) - CAST(sum(beyond) AS DECIMAL(38, 0)) * sum(beyond) AS loss_variance,
        count(*) * sum(CAST(used AS DECIMAL(38, 0)) * used) - CAST(sum(used) AS DECIMAL(38, 0)) * sum(used) AS use_variance,
        div_hu(sum(used) FILTER (WHERE is_jump), count(*) FILTER (WHERE is_jump), 4) AS jump_day_use_kwh,
        div_hu(sum(used) FILTER (WHERE NOT is_jump), count(*) FILTER (WHERE NOT is_jump), 4) AS other_day_use_kwh,
        div_hu(sum(beyond) FILTER (WHERE is_jump), count(*) FILTER (WHERE is_jump), 4)
        - div_hu(sum(beyond) FILTER (WHERE NOT is_jump), count(*) FILTER (WHERE NOT is_jump), 4) AS risen_kwh
    FROM paired
    GROUP BY mp_id, feeder_id
    HAVING count(*) >= $least_days AND count(*) FILTER (WHERE is_jump) >= $days
),

-- The squared correlation is the product of both slopes: each is small, the product of the sums is not.
fitting AS (
    SELECT *, round_hu(CAST(safe_div(covariance, loss_variance) AS DECIMAL(38, 6)) * safe_div(covariance, use_variance), 4) AS fit
    FROM summed
    WHERE
        covariance < 0
        AND loss_variance > 0
        AND use_variance > 0
        AND ABS(other_day_use_kwh - jump_day_use_kwh - risen_kwh) <= CAST($size_match AS DECIMAL(38, 4)) * risen_kwh
)

SELECT
    f.mp_id AS subject_id,
    m.org_no,
    m.customer_no,
    f.mp_id,
    $month AS bill_month,
    w.first_day AS period_from,
    CAST(w.last_day + INTERVAL 1 DAY AS DATE) AS period_to,
    f.feeder_id,
    f.days,
    w.jump_days,
    w.first_day,
    CAST(f.jump_day_use_kwh AS DECIMAL(38, 0)) AS jump_day_use_kwh,
    CAST(f.other_day_use_kwh AS DECIMAL(38, 0)) AS other_day_use_kwh,
    CAST(f.risen_kwh AS DECIMAL(38, 0)) AS risen_kwh,
    f.fit,
    w.jump_kwh AS kwh_at_stake,
    round_hu(CAST(w.jump_kwh AS DECIMAL(38, 4)) * p.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM fitting AS f
INNER JOIN watched AS w ON w.feeder_id = f.feeder_id
INNER JOIN member AS m ON m.mp_id = f.mp_id
LEFT JOIN customer_price AS p ON p.customer_no = m.customer_no AND p.bill_month = $month
WHERE f.fit >= $least_correlation * $least_correlation
-- The largest correlate of a feeder is the first suspect (domain 6.4, T12).
QUALIFY row_number() OVER (PARTITION BY f.feeder_id ORDER BY f.fit DESC, f.mp_id) = 1
