-- The points of the chosen bills in the order in which a bill lists them.
SELECT customer_no, mp_id, parent_mp_id, metering_mode, is_billed
FROM chosen_point
ORDER BY customer_no, is_billed DESC, mp_id
