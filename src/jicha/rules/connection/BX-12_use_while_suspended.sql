-- Use during a suspension or reduction (暂停/减容期间用电): energy on days on which the whole customer was out of service,
-- or a load above what the transformers left in service can carry. Only whole days after the sealing count, and only
-- the points that hang on the customer's transformers: station supply from elsewhere is not meant.
WITH affected AS (
    SELECT DISTINCT t.customer_no
    FROM transformer_state AS s
    INNER JOIN transformer AS t ON t.transformer_id = s.transformer_id
    WHERE s.state IN ($out_states) AND s.valid_from < $month_end AND (s.valid_to IS NULL OR s.valid_to > $month)
),

day_span AS (
    SELECT day
    FROM working_day
    WHERE day >= add_months($month, -2) AND day < $month_end AND day < $as_of
),

transformer_day AS (
    SELECT
        t.customer_no,
        t.transformer_id,
        t.kva,
        d.day,
        -- From the agreed end on the capacity is charged again whether it is used or not (BX-09).
        s.agreed_until IS NULL OR d.day < s.agreed_until AS is_agreed,
        COALESCE(
            s.state IN ($out_states) AND d.day > s.valid_from AND d.day > COALESCE(s.sealed_on, s.valid_from), FALSE
        ) AS is_out
    FROM transformer AS t
    SEMI JOIN affected AS a ON a.customer_no = t.customer_no
    CROSS JOIN day_span AS d
    LEFT JOIN transformer_state AS s
        ON s.transformer_id = t.transformer_id AND s.valid_from <= d.day AND (s.valid_to IS NULL OR s.valid_to > d.day)
    QUALIFY row_number() OVER (PARTITION BY t.transformer_id, d.day ORDER BY s.valid_from DESC) = 1
),

customer_day AS (
    SELECT
        customer_no,
        day,
        sum(CASE WHEN is_out THEN 0 ELSE kva END) AS remaining_kva,
        sum(CASE WHEN is_out THEN kva ELSE 0 END) AS out_kva,
        sum(CASE WHEN is_out AND is_agreed THEN kva ELSE 0 END) AS agreed_kva
    FROM transformer_day
    GROUP BY customer_no, day
    HAVING sum(CASE WHEN is_out THEN 1 ELSE 0 END) > 0
),

own_points AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.org_no
    FROM metering_point AS p
    SEMI JOIN affected AS a ON a.customer_no = p.customer_no
    WHERE
        p.usage = 'billing'
        AND p.parent_mp_id IS NULL
        AND (
            EXISTS (SELECT 1 AS one FROM transformer AS t WHERE t.mp_id = p.mp_id)
            OR NOT EXISTS (SELECT 1 AS one FROM transformer AS t WHERE t.customer_no = p.customer_no AND t.mp_id IS NOT NULL)
        )
),

-- Energy of the days that were out of service altogether, from the daily freezes.
frozen AS (
    SELECT
        f.mp_id,
        f.meter_id,
        f.day,
        lead(f.value) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) - f.value AS delta,
        lead(f.day) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS next_day
    FROM daily_freeze AS f
    SEMI JOIN own_points AS p ON p.mp_id = f.mp_id
    WHERE f.register = 'total' AND f.value IS NOT NULL AND f.day >= $month AND f.day <= $month_end AND f.day <= $as_of
),

freeze_use AS (
    SELECT p.customer_no, p.mp_id, f.day, CAST(f.delta AS DECIMAL(38, 4)) * i.multiplier AS kwh
    FROM frozen AS f
    INNER JOIN own_points AS p ON p.mp_id = f.mp_id
    INNER JOIN customer_day AS d ON d.customer_no = p.customer_no AND d.day = f.day
    INNER JOIN meter_installation AS i
        ON i.mp_id = f.mp_id
        AND i.meter_id = f.meter_id
        AND CAST(i.installed_at AS DATE) <= f.day
        AND (i.removed_at IS NULL OR CAST(i.removed_at AS DATE) > f.day)
    WHERE d.remaining_kva = 0 AND f.delta > 0 AND date_diff('day', f.day, f.next_day) = 1
),

-- Where a point has no freezes: a reading period of which every day was out of service.
reading_use AS (
    SELECT p.customer_no, p.mp_id, CAST(r.previous_at AS DATE) AS day, r.energy_kwh AS kwh
    FROM register_energy AS r
    INNER JOIN own_points AS p ON p.mp_id = r.mp_id
    INNER JOIN customer_day AS d
        ON d.customer_no = p.customer_no AND d.day >= CAST(r.previous_at AS DATE) AND d.day < CAST(r.read_at AS DATE)
    WHERE
        r.bill_month = $month
        AND r.register = 'total'
        AND r.status = 'read'
        AND COALESCE(r.method <> 'estimated', TRUE)
        AND r.energy_kwh > 0
        AND d.remaining_kva = 0
        AND NOT EXISTS (SELECT 1 AS one FROM frozen AS f WHERE f.mp_id = r.mp_id)
    GROUP BY p.customer_no, p.mp_id, r.meter_id, r.previous_at, r.read_at, r.energy_kwh
    HAVING count(*) = date_diff('day', CAST(r.previous_at AS DATE), CAST(r.read_at AS DATE))
),

energy AS (
    SELECT customer_no, sum(kwh) AS kwh, min(day) AS first_day, min(mp_id) AS mp_id
    FROM (
        SELECT customer_no, mp_id, day, kwh FROM freeze_use
        UNION ALL
        SELECT customer_no, mp_id, day, kwh FROM reading_use
    ) AS used
    GROUP BY customer_no
    HAVING sum(kwh) > $min_kwh
),

