-- The daily energy balance of each feeder (10 kV 线路): what came in, what went to its public districts and to its high-voltage customers, and how far
-- all three are known. Energy of day d is value(d+1) - value(d) of one meter; a day without both is unknown, never zero. What a district loses
-- behind its master meter is the district's (district_day), not the feeder's.
WITH supplied AS (
    SELECT s.feeder_id, s.day, s.supply_kwh, f.org_no
    FROM feeder_daily AS s
    INNER JOIN feeder AS f ON f.feeder_id = s.feeder_id
    WHERE s.day >= $month AND s.day < $month_end AND s.supply_kwh IS NOT NULL
),

fed AS (
    SELECT t.feeder_id, d.day, sum(d.supply_kwh) AS district_kwh, count(d.supply_kwh) AS districts_known
    FROM district_daily AS d
    INNER JOIN district AS t ON t.district_id = d.district_id
    WHERE t.ownership = 'public' AND d.day >= $month AND d.day < $month_end
    GROUP BY t.feeder_id, d.day
),

hung AS (
    SELECT feeder_id, count(*) AS districts
    FROM district
    WHERE ownership = 'public'
    GROUP BY feeder_id
),

-- Main meters of high-voltage customers: what hangs on a public district is in its master meter already, and a low-voltage point of no district is too.
point AS (
    SELECT
        p.mp_id,
        p.customer_no,
        p.feeder_id,
        p.usage,
        p.opened_on,
        p.removed_on,
        p.status = 'running' OR (p.status = 'removed' AND p.removed_on IS NOT NULL) AS is_expected
    FROM metering_point AS p
    LEFT JOIN district AS t ON t.district_id = p.district_id
    WHERE
        p.feeder_id IS NOT NULL
        AND p.parent_mp_id IS NULL
        AND p.status <> 'planned'
        AND p.usage IN ('billing', 'generation', 'export')
        AND (t.ownership = 'dedicated' OR (p.district_id IS NULL AND p.metering_mode IN ('hv_hv', 'hv_lv')))
),

full_export AS (
    SELECT DISTINCT generation_mp_id AS mp_id
    FROM generation_asset
    WHERE mode = 'full_export' AND generation_mp_id IS NOT NULL AND (export_mp_id IS NULL OR export_mp_id = generation_mp_id)
),

exporting_customer AS (
    SELECT customer_no
    FROM point
    WHERE usage = 'export'
    UNION
    SELECT p.customer_no
    FROM point AS p
    SEMI JOIN full_export AS f ON f.mp_id = p.mp_id
),

-- A two-way meter of a customer with generation and no export point of its own: its reverse register is the export.
channel AS (
    SELECT mp_id, feeder_id, opened_on, removed_on, is_expected, 'total' AS register, 'sold' AS side
    FROM point
    WHERE usage = 'billing'
    UNION ALL
    SELECT p.mp_id, p.feeder_id, p.opened_on, p.removed_on, p.is_expected, 'total' AS register, 'source' AS side
    FROM point AS p
    LEFT JOIN full_export AS f ON f.mp_id = p.mp_id
    WHERE p.usage = 'export' OR (p.usage = 'generation' AND f.mp_id IS NOT NULL)
    UNION ALL
    SELECT p.mp_id, p.feeder_id, p.opened_on, p.removed_on, p.is_expected, 'reverse' AS register, 'source' AS side
    FROM point AS p
    INNER JOIN customer AS c ON c.customer_no = p.customer_no
    ANTI JOIN exporting_customer AS e ON e.customer_no = p.customer_no
    WHERE p.usage = 'billing' AND c.has_generation
),

-- Beyond twice the largest current on three phases all day stands a garbled reading, not energy (domain 6.1 names the factor 2).
installed AS (
    SELECT
        c.mp_id,
        c.register,
        i.meter_id,
        CAST(i.installed_at AS DATE) AS installed_on,
        CAST(i.removed_at AS DATE) AS ended_on,
        i.multiplier,
        CAST(2 * 3 * 24 AS DECIMAL(38, 0)) * m.ref_voltage_v * m.max_current_a AS day_limit_wh
    FROM channel AS c
    INNER JOIN meter_installation AS i ON i.mp_id = c.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
),

reading_pair AS (
    SELECT
        n.mp_id,
        n.register,
        n.multiplier,
        n.day_limit_wh,
        f.day,
        f.value,
        lead(f.day) OVER w AS next_day,
        lead(f.value) OVER w AS next_value
    FROM daily_freeze AS f
    INNER JOIN installed AS n
        ON
            n.mp_id = f.mp_id
            AND n.meter_id = f.meter_id
            AND n.register = f.register
            AND f.day >= n.installed_on
            AND (n.ended_on IS NULL OR f.day <= n.ended_on)
    WHERE f.value IS NOT NULL AND f.day >= $month AND f.day <= $month_end
    WINDOW w AS (PARTITION BY n.mp_id, n.register, n.meter_id, n.installed_on ORDER BY f.day)
),

