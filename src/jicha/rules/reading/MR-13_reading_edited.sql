-- Readings whose value was changed after the upload without a work order, and all changed readings of readers who change too many (手工修改示数).
WITH rows_of_month AS (
    SELECT
        mp_id,
        meter_id,
        bill_month,
        register,
        customer_no,
        org_no,
        read_at,
        value,
        method,
        reader_id,
        edited_at,
        edited_by,
        multiplier,
        edited_at < CAST($month_end AS TIMESTAMP)
        -- What a handheld still corrects before the evening's upload is no change after it.
        AND date_diff('minute', read_at, edited_at) > CASE WHEN method = 'ami' THEN 0 ELSE $upload_minutes END AS edited
    FROM register_energy
    WHERE bill_month = $month OR (edited_at >= CAST($month AS TIMESTAMP) AND edited_at < CAST($month_end AS TIMESTAMP))
),
rate AS (
    SELECT
        reader_id,
        count(*) AS reader_rows,
        count(*) FILTER (WHERE edited) AS reader_edits
    FROM rows_of_month
    WHERE bill_month = $month AND reader_id IS NOT NULL
    GROUP BY reader_id
),
-- The log names a reading by its key, in the contract's order, joined by |.
logged AS (
    SELECT
        record_key,
        order_no,
        old_value,
        account_id,
        terminal,
        row_number() OVER (PARTITION BY record_key ORDER BY at, op_id) AS place
    FROM operation_log
    WHERE
        table_name = 'reading'
        AND field = 'value'
        AND action = 'update'
        AND at < CAST($month_end AS TIMESTAMP)
),
log_of AS (
    SELECT
        record_key,
        max(order_no) AS order_no,
        max(old_value) FILTER (WHERE place = 1) AS old_value,
        max(account_id) FILTER (WHERE place = 1) AS account_id,
        max(terminal) FILTER (WHERE place = 1) AS terminal
    FROM logged
    GROUP BY record_key
),
edits AS (
    SELECT
        r.*,
        l.order_no,
        l.account_id,
        l.terminal,
        CAST(TRY_CAST(l.old_value AS DECIMAL(16, 4)) - r.value AS DECIMAL(38, 4)) * r.multiplier AS moved_kwh,
        l.order_no IS NOT NULL
        OR EXISTS (
            SELECT 1
            FROM work_order AS w
            WHERE
                w.customer_no = r.customer_no
                AND w.kind IN ($order_kinds)
                AND w.state <> 'cancelled'
                AND w.opened_at <= r.edited_at
                AND (w.closed_at IS NULL OR w.closed_at >= r.edited_at)
        ) AS by_order
    FROM rows_of_month AS r
    LEFT JOIN log_of AS l ON l.record_key = CONCAT(r.mp_id, '|', r.meter_id, '|', CAST(r.bill_month AS VARCHAR), '|', r.register)
    WHERE r.edited
),
by_point AS (
    SELECT
        mp_id,
        bill_month,
        min(org_no) AS org_no,
        min(customer_no) AS customer_no,
        min(reader_id) AS reader_id,
        min(edited_by) AS edited_by,
        max(edited_at) AS edited_at,
        min(account_id) AS account_id,
        min(terminal) AS terminal,
        max(order_no) AS order_no,
        count(*) AS edited_registers,
        bool_and(by_order) AS by_order,
        sum(moved_kwh) FILTER (WHERE register = 'total') AS moved_kwh
    FROM edits
    GROUP BY mp_id, bill_month
)
SELECT
    p.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    p.mp_id,
    p.bill_month,
    CASE WHEN p.by_order THEN 'reader_rate' ELSE 'no_order' END AS kind,
    p.edited_at,
    p.edited_by,
    p.account_id,
    p.terminal,
    p.order_no,
    p.edited_registers,
    p.reader_id,
    a.reader_edits,
    a.reader_rows,
    CAST(p.moved_kwh AS DECIMAL(18, 4)) AS kwh_at_stake,
    round_hu(CAST(CAST(p.moved_kwh AS DECIMAL(18, 4)) AS DECIMAL(38, 4)) * c.price_yuan_per_kwh, 2) AS yuan_at_stake
FROM by_point AS p
LEFT JOIN rate AS a ON a.reader_id = p.reader_id
LEFT JOIN customer_price AS c ON c.customer_no = p.customer_no AND c.bill_month = p.bill_month
WHERE
    NOT p.by_order
    OR (
        a.reader_edits >= $least_edits
        AND CAST(a.reader_edits AS DECIMAL(38, 6)) > CAST(a.reader_rows AS DECIMAL(38, 6)) * $reader_rate
    )
