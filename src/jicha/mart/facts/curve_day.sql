-- What the 96-point curve of a metering point says about a day: extremes, energy, and how many points show a phase without voltage or current.
-- The limits are the default criteria of the smart meter itself: loss of voltage (失压) below 78 % of nominal voltage while current flows (> 0.5 % Ib);
-- loss of current (失流) below 0.5 % Ib at a voltage above 70 % while another phase carries more than 5 % Ib. A three-wire meter never judges phase B.
WITH used AS (
    SELECT
        i.mp_id,
        i.installed_at,
        LEAST(i.removed_at, lead(i.installed_at) OVER (PARTITION BY i.mp_id ORDER BY i.installed_at)) AS ended_at,
        i.multiplier,
        p.wiring,
        m.basic_current_a AS basic_a,
        -- Some ledgers hold the voltage between the lines of a four-wire meter.
        CASE
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v = 100 THEN 57.7
            WHEN p.wiring = '3p4w' AND m.ref_voltage_v BETWEEN 360 AND 420 THEN 220
            ELSE m.ref_voltage_v
        END AS nominal_v
    FROM meter_installation AS i
    INNER JOIN metering_point AS p ON p.mp_id = i.mp_id
    LEFT JOIN meter AS m ON m.meter_id = i.meter_id
),

point AS (
    SELECT
        c.mp_id,
        -- A point stands at the end of its quarter hour: 24:00 belongs to the day before.
        CAST(c.at - INTERVAL 15 MINUTE AS DATE) AS day,
        CAST(c.p_kw AS DECIMAL(38, 4)) * u.multiplier AS p_kw,
        c.p_kw IS NOT NULL AS has_power,
        u.wiring,
        u.nominal_v,
        u.basic_a,
        c.ua_v,
        c.ub_v,
        c.uc_v,
        ABS(c.ia_a) AS ia_a,
        ABS(c.ib_a) AS ib_a,
        ABS(c.ic_a) AS ic_a
    FROM curve AS c
    INNER JOIN used AS u ON u.mp_id = c.mp_id AND c.at > u.installed_at AND (u.ended_at IS NULL OR c.at <= u.ended_at)
)

SELECT
    mp_id,
    day,
    count(*) AS points,
    count(*) FILTER (WHERE has_power) AS power_points,
    max(p_kw) AS max_kw,
    min(p_kw) AS min_kw,
    sum(p_kw) * 0.25 AS energy_kwh,
    max(GREATEST(ia_a, ib_a, ic_a)) AS max_current_a,
    count(*) FILTER (WHERE wiring <> '1p2w' AND 100 * ua_v < 78 * nominal_v AND 1000 * ia_a > 5 * basic_a) AS voltage_loss_a,
    count(*) FILTER (WHERE wiring = '3p4w' AND 100 * ub_v < 78 * nominal_v AND 1000 * ib_a > 5 * basic_a) AS voltage_loss_b,
    count(*) FILTER (WHERE wiring <> '1p2w' AND 100 * uc_v < 78 * nominal_v AND 1000 * ic_a > 5 * basic_a) AS voltage_loss_c,
    count(*) FILTER (
        WHERE
            wiring <> '1p2w'
            AND 1000 * ia_a < 5 * basic_a
            AND 100 * ua_v > 70 * nominal_v
            AND (ic_a > 0.05 * basic_a OR (wiring = '3p4w' AND ib_a > 0.05 * basic_a))
    ) AS current_loss_a,
    count(*) FILTER (
        WHERE
            wiring = '3p4w'
            AND 1000 * ib_a < 5 * basic_a
            AND 100 * ub_v > 70 * nominal_v
            AND (ia_a > 0.05 * basic_a OR ic_a > 0.05 * basic_a)
    ) AS current_loss_b,
    count(*) FILTER (
        WHERE
            wiring <> '1p2w'
            AND 1000 * ic_a < 5 * basic_a
            AND 100 * uc_v > 70 * nominal_v
            AND (ia_a > 0.05 * basic_a OR (wiring = '3p4w' AND ib_a > 0.05 * basic_a))
    ) AS current_loss_c
FROM point
GROUP BY mp_id, day
