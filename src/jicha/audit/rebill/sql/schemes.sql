-- Every price scheme of the chosen points.
SELECT
    x.mp_id,
    x.valid_from,
    x.valid_to,
    x.tariff_code,
    x.voltage_code,
    x.tou,
    x.pf_standard,
    x.basic_charge_mode,
    x.contract_demand_kw,
    x.step_scheme,
    x.fixed_ratio,
    x.fixed_kwh,
    x.line_loss_pct,
    x.transformer_loss
FROM price_scheme AS x
INNER JOIN chosen_point AS p ON p.mp_id = x.mp_id
ORDER BY x.mp_id, x.valid_from
