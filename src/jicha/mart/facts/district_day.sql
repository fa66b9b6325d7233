-- The daily energy balance of each district (台区): what came in, what its customers' main meters took, and how far both sides are known.
-- Energy of day d is value(d+1) - value(d) of one meter. Where readings are missing in between, the energy of the whole gap is known as soon
-- as the next reading comes, so a gap of up to a week is spread evenly over its days and told apart as bridged; a longer one is unknown.
-- Only the days of the audited month, so readings matter from eight days before it to eight days after: no longer span is spread.
WITH supplied AS (
    SELECT district_id, day, supply_kwh
    FROM district_daily
    WHERE day >= $month AND day < $month_end
),

point AS (
    SELECT
        mp_id,
        customer_no,
        district_id,
        usage,
        opened_on,
        removed_on,
        status = 'running' AS runs,
        -- A point that was stopped, or given up on an unknown day, adds its energy where it has any, but is not missed where it has none.
        status = 'running' OR (status = 'removed' AND removed_on IS NOT NULL) AS is_expected
    FROM metering_point
    WHERE district_id IS NOT NULL AND parent_mp_id IS NULL AND status <> 'planned' AND usage IN ('billing', 'generation', 'export')
),

full_export AS (
    SELECT DISTINCT generation_mp_id
    FROM generation_asset
    WHERE mode = 'full_export' AND generation_mp_id IS NOT NULL AND (export_mp_id IS NULL OR export_mp_id = generation_mp_id)
),

exporting_customer AS (
    SELECT customer_no
    FROM point
    WHERE usage = 'export'
    UNION ALL
    SELECT g.customer_no
    FROM generation_asset AS g
    INNER JOIN full_export AS f ON f.generation_mp_id = g.generation_mp_id
),

-- A two-way meter of a customer with generation and no export point of its own: its reverse register is the export.
two_way AS (
    SELECT p.mp_id
    FROM point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT ANTI JOIN exporting_customer AS e ON e.customer_no = p.customer_no
    WHERE p.usage = 'billing' AND c.has_generation
),

channel AS (
    SELECT mp_id, district_id, opened_on, removed_on, runs, is_expected, 'total' AS register, 'sold' AS side
    FROM point
    WHERE usage = 'billing'
    UNION ALL
    SELECT mp_id, district_id, opened_on, removed_on, runs, is_expected, 'total' AS register, 'source' AS side
    FROM point
    WHERE usage = 'export'
    UNION ALL
    SELECT p.mp_id, p.district_id, p.opened_on, p.removed_on, p.runs, p.is_expected, 'total' AS register, 'source' AS side
    FROM point AS p
    SEMI JOIN full_export AS f ON f.generation_mp_id = p.mp_id
    WHERE p.usage = 'generation'
    UNION ALL
    SELECT p.mp_id, p.district_id, p.opened_on, p.removed_on, p.runs, p.is_expected, 'reverse' AS register, 'source' AS side
    FROM point AS p
    SEMI JOIN two_way AS t ON t.mp_id = p.mp_id
),

-- The physical limit of a day is 1.2 times the largest current on three phases: beyond it stands a garbled reading, not energy.
-- Each installation gets a number, since a window over numbers costs half of one over three texts.
installed AS (
    SELECT
        row_number() OVER (ORDER BY c.mp_id, i.meter_id, i.installed_at, c.register, c.side) AS installation,
        c.district_id,
        c.side,
        c.mp_id,
        c.register,
        c.is_expected,
        i.meter_id,
        i.installed_at,
        LEAST(i.removed_at, CAST(c.removed_on AS TIMESTAMP)) AS ended_at,
        i.multiplier,
        -- 18 digits compare many times faster than 38; no register (16 digits) comes near the highest number they hold.
        CAST(LEAST(
            div_hu(CAST(3 * 24 * 12 AS DECIMAL(38, 0)) * m.ref_voltage_v * m.max_current_a, 10000, 4),
            CAST(99999999999999 AS DECIMAL(38, 4))
        ) AS DECIMAL(18, 4)) AS day_limit
    FROM channel AS c
    INNER JOIN meter_installation AS i ON i.mp_id = c.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
),

frozen AS (
    SELECT n.installation, f.day, f.value
    FROM daily_freeze AS f
    INNER JOIN installed AS n
        ON
            n.mp_id = f.mp_id
            AND n.meter_id = f.meter_id
            AND n.register = f.register
            AND f.day >= n.installed_at
            AND (n.ended_at IS NULL OR f.day <= n.ended_at)
    WHERE
        f.value IS NOT NULL
        AND f.register IN ('total', 'reverse')
        AND f.day >= CAST($month - 8 * INTERVAL 1 DAY AS DATE)
        AND f.day <= CAST($month_end + 8 * INTERVAL 1 DAY AS DATE)
),

