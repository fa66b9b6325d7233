-- What happened to a customer, by day: the table that tells it, the column that says what, and its code.
WITH point AS (
    SELECT mp_id FROM metering_point WHERE customer_no = $customer_no
),

mark AS (
    SELECT
        CAST(installed_at AS DATE) AS day,
        'meter_installation' AS table_name,
        'meter_id' AS column_name,
        meter_id AS code
    FROM meter_installation SEMI JOIN point USING (mp_id)
    UNION ALL
    SELECT valid_from, 'price_scheme', 'tariff_code', tariff_code FROM price_scheme SEMI JOIN point USING (mp_id)
    UNION ALL
    SELECT
        t.valid_from,
        'transformer_state',
        'state',
        t.state
    FROM transformer_state AS t
    INNER JOIN transformer USING (transformer_id)
    WHERE transformer.customer_no = $customer_no
    UNION ALL
    SELECT CAST(opened_at AS DATE), 'work_order', 'kind', kind FROM work_order WHERE customer_no = $customer_no
    UNION ALL
    SELECT done_on, 'inspection', 'kind', kind FROM inspection WHERE customer_no = $customer_no
    UNION ALL
    SELECT found_on, 'breach_case', 'nature', nature FROM breach_case WHERE customer_no = $customer_no
    UNION ALL
    SELECT CAST(received_at AS DATE), 'complaint', 'kind', kind FROM complaint WHERE customer_no = $customer_no
    UNION ALL
    SELECT CAST(entered_at AS DATE), 'back_bill', 'cause', cause FROM back_bill WHERE customer_no = $customer_no
    UNION ALL
    SELECT CAST(started_at AS DATE), 'meter_event', 'code', code FROM meter_event SEMI JOIN point USING (mp_id)
    UNION ALL
    SELECT CAST("at" AS DATE), 'seal_operation', 'action', action FROM seal_operation SEMI JOIN point USING (mp_id)
)

SELECT
    day,
    table_name,
    column_name,
    code
FROM mark
WHERE day > $until - $months * INTERVAL 1 MONTH
    AND day < $until + INTERVAL 1 MONTH
ORDER BY day, table_name, code