-- Load on days on which part of the capacity was out: the sum over the points at one quarter hour, or a month's demand.
load AS (
    SELECT
        p.customer_no,
        c.at,
        CAST(c.at - INTERVAL 1 MINUTE AS DATE) AS day,
        sum(CAST(c.p_kw AS DECIMAL(38, 4)) * i.multiplier) AS kw,
        min(p.mp_id) AS mp_id
    FROM curve AS c
    INNER JOIN own_points AS p ON p.mp_id = c.mp_id
    INNER JOIN meter_installation AS i
        ON i.mp_id = c.mp_id AND i.installed_at < c.at AND (i.removed_at IS NULL OR i.removed_at >= c.at)
    WHERE c.at > $month AND c.at <= $month_end AND c.at <= $as_of AND c.p_kw IS NOT NULL
    GROUP BY p.customer_no, c.at
    UNION ALL
    SELECT
        p.customer_no,
        r.max_demand_at AS at,
        CAST(r.max_demand_at - INTERVAL 1 MINUTE AS DATE) AS day,
        CAST(r.value AS DECIMAL(38, 4)) * i.multiplier AS kw,
        p.mp_id
    FROM reading AS r
    INNER JOIN own_points AS p ON p.mp_id = r.mp_id
    INNER JOIN meter_installation AS i
        ON i.mp_id = r.mp_id
        AND i.meter_id = r.meter_id
        AND i.installed_at < r.max_demand_at
        AND (i.removed_at IS NULL OR i.removed_at >= r.max_demand_at)
    WHERE r.register = 'max_demand' AND r.max_demand_at > $month AND r.max_demand_at <= $month_end AND r.max_demand_at <= $as_of
),

over AS (
    SELECT
        l.customer_no,
        max(l.kw) AS max_kw,
        min(l.day) AS first_day,
        min(d.remaining_kva) AS remaining_kva,
        min(l.mp_id) AS mp_id
    FROM load AS l
    INNER JOIN customer_day AS d ON d.customer_no = l.customer_no AND d.day = l.day
    WHERE d.remaining_kva > 0 AND l.kw > CAST($over_ratio AS DECIMAL(38, 4)) * d.remaining_kva
    GROUP BY l.customer_no
),

used AS (
    SELECT
        a.customer_no,
        e.kwh,
        e.first_day AS energy_from,
        o.max_kw,
        o.remaining_kva,
        o.first_day AS over_from,
        COALESCE(e.mp_id, o.mp_id) AS mp_id,
        GREATEST(LEAST(COALESCE(e.first_day, o.first_day), COALESCE(o.first_day, e.first_day)), $month) AS used_from
    FROM affected AS a
    LEFT JOIN energy AS e ON e.customer_no = a.customer_no
    LEFT JOIN over AS o ON o.customer_no = a.customer_no
    WHERE e.customer_no IS NOT NULL OR o.customer_no IS NOT NULL
),

-- The basic charge of the capacity out of service by agreement, for its days of the month from the first use on.
priced AS (
    SELECT u.customer_no, d.day, d.agreed_kva, p.unit_price
    FROM used AS u
    INNER JOIN customer_day AS d ON d.customer_no = u.customer_no AND d.day >= u.used_from
    INNER JOIN price_scheme AS q
        ON q.mp_id = u.mp_id AND q.valid_from <= d.day AND (q.valid_to IS NULL OR q.valid_to > d.day)
    INNER JOIN price AS p
        ON p.tariff_code = q.tariff_code
        AND p.voltage_code = q.voltage_code
        AND p.valid_from <= d.day
        AND (p.valid_to IS NULL OR p.valid_to > d.day)
    WHERE q.basic_charge_mode = 'capacity' AND p.component = 'capacity'
    QUALIFY row_number() OVER (
        PARTITION BY u.customer_no, d.day ORDER BY q.valid_from DESC, p.valid_from DESC, p.price_book
    ) = 1
),

charge AS (
    SELECT
        customer_no,
        div_hu(sum(CAST(agreed_kva AS DECIMAL(38, 4)) * unit_price), day(last_day($month)), 2) AS charge_yuan
    FROM priced
    GROUP BY customer_no
),

state_of_use AS (
    SELECT u.customer_no, max(d.out_kva) AS out_kva, min(d.remaining_kva) AS least_kva
    FROM used AS u
    INNER JOIN customer_day AS d ON d.customer_no = u.customer_no AND d.day >= u.used_from
    GROUP BY u.customer_no
)

SELECT
    u.customer_no AS subject_id,
    c.org_no,
    u.customer_no,
    u.mp_id,
    u.used_from AS period_from,
    LEAST($month_end, $as_of) AS period_to,
    CAST(u.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    CAST(h.charge_yuan AS DECIMAL(18, 2)) AS yuan_at_stake,
    'company' AS direction,
    CASE
        WHEN u.kwh IS NOT NULL AND u.max_kw IS NOT NULL THEN '全停有电量、超剩余容量'
        WHEN u.kwh IS NOT NULL THEN '全停有电量'
        ELSE '超剩余容量'
    END AS reasons,
    CASE
        WHEN u.kwh IS NOT NULL AND u.max_kw IS NOT NULL THEN 'energy while wholly out, load above the capacity left'
        WHEN u.kwh IS NOT NULL THEN 'energy while wholly out'
        ELSE 'load above the capacity left'
    END AS reasons_en,
    s.out_kva,
    s.least_kva AS remaining_kva,
    u.energy_from,
    CAST(u.max_kw AS DECIMAL(18, 4)) AS max_kw,
    u.over_from
FROM used AS u
LEFT JOIN customer AS c ON c.customer_no = u.customer_no
LEFT JOIN charge AS h ON h.customer_no = u.customer_no
LEFT JOIN state_of_use AS s ON s.customer_no = u.customer_no
