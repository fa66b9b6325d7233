-- The bills with at least one charge that differs.
SELECT DISTINCT bill_id FROM bill_line_difference ORDER BY bill_id
