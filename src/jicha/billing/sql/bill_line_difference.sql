-- The charges that differ between issued and recomputed bills of the audited month, added up by point, item, component and
-- register; an adjustment belongs to the bill, whatever point it names.
WITH due AS (
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'total' AS register, kwh_total AS due_quantity, energy_total_yuan AS due_yuan FROM recomputed_part WHERE energy_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'sharp' AS register, kwh_sharp AS due_quantity, energy_sharp_yuan AS due_yuan FROM recomputed_part WHERE energy_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'peak' AS register, kwh_peak AS due_quantity, energy_peak_yuan AS due_yuan FROM recomputed_part WHERE energy_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'flat' AS register, kwh_flat AS due_quantity, energy_flat_yuan AS due_yuan FROM recomputed_part WHERE energy_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'valley' AS register, kwh_valley AS due_quantity, energy_valley_yuan AS due_yuan FROM recomputed_part WHERE energy_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'deep_valley' AS register, kwh_deep_valley AS due_quantity, energy_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE energy_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'total' AS register, kwh_total AS due_quantity, purchase_total_yuan AS due_yuan FROM recomputed_part WHERE purchase_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'sharp' AS register, kwh_sharp AS due_quantity, purchase_sharp_yuan AS due_yuan FROM recomputed_part WHERE purchase_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'peak' AS register, kwh_peak AS due_quantity, purchase_peak_yuan AS due_yuan FROM recomputed_part WHERE purchase_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'flat' AS register, kwh_flat AS due_quantity, purchase_flat_yuan AS due_yuan FROM recomputed_part WHERE purchase_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'valley' AS register, kwh_valley AS due_quantity, purchase_valley_yuan AS due_yuan FROM recomputed_part WHERE purchase_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'deep_valley' AS register, kwh_deep_valley AS due_quantity, purchase_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE purchase_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'total' AS register, kwh_total AS due_quantity, line_loss_total_yuan AS due_yuan FROM recomputed_part WHERE line_loss_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'sharp' AS register, kwh_sharp AS due_quantity, line_loss_sharp_yuan AS due_yuan FROM recomputed_part WHERE line_loss_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'peak' AS register, kwh_peak AS due_quantity, line_loss_peak_yuan AS due_yuan FROM recomputed_part WHERE line_loss_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'flat' AS register, kwh_flat AS due_quantity, line_loss_flat_yuan AS due_yuan FROM recomputed_part WHERE line_loss_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'valley' AS register, kwh_valley AS due_quantity, line_loss_valley_yuan AS due_yuan FROM recomputed_part WHERE line_loss_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'deep_valley' AS register, kwh_deep_valley AS due_quantity, line_loss_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE line_loss_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'total' AS register, kwh_total AS due_quantity, transmission_total_yuan AS due_yuan FROM recomputed_part WHERE transmission_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'sharp' AS register, kwh_sharp AS due_quantity, transmission_sharp_yuan AS due_yuan FROM recomputed_part WHERE transmission_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'peak' AS register, kwh_peak AS due_quantity, transmission_peak_yuan AS due_yuan FROM recomputed_part WHERE transmission_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'flat' AS register, kwh_flat AS due_quantity, transmission_flat_yuan AS due_yuan FROM recomputed_part WHERE transmission_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'valley' AS register, kwh_valley AS due_quantity, transmission_valley_yuan AS due_yuan FROM recomputed_part WHERE transmission_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'deep_valley' AS register, kwh_deep_valley AS due_quantity, transmission_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE transmission_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'total' AS register, kwh_total AS due_quantity, system_total_yuan AS due_yuan FROM recomputed_part WHERE system_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'sharp' AS register, kwh_sharp AS due_quantity, system_sharp_yuan AS due_yuan FROM recomputed_part WHERE system_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'peak' AS register, kwh_peak AS due_quantity, system_peak_yuan AS due_yuan FROM recomputed_part WHERE system_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'flat' AS register, kwh_flat AS due_quantity, system_flat_yuan AS due_yuan FROM recomputed_part WHERE system_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'valley' AS register, kwh_valley AS due_quantity, system_valley_yuan AS due_yuan FROM recomputed_part WHERE system_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'deep_valley' AS register, kwh_deep_valley AS due_quantity, system_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE system_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'fund' AS item, 'fund' AS component, 'any' AS register, COALESCE(kwh_total, 0) + COALESCE(kwh_sharp, 0) + COALESCE(kwh_peak, 0) + COALESCE(kwh_flat, 0) + COALESCE(kwh_valley, 0) + COALESCE(kwh_deep_valley, 0) AS due_quantity, fund_yuan AS due_yuan FROM recomputed_part WHERE fund_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'step' AS item, 'step2' AS component, 'any' AS register, step2_kwh AS due_quantity, step2_yuan AS due_yuan FROM recomputed_part WHERE step2_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'step' AS item, 'step3' AS component, 'any' AS register, step3_kwh AS due_quantity, step3_yuan AS due_yuan FROM recomputed_part WHERE step3_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'basic' AS item, CASE WHEN basic_charge_mode = 'capacity' THEN 'capacity' ELSE 'demand' END AS component, 'any' AS register, basic_quantity AS due_quantity, basic_yuan AS due_yuan FROM recomputed_part WHERE basic_yuan <> 0
    UNION ALL
    SELECT bill_id, '' AS mp_id, 'pf_adjustment' AS item, '' AS component, '' AS register, CAST(NULL AS DECIMAL(18, 4)) AS due_quantity, pf_adjustment_yuan AS due_yuan FROM recomputed_part WHERE pf_adjustment_yuan <> 0
),

