-- Charging stations whose own meter and the meters of their piles differ by more than losses explain, read over the same days.
WITH piles AS (
    SELECT
        s.parent_mp_id AS mp_id,
        CAST(count(*) AS BIGINT) AS pile_meters,
        string_agg(s.mp_id, ' ' ORDER BY s.mp_id) AS pile_mp_ids,
        CAST(sum(e.energy_kwh) AS DECIMAL(38, 4)) AS pile_kwh,
        -- A pile without a sound reading of the month makes the sum unknown.
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
        AND s.usage IN ('check', 'billing')
        AND s.status = 'running'
        AND (s.opened_on IS NULL OR s.opened_on < $month_end)
    GROUP BY s.parent_mp_id
),

compared AS (
    SELECT
        c.site_id,
        c.mp_id,
        c.place,
        c.piles AS piles_registered,
        m.org_no,
        m.customer_no,
        m.previous_on,
        m.read_on,
        m.energy_kwh AS station_kwh,
        p.pile_kwh,
        p.pile_meters,
        p.pile_mp_ids,
        m.energy_kwh - p.pile_kwh AS gap_kwh
    FROM charging_site AS c
    INNER JOIN point_month AS m ON m.mp_id = c.mp_id AND m.bill_month = $month
    INNER JOIN piles AS p ON p.mp_id = c.mp_id
    WHERE
        m.energy_kwh IS NOT NULL
        AND NOT m.missed
        AND NOT m.estimated
        AND NOT m.has_backward
        AND p.all_known
        AND NOT COALESCE(p.doubtful, FALSE)
        -- Piles without a meter of their own make the station's meter the larger one.
        AND (p.pile_meters >= COALESCE(c.piles, p.pile_meters) OR p.pile_kwh > m.energy_kwh)
        AND p.first_read_on = m.read_on
        AND p.last_read_on = m.read_on
        AND p.first_previous_on = m.previous_on
        AND p.last_previous_on = m.previous_on
)

SELECT
    g.site_id AS subject_id,
    g.org_no,
    g.customer_no,
    g.mp_id,
    $month AS bill_month,
    g.previous_on AS period_from,
    g.read_on AS period_to,
    g.place,
    g.piles_registered,
    g.pile_meters,
    g.pile_mp_ids,
    g.station_kwh,
    CAST(g.pile_kwh AS DECIMAL(18, 4)) AS pile_kwh,
    CAST(div_hu(CAST(g.gap_kwh AS DECIMAL(38, 4)) * 100, GREATEST(g.station_kwh, g.pile_kwh), 2) AS DECIMAL(18, 2)) AS gap_pct,
    CASE WHEN g.gap_kwh > 0 THEN '站表大于桩表之和，疑似站内接入其他负荷' ELSE '站表小于桩表之和，疑似站表少计' END AS fault_zh,
    CASE WHEN g.gap_kwh > 0 THEN 'something besides the piles uses energy behind the station meter' ELSE 'the station meter counts too little' END AS fault_en,
    c.price_yuan_per_kwh,
    CAST(ABS(g.gap_kwh) AS DECIMAL(18, 4)) AS kwh_at_stake,
    -- What the station meter missed was not billed; what something else used behind it was, at the station's price.
    CASE WHEN g.gap_kwh < 0 THEN round_hu(CAST(-g.gap_kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) END AS yuan_at_stake
FROM compared AS g
LEFT JOIN customer_price AS c ON c.customer_no = g.customer_no AND c.bill_month = $month
WHERE
    ABS(g.gap_kwh) > CAST(GREATEST(g.station_kwh, g.pile_kwh) AS DECIMAL(38, 4)) * $share
    AND ABS(g.gap_kwh) > $least_kwh
