-- A customer recorded in one district (台区) but fed from another (户变关系错误). The recorded district sells energy that never came in, the feeding one
-- loses exactly that energy, day by day. So for each candidate pair both balances are recomputed with the customer moved, and the move must
-- bring both to an ordinary loss and take the day-to-day disorder out of them: sums of absolute deviations from the month's rate, all in DECIMAL.
WITH usable AS (
    SELECT d.district_id, d.feeder_id, d.day, d.energy_in_kwh, d.loss_kwh
    FROM district_day AS d
    INNER JOIN district AS t ON t.district_id = d.district_id
    WHERE
        t.ownership = 'public'
        AND d.day >= $month
        AND d.day < LEAST($month_end, $as_of)
        AND d.members_complete
        AND d.sources_complete
        AND NOT d.switched
        AND d.energy_in_kwh >= $least_kwh
),

level AS (
    SELECT
        district_id,
        min(feeder_id) AS feeder_id,
        sum(energy_in_kwh) AS energy_in_kwh,
        sum(loss_kwh) AS loss_kwh,
        sum(loss_kwh) < CAST($suspect_rate AS DECIMAL(38, 4)) * sum(energy_in_kwh) AS loses_too_little
    FROM usable
    GROUP BY district_id
    HAVING count(*) >= $least_days
),

member AS (
    SELECT mp_id, customer_no, org_no, district_id
    FROM metering_point
    WHERE usage = 'billing' AND parent_mp_id IS NULL AND status <> 'planned' AND district_id IS NOT NULL
),

-- Where the collecting system (采集) or the map (GIS) sees another district than the archive.
disagreement AS (
    SELECT m.mp_id, l.district_id AS other_district_id, string_agg(l.source, ',' ORDER BY l.source) AS sources
    FROM topology_link AS l
    INNER JOIN member AS m ON m.mp_id = l.mp_id
    WHERE l.source IN ('ami', 'gis') AND l.district_id <> m.district_id
    GROUP BY m.mp_id, l.district_id
),

watched AS (
    SELECT m.mp_id
    FROM member AS m
    INNER JOIN level AS g ON g.district_id = m.district_id
    WHERE g.loses_too_little
    UNION
    SELECT mp_id FROM disagreement
),

reading_pair AS (
    SELECT
        f.mp_id,
        f.meter_id,
        f.day,
        f.value,
        lag(f.day) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS start_day,
        lag(f.value) OVER (PARTITION BY f.mp_id, f.meter_id ORDER BY f.day) AS start_value
    FROM daily_freeze AS f
    SEMI JOIN watched AS w ON w.mp_id = f.mp_id
    WHERE f.register = 'total' AND f.value IS NOT NULL AND f.day >= $month AND f.day <= $month_end
),

member_day AS (
    SELECT r.mp_id, r.start_day AS day, CAST(r.value - r.start_value AS DECIMAL(38, 4)) * i.multiplier AS kwh
    FROM reading_pair AS r
    INNER JOIN meter_installation AS i
        ON
            i.mp_id = r.mp_id
            AND i.meter_id = r.meter_id
            AND r.start_day >= i.installed_at
            AND (i.removed_at IS NULL OR r.day <= i.removed_at)
    WHERE date_diff('day', r.start_day, r.day) = 1 AND r.value >= r.start_value
),

-- Customers large enough to be told from the noise of their district.
member_sum AS (
    SELECT m.mp_id, m.district_id, sum(e.kwh) AS kwh
    FROM member_day AS e
    INNER JOIN member AS m ON m.mp_id = e.mp_id
    INNER JOIN usable AS u ON u.district_id = m.district_id AND u.day = e.day
    GROUP BY m.mp_id, m.district_id
    HAVING
        sum(e.kwh) >= CAST($least_customer_kwh AS DECIMAL(38, 4)) * count(*)
        AND sum(e.kwh) >= CAST($least_share AS DECIMAL(38, 4)) * sum(u.energy_in_kwh)
),

-- From energy alone only neighbours on the same feeder that lose enough to hold the customer; where another system names a district, that one.
candidate AS (
    SELECT m.mp_id, m.district_id, t.district_id AS other_district_id
    FROM member_sum AS m
    INNER JOIN level AS g ON g.district_id = m.district_id
    INNER JOIN level AS t ON t.feeder_id = g.feeder_id AND t.district_id <> g.district_id
    WHERE g.loses_too_little AND t.loss_kwh >= m.kwh + CAST($low_rate AS DECIMAL(38, 4)) * t.energy_in_kwh
    UNION
    SELECT m.mp_id, m.district_id, d.other_district_id
    FROM disagreement AS d
    INNER JOIN member_sum AS m ON m.mp_id = d.mp_id
),

paired AS (
    SELECT
        c.mp_id,
        c.district_id,
        c.other_district_id,
        g.energy_in_kwh AS in_kwh,
        g.loss_kwh,
        t.energy_in_kwh AS other_in_kwh,
        t.loss_kwh AS other_loss_kwh,
        e.kwh
    FROM candidate AS c
    INNER JOIN member_day AS e ON e.mp_id = c.mp_id
    INNER JOIN usable AS g ON g.district_id = c.district_id AND g.day = e.day
    INNER JOIN usable AS t ON t.district_id = c.other_district_id AND t.day = e.day
),