both_sides AS (
    SELECT
        bill_id,
        CASE WHEN item = 'pf_adjustment' THEN '' ELSE COALESCE(mp_id, '') END AS mp_id,
        item,
        CASE WHEN item = 'pf_adjustment' THEN '' ELSE COALESCE(component, '') END AS component,
        CASE WHEN item = 'pf_adjustment' THEN '' ELSE COALESCE(register, 'any') END AS register,
        quantity AS issued_quantity,
        unit_price AS issued_price,
        amount_yuan AS issued_yuan,
        NULL AS due_quantity,
        CAST(0 AS DECIMAL(18, 2)) AS due_yuan
    FROM issued_line
    WHERE amount_yuan <> 0
    UNION ALL
    SELECT
        bill_id,
        mp_id,
        item,
        component,
        register,
        NULL AS issued_quantity,
        NULL AS issued_price,
        CAST(0 AS DECIMAL(18, 2)) AS issued_yuan,
        due_quantity,
        due_yuan
    FROM due
),

summed AS (
    SELECT bill_id, mp_id, item, component, register, sum(issued_yuan) AS issued_yuan, sum(due_yuan) AS due_yuan
    FROM both_sides
    GROUP BY bill_id, mp_id, item, component, register
    HAVING sum(issued_yuan) <> sum(due_yuan)
),

-- Quantities only of the few charges that differ.
detail AS (
    SELECT
        b.bill_id,
        b.mp_id,
        b.item,
        b.component,
        b.register,
        sum(b.issued_quantity) AS issued_quantity,
        CASE WHEN min(b.issued_price) = max(b.issued_price) THEN min(b.issued_price) END AS issued_price,
        sum(b.due_quantity) AS due_quantity
    FROM both_sides AS b
    SEMI JOIN summed AS s
        ON s.bill_id = b.bill_id AND s.mp_id = b.mp_id AND s.item = b.item AND s.component = b.component AND s.register = b.register
    GROUP BY b.bill_id, b.mp_id, b.item, b.component, b.register
)

SELECT
    s.bill_id,
    r.customer_no,
    r.org_no,
    r.bill_month,
    NULLIF(s.mp_id, '') AS mp_id,
    s.item,
    NULLIF(s.component, '') AS component,
    NULLIF(s.register, '') AS register,
    s.issued_yuan,
    s.due_yuan,
    s.issued_yuan - s.due_yuan AS difference_yuan,
    d.issued_quantity,
    d.due_quantity,
    d.issued_price
FROM summed AS s
INNER JOIN detail AS d
    ON d.bill_id = s.bill_id AND d.mp_id = s.mp_id AND d.item = s.item AND d.component = s.component AND d.register = s.register
INNER JOIN recomputed_bill AS r ON r.bill_id = s.bill_id AND r.refusal IS NULL
