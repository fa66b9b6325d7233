-- Bills issued while the reading behind them could not be true, and nobody had opened an order or touched the reading.
-- The conditions are those of MR-02, MR-05, MR-07 and MR-10, each without the cases that these take for harmless.
WITH clocks AS (
    SELECT DISTINCT mp_id, meter_id
    FROM meter_event
    WHERE code IN ($clock_event_codes) AND (ended_at IS NULL OR ended_at >= CAST(add_months($month, -1) AS TIMESTAMP)) AND started_at < CAST($month_end AS TIMESTAMP)
),

resets AS (
    SELECT DISTINCT mp_id, meter_id
    FROM meter_event
    WHERE code IN ($reset_event_codes) AND started_at >= CAST(add_months($month, -1) AS TIMESTAMP) AND started_at < CAST($month_end AS TIMESTAMP)
),

-- MR-02: another value than the frozen one of the same day.
unfrozen AS (
    SELECT f.customer_no, f.mp_id, f.read_at, 'MR-02' AS doubt
    FROM freeze_month AS f
    ANTI JOIN clocks AS k ON k.mp_id = f.mp_id AND k.meter_id = f.meter_id
    WHERE
        f.bill_month = $month
        AND (f.method IS NULL OR f.method <> 'estimated')
        AND CAST(ABS(f.gap_register) AS DECIMAL(38, 4)) * f.multiplier
        > GREATEST(CAST($tolerance_kwh AS DECIMAL(38, 4)), CAST(ABS(COALESCE(f.energy_kwh, 0)) AS DECIMAL(38, 4)) * $tolerance_share)
        AND NOT EXISTS (
            SELECT 1
            FROM meter_installation AS i
            WHERE i.mp_id = f.mp_id AND (CAST(i.installed_at AS DATE) = f.read_day OR CAST(i.removed_at AS DATE) = f.read_day)
        )
),

-- MR-05: a register fell, with no generation behind the meter and no programming.
fallen AS (
    SELECT e.customer_no, e.mp_id, e.read_at, 'MR-05' AS doubt
    FROM register_energy AS e
    INNER JOIN customer AS c ON c.customer_no = e.customer_no
    ANTI JOIN resets AS z ON z.mp_id = e.mp_id AND z.meter_id = e.meter_id
    WHERE e.bill_month = $month AND e.is_backward AND e.usage = 'billing' AND NOT c.has_generation
),

-- MR-07: the total register and its bands.
bands AS (
    SELECT
        mp_id,
        meter_id,
        min(customer_no) AS customer_no,
        max(read_at) AS read_at,
        max(CASE WHEN register = 'total' THEN delta_register END) AS total_delta,
        sum(CASE WHEN register <> 'total' THEN delta_register END) AS band_delta,
        count(*) FILTER (WHERE register <> 'total') AS band_count
    FROM register_energy
    WHERE bill_month = $month AND usage = 'billing' AND register IN ('total', 'sharp', 'peak', 'flat', 'valley', 'deep_valley')
    GROUP BY mp_id, meter_id
    HAVING count(*) = count(delta_register) AND NOT bool_or(is_backward) AND min(read_at) = max(read_at) AND min(previous_at) = max(previous_at)
),

unequal AS (
    SELECT b.customer_no, b.mp_id, b.read_at, 'MR-07' AS doubt
    FROM bands AS b
    WHERE
        b.band_count >= 2
        AND ABS(b.total_delta - b.band_delta) > CAST(b.total_delta AS DECIMAL(38, 4)) * $band_share
        AND ABS(b.total_delta - b.band_delta) > $minimum_register
        -- A band that this meter delivered before and not now: a register is absent.
        AND NOT EXISTS (
            SELECT 1
            FROM register_energy AS h
            WHERE
                h.mp_id = b.mp_id
                AND h.meter_id = b.meter_id
                AND h.bill_month < $month
                AND ym(h.bill_month) >= ym($month) - 12
                AND h.register IN ('sharp', 'peak', 'flat', 'valley', 'deep_valley')
                AND NOT EXISTS (
                    SELECT 1
                    FROM register_energy AS n
                    WHERE n.mp_id = h.mp_id AND n.meter_id = h.meter_id AND n.register = h.register AND n.bill_month = $month
                )
        )
),