moved AS (
    SELECT
        mp_id,
        district_id,
        other_district_id,
        count(*) AS days,
        sum(kwh) AS kwh,
        safe_div(sum(loss_kwh), sum(in_kwh)) AS rate,
        safe_div(sum(loss_kwh + kwh), sum(in_kwh)) AS rate_moved,
        safe_div(sum(other_loss_kwh), sum(other_in_kwh)) AS other_rate,
        safe_div(sum(other_loss_kwh - kwh), sum(other_in_kwh)) AS other_rate_moved
    FROM paired
    GROUP BY mp_id, district_id, other_district_id
    HAVING count(*) >= $least_days
),

plausible AS (
    SELECT mp_id, district_id, other_district_id, days, kwh, rate, rate_moved, other_rate, other_rate_moved
    FROM moved
    WHERE
        rate_moved BETWEEN CAST($low_rate AS DECIMAL(38, 4)) AND CAST($high_rate AS DECIMAL(38, 4))
        AND other_rate_moved BETWEEN CAST($low_rate AS DECIMAL(38, 4)) AND CAST($high_rate AS DECIMAL(38, 4))
),

disorder AS (
    SELECT
        p.mp_id,
        p.district_id,
        p.other_district_id,
        sum(ABS(d.loss_kwh - p.rate * CAST(d.in_kwh AS DECIMAL(38, 4)))) AS before_kwh,
        sum(ABS(d.loss_kwh + d.kwh - p.rate_moved * CAST(d.in_kwh AS DECIMAL(38, 4)))) AS after_kwh,
        sum(ABS(d.other_loss_kwh - p.other_rate * CAST(d.other_in_kwh AS DECIMAL(38, 4)))) AS other_before_kwh,
        sum(ABS(d.other_loss_kwh - d.kwh - p.other_rate_moved * CAST(d.other_in_kwh AS DECIMAL(38, 4)))) AS other_after_kwh
    FROM plausible AS p
    INNER JOIN paired AS d ON d.mp_id = p.mp_id AND d.district_id = p.district_id AND d.other_district_id = p.other_district_id
    GROUP BY p.mp_id, p.district_id, p.other_district_id
),

scored AS (
    SELECT
        p.mp_id,
        p.district_id,
        p.other_district_id,
        p.days,
        p.kwh,
        p.rate,
        p.rate_moved,
        p.other_rate,
        p.other_rate_moved,
        COALESCE(div_hu(s.after_kwh + s.other_after_kwh, s.before_kwh + s.other_before_kwh, 4), 1) AS score,
        s.after_kwh <= s.before_kwh AND s.other_after_kwh <= s.other_before_kwh AS both_calmer,
        g.loses_too_little,
        d.sources AS topology_sources
    FROM plausible AS p
    INNER JOIN disorder AS s ON s.mp_id = p.mp_id AND s.district_id = p.district_id AND s.other_district_id = p.other_district_id
    INNER JOIN level AS g ON g.district_id = p.district_id
    LEFT JOIN disagreement AS d ON d.mp_id = p.mp_id AND d.other_district_id = p.other_district_id
),

-- Many customers of like size may fit alike: without a second system's word only one that stands out is named.
ranked AS (
    SELECT
        mp_id,
        district_id,
        other_district_id,
        days,
        kwh,
        rate,
        rate_moved,
        other_rate,
        other_rate_moved,
        score,
        both_calmer,
        loses_too_little,
        topology_sources,
        row_number() OVER (PARTITION BY district_id ORDER BY score, mp_id, other_district_id) AS place_in_district,
        lead(score) OVER (PARTITION BY district_id ORDER BY score, mp_id, other_district_id) AS next_score
    FROM scored
),

accepted AS (
    SELECT mp_id, district_id, other_district_id, days, kwh, rate, rate_moved, other_rate, other_rate_moved, score, topology_sources
    FROM ranked
    WHERE
        (
            topology_sources IS NOT NULL
            AND (
                score <= CAST($topology_score AS DECIMAL(38, 4))
                -- The same energy every day leaves the disorder as it is: then the levels of both districts must speak.
                OR (loses_too_little AND other_rate > CAST($high_rate AS DECIMAL(38, 4)))
            )
        )
        OR (
            topology_sources IS NULL
            AND loses_too_little
            AND both_calmer
            AND score <= CAST($energy_score AS DECIMAL(38, 4))
            AND place_in_district = 1
            AND (next_score IS NULL OR score <= CAST($stand_out AS DECIMAL(38, 4)) * next_score)
        )
    QUALIFY row_number() OVER (PARTITION BY mp_id ORDER BY score, other_district_id) = 1
)

SELECT
    a.mp_id AS subject_id,
    m.org_no,
    m.customer_no,
    a.mp_id,
    $month AS bill_month,
    $month AS period_from,
    LEAST($month_end, $as_of) AS period_to,
    a.district_id,
    a.other_district_id,
    COALESCE(a.topology_sources, '') AS topology_sources,
    a.days,
    CAST(a.kwh AS DECIMAL(38, 4)) AS energy_kwh,
    CAST(100 * a.rate AS DECIMAL(38, 2)) AS loss_pct,
    CAST(100 * a.rate_moved AS DECIMAL(38, 2)) AS loss_pct_moved,
    CAST(100 * a.other_rate AS DECIMAL(38, 2)) AS other_loss_pct,
    CAST(100 * a.other_rate_moved AS DECIMAL(38, 2)) AS other_loss_pct_moved,
    a.score
FROM accepted AS a
INNER JOIN member AS m ON m.mp_id = a.mp_id
