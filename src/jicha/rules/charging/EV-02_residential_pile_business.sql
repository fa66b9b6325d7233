-- Charging piles on the residential price whose energy says that they serve the public (居民桩经营).
WITH used AS (
    SELECT
        s.site_id,
        s.mp_id,
        s.place,
        s.piles,
        s.rated_kw,
        p.customer_no,
        p.org_no,
        p.tariff_code,
        e.energy_kwh,
        e.previous_on,
        e.read_on,
        e.days
    FROM charging_site AS s
    INNER JOIN point_scheme AS p ON p.mp_id = s.mp_id
    INNER JOIN tariff_class AS t ON t.tariff_code = p.tariff_code
    INNER JOIN point_month AS e ON e.mp_id = s.mp_id AND e.bill_month = $month
    WHERE
        p.has_scheme
        AND t.tariff_class = 'residential'
        -- A compound's piles serve many households: there much energy is no sign of a business.
        AND s.place = 'home'
        AND e.energy_kwh IS NOT NULL
        AND e.days BETWEEN 1 AND $longest_days
        AND NOT e.estimated
        AND NOT e.missed
)

SELECT
    u.site_id AS subject_id,
    u.org_no,
    u.customer_no,
    u.mp_id,
    $month AS bill_month,
    u.previous_on AS period_from,
    u.read_on AS period_to,
    u.place,
    u.piles,
    u.rated_kw,
    u.tariff_code,
    u.days,
    u.energy_kwh,
    u.energy_kwh AS kwh_at_stake
FROM used AS u
WHERE u.energy_kwh > $month_kwh * COALESCE(GREATEST(u.piles, 1), 1)