energy AS (
    SELECT mp_id, register, day, CAST(next_value - value AS DECIMAL(38, 4)) * multiplier AS kwh
    FROM reading_pair
    WHERE
        date_diff('day', day, next_day) = 1
        AND next_value >= value
        AND (day_limit_wh IS NULL OR day_limit_wh = 0 OR (next_value - value) * 1000 <= day_limit_wh)
),

-- Each point on each of its days, with its energy where that is known.
spoken AS (
    SELECT
        s.feeder_id,
        s.day,
        c.side,
        c.is_expected,
        e.kwh,
        e.mp_id IS NOT NULL AS is_known
    FROM supplied AS s
    INNER JOIN channel AS c
        ON
            c.feeder_id = s.feeder_id
            AND (c.opened_on IS NULL OR c.opened_on <= s.day)
            AND (c.removed_on IS NULL OR c.removed_on > s.day)
    LEFT JOIN energy AS e ON e.mp_id = c.mp_id AND e.register = c.register AND e.day = s.day
),

known AS (
    SELECT
        feeder_id,
        day,
        sum(kwh) FILTER (WHERE side = 'sold') AS sold_kwh,
        sum(kwh) FILTER (WHERE side = 'source') AS source_kwh,
        count(*) FILTER (WHERE side = 'sold' AND is_expected) AS members,
        count(*) FILTER (WHERE side = 'sold' AND is_expected AND is_known) AS members_known,
        count(*) FILTER (WHERE side = 'source' AND is_expected) AS sources,
        count(*) FILTER (WHERE side = 'source' AND is_expected AND is_known) AS sources_known
    FROM spoken
    GROUP BY feeder_id, day
),

-- A day on which a switching of the feeder, or of one of its districts, lasts. One that was never undone is the new normal state after its first day.
switched_day AS (
    SELECT DISTINCT f.feeder_id, s.day
    FROM feeder_switching AS w
    LEFT JOIN district AS t ON t.district_id = w.district_id
    INNER JOIN feeder AS f ON f.feeder_id = w.feeder_id OR f.feeder_id = t.feeder_id
    INNER JOIN supplied AS s
        ON
            s.feeder_id = f.feeder_id
            AND s.day >= CAST(w.from_at AS DATE)
            AND (
                s.day <= CAST(w.to_at AS DATE)
                OR (w.to_at IS NULL AND (w.district_id IS NOT NULL OR s.day = CAST(w.from_at AS DATE)))
            )
),

balance AS (
    SELECT
        s.feeder_id,
        s.day,
        s.org_no,
        CAST(s.supply_kwh + COALESCE(k.source_kwh, 0) AS DECIMAL(38, 4)) AS energy_in_kwh,
        CAST(COALESCE(d.district_kwh, 0) AS DECIMAL(38, 4)) AS district_kwh,
        CAST(COALESCE(k.sold_kwh, 0) AS DECIMAL(38, 4)) AS customer_kwh,
        CAST(COALESCE(k.source_kwh, 0) AS DECIMAL(38, 4)) AS source_kwh,
        COALESCE(h.districts, 0) AS districts,
        COALESCE(d.districts_known, 0) AS districts_known,
        COALESCE(k.members, 0) AS members,
        COALESCE(k.members_known, 0) AS members_known,
        COALESCE(k.sources, 0) AS sources,
        COALESCE(k.sources_known, 0) AS sources_known,
        w.day IS NOT NULL AS switched
    FROM supplied AS s
    LEFT JOIN fed AS d ON d.feeder_id = s.feeder_id AND d.day = s.day
    LEFT JOIN hung AS h ON h.feeder_id = s.feeder_id
    LEFT JOIN known AS k ON k.feeder_id = s.feeder_id AND k.day = s.day
    LEFT JOIN switched_day AS w ON w.feeder_id = s.feeder_id AND w.day = s.day
)

SELECT
    feeder_id,
    day,
    org_no,
    energy_in_kwh,
    district_kwh,
    customer_kwh,
    source_kwh,
    energy_in_kwh - district_kwh - customer_kwh AS loss_kwh,
    districts,
    districts_known,
    members,
    members_known,
    districts_known = districts AND members_known = members AND districts + members > 0 AS outlets_complete,
    sources_known = sources AS sources_complete,
    switched
FROM balance
