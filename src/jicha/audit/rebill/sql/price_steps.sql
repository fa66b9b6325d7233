-- The extract's own step limits, columns in the order of StepRow.
SELECT price_book, tariff_code, step_scheme, step, above_kwh, valid_from, valid_to
FROM price_step