-- MR-10: more energy than the capacity can carry; where a register fell, what the bill made of it.
metered AS (
    SELECT
        m.customer_no,
        min(m.mp_id) AS mp_id,
        max(m.read_on) AS read_on,
        max(m.days) AS days,
        CASE
            WHEN bool_or(m.has_backward) THEN GREATEST(COALESCE(sum(m.energy_kwh) FILTER (WHERE m.energy_kwh > 0), 0), COALESCE(max(b.normal_kwh), 0))
            ELSE sum(m.energy_kwh) FILTER (WHERE m.energy_kwh > 0)
        END AS energy_kwh
    FROM point_month AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    LEFT JOIN customer_month AS b ON b.customer_no = m.customer_no AND b.bill_month = $month
    WHERE m.bill_month = $month AND m.usage = 'billing' AND p.parent_mp_id IS NULL AND m.days > 0
    GROUP BY m.customer_no
),

impossible AS (
    SELECT m.customer_no, m.mp_id, CAST(m.read_on AS TIMESTAMP) AS read_at, 'MR-10' AS doubt
    FROM metered AS m
    INNER JOIN customer_state AS c ON c.customer_no = m.customer_no
    WHERE
        GREATEST(COALESCE(c.running_kva, c.contract_kva, 0), COALESCE(c.transformer_kva, 0)) > 0
        AND m.energy_kwh
        > CAST(GREATEST(COALESCE(c.running_kva, c.contract_kva, 0), COALESCE(c.transformer_kva, 0)) AS DECIMAL(38, 4)) * (m.days * 24) * $utilisation
        -- Reading of a capacity that was increased lately and is not in the archive yet.
        AND NOT EXISTS (
            SELECT 1
            FROM work_order AS w
            WHERE
                w.customer_no = m.customer_no
                AND w.kind = 'capacity_increase'
                AND w.state = 'done'
                AND w.closed_at >= CAST(add_months($month, -12) AS TIMESTAMP)
        )
),

doubts AS (
    SELECT customer_no, mp_id, read_at, doubt FROM unfrozen
    UNION ALL
    SELECT customer_no, mp_id, read_at, doubt FROM fallen
    UNION ALL
    SELECT customer_no, mp_id, read_at, doubt FROM unequal
    UNION ALL
    SELECT customer_no, mp_id, read_at, doubt FROM impossible
),

issued AS (
    SELECT
        b.bill_id,
        b.org_no,
        b.customer_no,
        b.period_from,
        b.period_to,
        b.issued_at,
        b.total_yuan,
        d.mp_id,
        d.read_at,
        d.doubt
    FROM bill AS b
    INNER JOIN doubts AS d ON d.customer_no = b.customer_no
    WHERE
        b.bill_month = $month
        AND b.kind = 'normal'
        AND b.issued_at >= d.read_at
        AND b.period_from < CAST(d.read_at AS DATE)
),

-- Somebody looked: an order that was open between the reading and the issue, or an entry in the reading.
handled AS (
    SELECT i.bill_id, i.doubt
    FROM issued AS i
    INNER JOIN work_order AS w ON w.customer_no = i.customer_no
    WHERE
        w.kind IN ($order_kinds)
        AND w.state <> 'cancelled'
        AND w.opened_at <= i.issued_at
        AND (w.closed_at IS NULL OR w.closed_at >= i.read_at)
    UNION ALL
    SELECT i.bill_id, i.doubt
    FROM issued AS i
    INNER JOIN reading AS r ON r.mp_id = i.mp_id AND r.bill_month = $month
    WHERE r.edited_at >= i.read_at AND r.edited_at <= i.issued_at
)

SELECT
    i.bill_id AS subject_id,
    i.org_no,
    i.customer_no,
    min(i.mp_id) AS mp_id,
    $month AS bill_month,
    i.period_from,
    i.period_to,
    string_agg(DISTINCT i.doubt, ', ' ORDER BY i.doubt) AS doubts,
    min(i.read_at) AS read_at,
    i.issued_at,
    i.total_yuan AS bill_yuan
FROM issued AS i
ANTI JOIN handled AS h ON h.bill_id = i.bill_id AND h.doubt = i.doubt
GROUP BY i.bill_id, i.org_no, i.customer_no, i.period_from, i.period_to, i.issued_at, i.total_yuan
