WITH points AS (
    SELECT
        customer_no,
        count(*) AS point_count,
        min(mp_id) FILTER (WHERE parent_mp_id IS NULL) AS main_mp_id
    FROM metering_point
    WHERE usage = 'billing'
    GROUP BY customer_no
),
-- Energy that is billed without a meter by agreement: fixed quantity, fixed ratio, transformer and line loss.
unmetered AS (
    SELECT DISTINCT p.customer_no
    FROM metering_point AS p
    LEFT JOIN price_scheme AS s
        ON s.mp_id = p.mp_id AND s.valid_from < $month_end AND (s.valid_to IS NULL OR s.valid_to > add_months($month, -1))
    WHERE s.transformer_loss OR s.fixed_kwh > 0 OR s.fixed_ratio > 0 OR s.line_loss_pct > 0 OR p.metering_mode = 'hv_lv'
),
silent AS (
    -- The meter's own freeze did not move over the span of the bill.
    SELECT
        f.customer_no,
        f.org_no,
        f.mp_id,
        f.meter_id,
        f.energy_kwh AS reading_kwh,
        CASE
            WHEN f.energy_kwh > $minimum_kwh THEN f.energy_kwh
            WHEN n.point_count = 1 AND u.customer_no IS NULL AND b.normal_kwh > $minimum_kwh THEN b.normal_kwh
        END AS kwh
    FROM freeze_month AS f
    INNER JOIN points AS n ON n.customer_no = f.customer_no
    LEFT JOIN unmetered AS u ON u.customer_no = f.customer_no
    LEFT JOIN customer_month AS b ON b.customer_no = f.customer_no AND b.bill_month = f.bill_month
    LEFT JOIN point_month AS m ON m.mp_id = f.mp_id AND m.bill_month = f.bill_month
    WHERE f.bill_month = $month AND f.usage = 'billing' AND f.freeze_energy_kwh = 0 AND NOT m.has_swap
),
reversals AS (
    SELECT
        o.bill_id,
        o.customer_no,
        o.org_no,
        o.bill_month,
        o.kwh,
        r.bill_id AS reversal_id,
        COALESCE(CAST(o.issued_at AS DATE), CAST(o.calculated_at AS DATE)) AS issued_on,
        COALESCE(CAST(r.issued_at AS DATE), CAST(r.calculated_at AS DATE), r.bill_month) AS reversed_on
    FROM bill AS r
    INNER JOIN bill AS o
        ON o.customer_no = r.customer_no
        AND o.kwh = -r.kwh
        AND (r.reverses_bill_id = o.bill_id OR r.reverses_bill_id IS NULL)
    WHERE
        o.kind = 'normal'
        AND o.kwh > 0
        AND r.kind IN ('reversal', 'back_bill')
        AND ym(o.bill_month) >= ym($month) - $cycles
        AND (
            r.bill_month = $month
            OR (
                COALESCE(r.issued_at, r.calculated_at) >= CAST($month AS TIMESTAMP)
                AND COALESCE(r.issued_at, r.calculated_at) < CAST($month_end AS TIMESTAMP)
            )
        )
),
offset_energy AS (
    SELECT v.*
    FROM reversals AS v
    WHERE
        -- Booked in the last days of a month and taken back after it: the month's figures held energy that was not sold.
        date_diff('day', v.issued_on, last_day(v.issued_on)) < $end_days
        AND ym(v.reversed_on) > ym(v.issued_on)
        AND ym(v.reversed_on) - ym(v.bill_month) <= $cycles
        -- A wrong bill that was taken back and billed again is a correction.
        AND NOT EXISTS (
            SELECT 1
            FROM bill AS k
            WHERE
                k.customer_no = v.customer_no
                AND k.bill_month = v.bill_month
                AND k.bill_id <> v.bill_id
                AND k.kind IN ('normal', 'back_bill')
                AND k.kwh > 0
        )
    QUALIFY row_number() OVER (PARTITION BY v.bill_id ORDER BY v.reversal_id) = 1
),
-- A bill with energy for a customer that had no energised metering point with a meter in the period.
without_meter AS (
    SELECT b.customer_no, b.org_no, b.bill_id, b.kwh
    FROM bill AS b
    WHERE
        b.bill_month = $month
        AND b.kind = 'normal'
        AND b.kwh > 0
        AND NOT EXISTS (
            SELECT 1
            FROM metering_point AS p
            INNER JOIN meter_installation AS i ON i.mp_id = p.mp_id
            WHERE
                p.customer_no = b.customer_no
                AND p.status <> 'planned'
                AND (p.removed_on IS NULL OR p.removed_on > COALESCE(b.period_from, add_months($month, -2)))
                AND i.installed_at < CAST(COALESCE(b.period_to, $month_end) AS TIMESTAMP)
                AND (i.removed_at IS NULL OR i.removed_at > CAST(COALESCE(b.period_from, add_months($month, -2)) AS TIMESTAMP))
        )
        AND NOT EXISTS (SELECT 1 FROM unmetered AS u WHERE u.customer_no = b.customer_no)
        -- Energy that a billed reading of the month bears out has a meter, whatever the installation records lack.
        AND NOT EXISTS (
            SELECT 1
            FROM point_month AS m
            WHERE m.customer_no = b.customer_no AND m.bill_month = b.bill_month AND NOT m.missed
        )
),
found AS (
    SELECT customer_no, org_no, 'freeze_did_not_move' AS kind, mp_id, meter_id AS document, kwh
    FROM silent
    WHERE kwh IS NOT NULL
    UNION ALL
    SELECT v.customer_no, v.org_no, 'billed_then_reversed' AS kind, n.main_mp_id AS mp_id, v.bill_id AS document, v.kwh
    FROM offset_energy AS v
    LEFT JOIN points AS n ON n.customer_no = v.customer_no
    UNION ALL
    SELECT w.customer_no, w.org_no, 'no_energised_meter' AS kind, n.main_mp_id AS mp_id, w.bill_id AS document, w.kwh
    FROM without_meter AS w
    LEFT JOIN points AS n ON n.customer_no = w.customer_no
),
by_point AS (
    SELECT
        -- A customer without any metering point is named by its own number.
        COALESCE(mp_id, customer_no) AS subject_id,
        kind,
        min(customer_no) AS customer_no,
        min(org_no) AS org_no,
        min(mp_id) AS mp_id,
        string_agg(document, ' ' ORDER BY document) AS documents,
        sum(kwh) AS kwh
    FROM found
    GROUP BY COALESCE(mp_id, customer_no), kind
)
SELECT
    f.subject_id,
    f.org_no,
    f.customer_no,
    f.mp_id,
    CAST($month AS DATE) AS bill_month,
    f.kind,
    f.documents,
    CAST(f.kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(f.kwh AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM by_point AS f
LEFT JOIN customer_price AS c ON c.customer_no = f.customer_no AND c.bill_month = $month
