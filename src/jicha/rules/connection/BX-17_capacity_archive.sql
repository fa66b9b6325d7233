-- Customers whose contract capacity is not the capacity in service plus what is out of service for a time, or is not what their transformers add up to.
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

out_of_service AS (
    SELECT
        customer_no,
        COALESCE(sum(kva) FILTER (WHERE is_as_of AND state IN ('suspended', 'cold_standby')), 0) AS stopped_kva,
        COALESCE(sum(kva) FILTER (WHERE is_before AND state IN ('suspended', 'cold_standby')), 0) AS stopped_before_kva,
        COALESCE(sum(kva) FILTER (WHERE is_latest AND state IN ('suspended', 'cold_standby')), 0) AS stopped_latest_kva,
        COALESCE(sum(kva) FILTER (WHERE is_as_of AND state = 'reduced'), 0) AS reduced_kva,
        COALESCE(sum(kva) FILTER (WHERE is_before AND state = 'reduced'), 0) AS reduced_before_kva,
        COALESCE(sum(kva) FILTER (WHERE is_latest AND state = 'reduced'), 0) AS reduced_latest_kva,
        COALESCE(sum(kva) FILTER (WHERE is_as_of AND state = 'cold_standby'), 0) AS standby_kva
    FROM unit_day
    GROUP BY customer_no
),

compared AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.contract_kva,
        c.running_kva,
        c.transformer_kva,
        c.transformers,
        COALESCE(o.stopped_kva, 0) AS stopped_kva,
        COALESCE(o.reduced_kva, 0) AS reduced_kva,
        -- A reduction for a time stays in the contract capacity, one for good leaves it: both fit. Of interlocked units (互为备用) the
        -- contract may leave out the one that stands by.
        (c.transformers = 0 OR c.transformer_states_known)
        AND c.status = 'active'
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_kva + o.reduced_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_kva - o.standby_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_kva - o.standby_kva + o.reduced_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_before_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_before_kva + o.reduced_before_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_latest_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.running_kva - COALESCE(o.stopped_latest_kva + o.reduced_latest_kva, 0)) > $tolerance_kva
        AS running_differs,
        c.transformers > 0
        AND ABS(c.contract_kva - c.transformer_kva) > $tolerance_kva
        AND ABS(c.contract_kva - c.transformer_kva + COALESCE(o.reduced_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.transformer_kva + COALESCE(o.standby_kva, 0)) > $tolerance_kva
        AND ABS(c.contract_kva - c.transformer_kva + COALESCE(o.reduced_kva + o.standby_kva, 0)) > $tolerance_kva
        AS transformers_differ
    FROM customer_state AS c
    LEFT JOIN out_of_service AS o ON o.customer_no = c.customer_no
    WHERE c.status <> 'closed' AND c.contract_kva > 0
)

SELECT
    c.customer_no AS subject_id,
    c.org_no,
    c.customer_no,
    c.kind AS customer_kind,
    c.contract_kva,
    c.running_kva,
    c.stopped_kva,
    c.reduced_kva,
    c.transformer_kva,
    c.transformers,
    substr(CONCAT(
        CASE WHEN c.running_differs THEN '、合同容量≠运行容量+停用容量' ELSE '' END,
        CASE WHEN c.transformers_differ THEN '、合同容量≠变压器容量合计' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN c.running_differs THEN ', not what runs and what is out of service' ELSE '' END,
        CASE WHEN c.transformers_differ THEN ', not what the transformers add up to' ELSE '' END
    ), 3) AS reasons_en
FROM compared AS c
WHERE c.running_differs OR c.transformers_differ