reading_pair AS (
    SELECT
        installation,
        day,
        value,
        lag(day) OVER (PARTITION BY installation ORDER BY day) AS start_day,
        lag(value) OVER (PARTITION BY installation ORDER BY day) AS start_value
    FROM frozen
),

-- One row a district, side and span of readings: nearly all spans are one day, so everything after this is small.
-- Registers of one multiplier are added before they are multiplied: a few products of 128 bits instead of one a reading.
multiplied AS (
    SELECT
        n.district_id,
        n.side,
        n.is_expected,
        n.multiplier,
        r.start_day,
        r.day AS end_day,
        sum(r.value - r.start_value) AS register_sum,
        count(*) AS registers
    FROM reading_pair AS r
    INNER JOIN installed AS n ON n.installation = r.installation
    WHERE
        r.start_day IS NOT NULL
        AND r.value >= r.start_value
        AND (
            n.day_limit IS NULL
            OR n.day_limit = 0
            OR r.value - r.start_value <= n.day_limit
            OR r.value - r.start_value <= CAST(n.day_limit AS DECIMAL(38, 4)) * date_diff('day', r.start_day, r.day)
        )
    GROUP BY n.district_id, n.side, n.is_expected, n.multiplier, r.start_day, r.day
),

energy AS (
    SELECT
        district_id,
        side,
        is_expected,
        start_day,
        end_day,
        date_diff('day', start_day, end_day) AS days,
        sum(CAST(register_sum AS DECIMAL(38, 4)) * multiplier) AS kwh,
        sum(registers) AS registers
    FROM multiplied
    GROUP BY district_id, side, is_expected, start_day, end_day
),

span_day AS (
    SELECT
        district_id,
        side,
        start_day AS day,
        kwh,
        CASE WHEN is_expected THEN registers ELSE 0 END AS measured,
        0 AS bridged,
        0 AS bridged_kwh
    FROM energy
    WHERE days = 1
    UNION ALL
    SELECT
        e.district_id,
        e.side,
        d.day,
        div_hu(e.kwh, e.days, 4) AS kwh,
        0 AS measured,
        CASE WHEN e.is_expected THEN e.registers ELSE 0 END AS bridged,
        div_hu(e.kwh, e.days, 4) AS bridged_kwh
    FROM energy AS e
    INNER JOIN supplied AS d ON d.district_id = e.district_id AND d.day >= e.start_day AND d.day < e.end_day
    WHERE e.days BETWEEN 2 AND 8
),

known AS (
    SELECT
        district_id,
        day,
        sum(kwh) FILTER (WHERE side = 'sold') AS sold_kwh,
        sum(kwh) FILTER (WHERE side = 'source') AS source_kwh,
        sum(bridged_kwh) AS bridged_kwh,
        sum(measured) FILTER (WHERE side = 'sold') AS members_with_reading,
        sum(bridged) FILTER (WHERE side = 'sold') AS members_bridged,
        sum(measured + bridged) FILTER (WHERE side = 'source') AS sources_known
    FROM span_day
    GROUP BY district_id, day
),

-- Generation (分布式电源) whose export no register tells: the energy in of its district is not fully known.
unmeasured_generation AS (
    SELECT p.district_id, p.customer_no, COALESCE(min(g.connected_on), DATE '1900-01-01') AS from_day
    FROM point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    LEFT JOIN generation_asset AS g ON g.customer_no = p.customer_no
    LEFT ANTI JOIN exporting_customer AS e ON e.customer_no = p.customer_no
    LEFT ANTI JOIN (SELECT DISTINCT mp_id FROM daily_freeze WHERE register = 'reverse') AS v ON v.mp_id = p.mp_id
    WHERE p.usage = 'billing' AND (c.has_generation OR g.asset_id IS NOT NULL)
    GROUP BY p.district_id, p.customer_no
),

