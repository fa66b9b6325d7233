-- The transformers of the chosen bills' customers with their states, one row a state (null where none is filed).
SELECT
    t.customer_no,
    t.transformer_id,
    t.mp_id,
    t.model,
    t.kva,
    t.no_load_loss_kw,
    t.load_loss_kw,
    t.no_load_current_pct,
    t.impedance_pct,
    s.valid_from,
    s.valid_to,
    s.state,
    s.sealed_on,
    s.agreed_until
FROM transformer AS t
LEFT JOIN transformer_state AS s ON s.transformer_id = t.transformer_id
WHERE t.customer_no IN (SELECT b.customer_no FROM bill AS b INNER JOIN chosen_bill AS c ON c.bill_id = b.bill_id)
ORDER BY t.customer_no, t.transformer_id, s.valid_from
