-- What the power-factor adjustment of a normal bill of the audited month stands on: the factor, its base, what was charged.
WITH own_bills AS (
    SELECT b.bill_id, b.customer_no, b.kwh, b.kvarh, b.power_factor
    FROM bill AS b
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE b.bill_month = $month AND b.kind = 'normal' AND substr(c.category_code, 1, 1) <> '2'
),

-- A bill that was not assessed often holds no kvarh: the readings have it, of customers with one bill in the month.
silent AS (
    SELECT b.customer_no
    FROM own_bills AS b
    INNER JOIN power_factor_due AS d ON d.customer_no = b.customer_no AND NOT d.may_be_free
    GROUP BY b.customer_no
    HAVING count(*) = 1 AND count(b.kvarh) = 0 AND count(b.power_factor) = 0
),

silent_points AS (
    SELECT s.mp_id, s.customer_no, s.metering_mode, s.transformer_loss
    FROM point_scheme AS s
    SEMI JOIN silent AS q ON q.customer_no = s.customer_no
    WHERE s.usage = 'billing' AND s.parent_mp_id IS NULL AND s.status = 'running'
),

registers AS (
    SELECT
        p.customer_no,
        r.register,
        CAST(round_hu(sum(CAST(r.value - r.previous_value AS DECIMAL(38, 4)) * i.multiplier), 0) AS DECIMAL(38, 0)) AS energy,
        count(*) = count(r.value - r.previous_value) AND min(r.value - r.previous_value) >= 0 AS is_sound
    FROM reading AS r
    INNER JOIN silent_points AS p ON p.mp_id = r.mp_id
    LEFT JOIN meter_installation AS i
        ON
            i.mp_id = r.mp_id
            AND i.meter_id = r.meter_id
            AND r.read_at > i.installed_at
            AND (i.removed_at IS NULL OR r.read_at <= i.removed_at)
    WHERE r.bill_month = $month AND r.register IN ('total', 'reactive')
    GROUP BY p.customer_no, r.register
),

nameplates AS (
    SELECT
        customer_no,
        count(*) AS units,
        CAST(min(kva) AS DECIMAL(38, 4)) AS kva,
        min(no_load_current_pct) AS no_load_current_pct,
        min(impedance_pct) AS impedance_pct
    FROM transformer
    GROUP BY customer_no
),

-- 高供低计: the reactive loss of the one transformer is added, ΔWq = I0 % · S · T + Uk % · (Wp² + Wq²) ÷ (S · T) with T = 720 h.
lossy AS (
    SELECT customer_no, bool_or(metering_mode = 'hv_lv' AND transformer_loss) AS has_loss
    FROM silent_points
    GROUP BY customer_no
),

read_kvarh AS (
    SELECT
        q.customer_no,
        q.energy + CASE
            WHEN NOT l.has_loss THEN 0
            WHEN n.units = 1 AND n.kva > 0 THEN div_hu(
                CAST(n.kva AS DECIMAL(38, 4)) * n.kva * n.no_load_current_pct * 518400
                + CAST(
                    CAST(w.energy AS DECIMAL(38, 0)) * w.energy + CAST(q.energy AS DECIMAL(38, 0)) * q.energy AS DECIMAL(38, 0)
                ) * n.impedance_pct,
                n.kva * 72000,
                0
            )
        END AS kvarh
    FROM registers AS q
    INNER JOIN registers AS w ON w.customer_no = q.customer_no AND w.register = 'total' AND w.is_sound
    INNER JOIN lossy AS l ON l.customer_no = q.customer_no
    LEFT JOIN nameplates AS n ON n.customer_no = q.customer_no
    WHERE q.register = 'reactive' AND q.is_sound
),

bills AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.kwh,
        CAST(COALESCE(b.kvarh, r.kvarh) AS DECIMAL(18, 4)) AS kvarh,
        b.power_factor
    FROM own_bills AS b
    LEFT JOIN read_kvarh AS r ON r.customer_no = b.customer_no
),

-- The book says by tariff and component what belongs to the base; a tariff outside every book follows the usual rule.
book AS (
    SELECT tariff_code, component, bool_and(in_pf_base) AS in_base
    FROM price
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to > $month)
    GROUP BY tariff_code, component
),

lines AS (
    SELECT
        l.bill_id,
        l.item,
        l.amount_yuan,
        CASE
            WHEN l.item = 'basic' THEN TRUE
            WHEN l.item IN ('pf_adjustment', 'fund') THEN FALSE
            ELSE COALESCE(k.in_base, l.item = 'energy')
        END AS in_base
    FROM bill_line AS l
    SEMI JOIN bills AS b ON b.bill_id = l.bill_id
    LEFT JOIN point_scheme AS s ON s.mp_id = l.mp_id
    LEFT JOIN book AS k ON k.tariff_code = s.tariff_code AND k.component = l.component
),

sums AS (
    SELECT
        bill_id,
        sum(amount_yuan) FILTER (WHERE in_base) AS base_yuan,
        COALESCE(sum(amount_yuan) FILTER (WHERE item = 'pf_adjustment'), 0) AS charged_yuan
    FROM lines
    GROUP BY bill_id
),

-- No square root: cos φ rounds to c or more exactly when P² ≥ (c − 0.005)² · (P² + Q²).
computed AS (
    SELECT b.bill_id, max(t.power_factor) AS power_factor
    FROM bills AS b
    CROSS JOIN power_factor_adjustment AS t
    WHERE
        b.power_factor IS NULL
        AND b.kvarh IS NOT NULL
        AND (b.kwh > 0 OR b.kvarh <> 0)
        AND t.pf_standard = 0.90
        AND (
            t.power_factor = 0
            OR CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0)) * CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0)) * 1000000
            >= CAST(t.power_factor * 1000 - 5 AS DECIMAL(38, 0)) * CAST(t.power_factor * 1000 - 5 AS DECIMAL(38, 0))
            * (
                CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0)) * CAST(round_hu(b.kwh, 0) AS DECIMAL(38, 0))
                + CAST(round_hu(b.kvarh, 0) AS DECIMAL(38, 0)) * CAST(round_hu(b.kvarh, 0) AS DECIMAL(38, 0))
            )
        )
    GROUP BY b.bill_id
)

SELECT
    b.bill_id,
    b.customer_no,
    b.kwh,
    b.kvarh,
    CAST(COALESCE(round_hu(b.power_factor, 2), c.power_factor) AS DECIMAL(12, 6)) AS power_factor,
    b.power_factor IS NOT NULL AS factor_is_billed,
    CAST(s.base_yuan AS DECIMAL(18, 2)) AS base_yuan,
    CAST(s.charged_yuan AS DECIMAL(18, 2)) AS charged_yuan
FROM bills AS b
LEFT JOIN computed AS c ON c.bill_id = b.bill_id
LEFT JOIN sums AS s ON s.bill_id = b.bill_id
