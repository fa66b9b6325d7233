-- Every metering point with the price scheme valid on the last day of the audited month; the latest where two overlap.
WITH scheme AS (
    SELECT
        mp_id,
        valid_from,
        valid_to,
        tariff_code,
        voltage_code,
        tou,
        pf_standard,
        basic_charge_mode,
        contract_demand_kw,
        step_scheme,
        fixed_ratio,
        fixed_kwh,
        fixed_verified_on,
        line_loss_pct,
        transformer_loss,
        order_no
    FROM price_scheme
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    QUALIFY row_number() OVER (PARTITION BY mp_id ORDER BY valid_from DESC) = 1
)

SELECT
    p.mp_id,
    p.customer_no,
    p.org_no,
    p.parent_mp_id,
    p.district_id,
    p.feeder_id,
    p.usage,
    p.metering_mode,
    p.wiring,
    p.status,
    p.opened_on,
    p.removed_on,
    c.kind AS customer_kind,
    c.category_code,
    c.voltage_code AS supply_voltage_code,
    s.mp_id IS NOT NULL AS has_scheme,
    s.valid_from AS scheme_from,
    s.valid_to AS scheme_to,
    s.tariff_code,
    s.voltage_code,
    s.tou,
    s.pf_standard,
    s.basic_charge_mode,
    s.contract_demand_kw,
    s.step_scheme,
    s.fixed_ratio,
    s.fixed_kwh,
    s.fixed_verified_on,
    s.line_loss_pct,
    s.transformer_loss,
    s.order_no AS scheme_order_no
FROM metering_point AS p
LEFT JOIN scheme AS s ON s.mp_id = p.mp_id
LEFT JOIN customer AS c ON c.customer_no = p.customer_no
