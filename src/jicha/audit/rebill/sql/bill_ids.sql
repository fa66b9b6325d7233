-- The normal bills of a month.
SELECT bill_id FROM bill WHERE kind = 'normal' AND bill_month = $month ORDER BY bill_id
