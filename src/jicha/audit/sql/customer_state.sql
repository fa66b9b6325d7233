-- How everything about a customer stood at the end of a month; each query gives one row a thing.

-- price_scheme --
SELECT price_scheme.* FROM price_scheme INNER JOIN metering_point USING (mp_id)
WHERE customer_no = $customer_no
    AND valid_from <= last_day($month)
    AND (valid_to IS NULL OR valid_to > last_day($month));

-- meter_installation --
SELECT meter_installation.* FROM meter_installation INNER JOIN metering_point USING (mp_id)
WHERE customer_no = $customer_no
    AND installed_at < last_day($month) + INTERVAL 1 DAY
    AND (removed_at IS NULL OR removed_at >= last_day($month) + INTERVAL 1 DAY);

-- supply_contract --
SELECT * FROM supply_contract
WHERE customer_no = $customer_no AND signed_on <= last_day($month)
QUALIFY row_number() OVER (ORDER BY signed_on DESC, contract_no DESC) = 1;

-- transformer_state --
SELECT transformer_state.* FROM transformer_state INNER JOIN transformer USING (transformer_id)
WHERE customer_no = $customer_no
    AND valid_from <= last_day($month)
    AND (valid_to IS NULL OR valid_to > last_day($month));

-- bill --
SELECT * FROM bill WHERE customer_no = $customer_no AND bill_month = $month AND kind = 'normal';

-- bill_line --
SELECT
    bill_line.mp_id,
    bill_line.item,
    bill_line.component,
    bill_line.register,
    sum(bill_line.quantity) AS quantity,
    max(bill_line.unit_price) AS unit_price,
    sum(bill_line.amount_yuan) AS amount_yuan
FROM bill_line INNER JOIN bill USING (bill_id)
WHERE customer_no = $customer_no AND bill_month = $month AND kind = 'normal'
GROUP BY bill_line.mp_id, bill_line.item, bill_line.component, bill_line.register;

-- operation_log --
-- What was changed in the archive after the earlier month and up to the end of the later one.
SELECT
    "at",
    account_id,
    table_name,
    record_key,
    field,
    old_value,
    new_value
FROM operation_log
WHERE customer_no = $customer_no
    AND "at" >= last_day($earlier) + INTERVAL 1 DAY
    AND "at" < last_day($month) + INTERVAL 1 DAY
ORDER BY "at", record_key, field;
