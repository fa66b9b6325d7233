-- The extract's own price book, columns in the order of PriceRow.
SELECT price_book, tariff_code, voltage_code, component, register, valid_from, valid_to, unit_price, in_pf_base, source
FROM price