-- How many registers should speak on a day: one step up on the first day of an installation, one down on the first day without it.
step AS (
    SELECT district_id, side, CAST(installed_at AS DATE) AS day, 1 AS change
    FROM installed
    WHERE is_expected AND (ended_at IS NULL OR ended_at > installed_at)
    UNION ALL
    SELECT
        district_id,
        side,
        CASE
            WHEN ended_at = CAST(CAST(ended_at AS DATE) AS TIMESTAMP) THEN CAST(ended_at AS DATE)
            ELSE CAST(ended_at + INTERVAL 1 DAY AS DATE)
        END AS day,
        -1 AS change
    FROM installed
    WHERE is_expected AND ended_at > installed_at
    UNION ALL
    -- A running point without any record of an installation: its energy cannot be known.
    SELECT c.district_id, c.side, COALESCE(c.opened_on, DATE '1900-01-01') AS day, 1 AS change
    FROM channel AS c
    LEFT ANTI JOIN meter_installation AS i ON i.mp_id = c.mp_id
    WHERE c.runs
    UNION ALL
    SELECT district_id, 'source' AS side, from_day AS day, 1 AS change
    FROM unmeasured_generation
),

timeline AS (
    SELECT
        district_id,
        day,
        sum(sum(sold_change)) OVER (PARTITION BY district_id ORDER BY day) AS members,
        sum(sum(source_change)) OVER (PARTITION BY district_id ORDER BY day) AS sources
    FROM (
        SELECT
            district_id,
            -- Every step before the month counts from its first day on.
            GREATEST(day, $month) AS day,
            CASE WHEN side = 'sold' THEN change ELSE 0 END AS sold_change,
            CASE WHEN side = 'source' THEN change ELSE 0 END AS source_change
        FROM step
        WHERE day < $month_end
        UNION ALL
        SELECT district_id, day, 0 AS sold_change, 0 AS source_change FROM supplied
    ) AS changes
    GROUP BY district_id, day
),

-- A district's own transfer lasts until it is undone. A change of the whole feeder that was never undone is the new normal state after its first day.
switched_day AS (
    SELECT DISTINCT d.district_id, dd.day
    FROM feeder_switching AS s
    INNER JOIN district AS d ON d.district_id = s.district_id OR (s.district_id IS NULL AND d.feeder_id = s.feeder_id)
    INNER JOIN supplied AS dd
        ON
            dd.district_id = d.district_id
            AND dd.day >= CAST(s.from_at AS DATE)
            AND (
                dd.day <= CAST(s.to_at AS DATE)
                OR (s.to_at IS NULL AND (s.district_id IS NOT NULL OR dd.day = CAST(s.from_at AS DATE)))
            )
),

balance AS (
    SELECT
        dd.district_id,
        dd.day,
        d.org_no,
        d.feeder_id,
        CAST(dd.supply_kwh + COALESCE(k.source_kwh, 0) AS DECIMAL(38, 4)) AS energy_in_kwh,
        CAST(COALESCE(k.sold_kwh, 0) AS DECIMAL(38, 4)) AS sold_kwh,
        CAST(COALESCE(k.source_kwh, 0) AS DECIMAL(38, 4)) AS source_kwh,
        CAST(COALESCE(k.bridged_kwh, 0) AS DECIMAL(38, 4)) AS bridged_kwh,
        COALESCE(t.members, 0) AS members,
        COALESCE(k.members_with_reading, 0) AS members_with_reading,
        COALESCE(k.members_bridged, 0) AS members_bridged,
        COALESCE(t.sources, 0) AS sources,
        COALESCE(k.sources_known, 0) AS sources_known,
        (s.day IS NOT NULL) AS switched
    FROM supplied AS dd
    INNER JOIN district AS d ON d.district_id = dd.district_id
    LEFT JOIN known AS k ON k.district_id = dd.district_id AND k.day = dd.day
    LEFT JOIN timeline AS t ON t.district_id = dd.district_id AND t.day = dd.day
    LEFT JOIN switched_day AS s ON s.district_id = dd.district_id AND s.day = dd.day
    WHERE dd.supply_kwh IS NOT NULL
)

SELECT
    district_id,
    day,
    org_no,
    feeder_id,
    energy_in_kwh,
    sold_kwh,
    energy_in_kwh - sold_kwh AS loss_kwh,
    -- A rate beyond 100,000 % says only that the master meter stood still.
    CASE
        WHEN energy_in_kwh > 0 AND ABS(energy_in_kwh - sold_kwh) <= 1000 * energy_in_kwh
            THEN safe_div(energy_in_kwh - sold_kwh, energy_in_kwh)
    END AS loss_rate,
    members,
    members_with_reading,
    members_bridged,
    sources,
    sources_known,
    source_kwh,
    bridged_kwh,
    (members_with_reading + members_bridged = members AND members > 0) AS members_complete,
    (sources_known = sources) AS sources_complete,
    switched
FROM balance
