-- Customers whose capacity for billing (计费容量) in the archive is not what their transformers in service add up to.
WITH unit_day AS (
    -- Three days decide: the last of the month; one some days before it, for the archive may lag; and the latest, for it may be ahead.
    SELECT
        t.customer_no,
        t.kva,
        s.state,
        s.valid_from < $month_end AND (s.valid_to IS NULL OR s.valid_to >= $month_end) AS is_as_of,
        s.valid_from < CAST($month_end - $lag_days * INTERVAL 1 DAY AS DATE)
        AND (s.valid_to IS NULL OR s.valid_to >= CAST($month_end - $lag_days * INTERVAL 1 DAY AS DATE)) AS is_before,
        s.valid_to IS NULL AS is_latest
    FROM transformer AS t
    INNER JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
    WHERE s.valid_to IS NULL OR s.valid_to >= CAST($month_end - $lag_days * INTERVAL 1 DAY AS DATE)
),

ledger AS (
    SELECT
        customer_no,
        CAST(COALESCE(sum(kva) FILTER (WHERE is_before AND state IN ('running', 'hot_standby')), 0) AS DECIMAL(14, 4)) AS before_kva,
        CAST(COALESCE(sum(kva) FILTER (WHERE is_latest AND state IN ('running', 'hot_standby')), 0) AS DECIMAL(14, 4)) AS latest_kva,
        CAST(COALESCE(sum(kva) FILTER (WHERE is_as_of AND state = 'hot_standby'), 0) AS DECIMAL(14, 4)) AS hot_standby_kva
    FROM unit_day
    GROUP BY customer_no
),

unequal AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.contract_kva,
        c.running_kva AS archive_kva,
        c.running_kva_as_of AS in_service_kva,
        c.transformers,
        c.running_transformers,
        k.hot_standby_kva
    FROM customer_state AS c
    INNER JOIN ledger AS k ON k.customer_no = c.customer_no
    WHERE
        c.status <> 'closed'
        AND c.transformer_states_known
        AND c.running_kva IS NOT NULL
        AND ABS(c.running_kva - c.running_kva_as_of) > $tolerance_kva
        AND ABS(c.running_kva - k.before_kva) > $tolerance_kva
        AND ABS(c.running_kva - k.latest_kva) > $tolerance_kva
),

-- What the month's bill charged by capacity, point by point.
charged AS (
    SELECT
        b.bill_id,
        b.customer_no,
        b.divisor,
        l.mp_id,
        sum(l.quantity) AS billed_kva,
        sum(l.amount_yuan) AS billed_yuan,
        CASE WHEN min(l.unit_price) = max(l.unit_price) THEN min(l.unit_price) END AS unit_price
    FROM rebill_bill AS b
    SEMI JOIN unequal AS u ON u.customer_no = b.customer_no
    INNER JOIN bill_line AS l ON l.bill_id = b.bill_id
    WHERE b.refusal IS NULL AND l.item = 'basic' AND l.component = 'capacity'
    GROUP BY b.bill_id, b.customer_no, b.divisor, l.mp_id
),

served AS (
    SELECT d.bill_id, d.mp_id, sum(CAST(d.kva AS DECIMAL(38, 4)) * d.charged_days) AS kva_days
    FROM transformer_days AS d
    SEMI JOIN charged AS k ON k.bill_id = d.bill_id
    GROUP BY d.bill_id, d.mp_id
),

-- kVA-days × price ÷ days, half up to 0.01 (2.4): a unit in service on some days is charged for those.
bills AS (
    SELECT
        k.customer_no,
        min(k.mp_id) AS mp_id,
        sum(k.billed_kva) AS billed_kva,
        CASE WHEN min(k.unit_price) = max(k.unit_price) THEN min(k.unit_price) END AS unit_price,
        CASE WHEN count(*) = count(k.unit_price) AND count(*) = count(s.kva_days) THEN
            sum(div_hu(CAST(s.kva_days AS DECIMAL(38, 4)) * k.unit_price, k.divisor, 2) - k.billed_yuan)
        END AS yuan
    FROM charged AS k
    LEFT JOIN served AS s ON s.bill_id = k.bill_id AND s.mp_id = k.mp_id
    GROUP BY k.customer_no
)

SELECT
    u.customer_no AS subject_id,
    u.org_no,
    u.customer_no,
    b.mp_id,
    $month AS bill_month,
    u.contract_kva,
    u.archive_kva,
    u.in_service_kva,
    u.in_service_kva - u.archive_kva AS difference_kva,
    u.transformers,
    u.running_transformers,
    u.hot_standby_kva,
    b.billed_kva,
    b.unit_price AS capacity_price,
    b.yuan AS yuan_at_stake
FROM unequal AS u
LEFT JOIN bills AS b ON b.customer_no = u.customer_no
