-- The charges that differ between issued and recomputed bills of the audited month, added up by point, item, component and
-- register; an adjustment belongs to the bill, whatever point it names.
WITH due AS (
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'total' AS register, energy_total_yuan AS due_yuan FROM recomputed_part WHERE energy_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'sharp' AS register, energy_sharp_yuan AS due_yuan FROM recomputed_part WHERE energy_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'peak' AS register, energy_peak_yuan AS due_yuan FROM recomputed_part WHERE energy_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'flat' AS register, energy_flat_yuan AS due_yuan FROM recomputed_part WHERE energy_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'valley' AS register, energy_valley_yuan AS due_yuan FROM recomputed_part WHERE energy_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'energy' AS component, 'deep_valley' AS register, energy_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE energy_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'total' AS register, purchase_total_yuan AS due_yuan FROM recomputed_part WHERE purchase_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'sharp' AS register, purchase_sharp_yuan AS due_yuan FROM recomputed_part WHERE purchase_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'peak' AS register, purchase_peak_yuan AS due_yuan FROM recomputed_part WHERE purchase_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'flat' AS register, purchase_flat_yuan AS due_yuan FROM recomputed_part WHERE purchase_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'valley' AS register, purchase_valley_yuan AS due_yuan FROM recomputed_part WHERE purchase_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'purchase' AS component, 'deep_valley' AS register, purchase_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE purchase_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'total' AS register, line_loss_total_yuan AS due_yuan FROM recomputed_part WHERE line_loss_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'sharp' AS register, line_loss_sharp_yuan AS due_yuan FROM recomputed_part WHERE line_loss_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'peak' AS register, line_loss_peak_yuan AS due_yuan FROM recomputed_part WHERE line_loss_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'flat' AS register, line_loss_flat_yuan AS due_yuan FROM recomputed_part WHERE line_loss_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'valley' AS register, line_loss_valley_yuan AS due_yuan FROM recomputed_part WHERE line_loss_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'line_loss' AS component, 'deep_valley' AS register, line_loss_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE line_loss_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'total' AS register, transmission_total_yuan AS due_yuan FROM recomputed_part WHERE transmission_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'sharp' AS register, transmission_sharp_yuan AS due_yuan FROM recomputed_part WHERE transmission_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'peak' AS register, transmission_peak_yuan AS due_yuan FROM recomputed_part WHERE transmission_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'flat' AS register, transmission_flat_yuan AS due_yuan FROM recomputed_part WHERE transmission_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'valley' AS register, transmission_valley_yuan AS due_yuan FROM recomputed_part WHERE transmission_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'transmission' AS component, 'deep_valley' AS register, transmission_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE transmission_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'total' AS register, system_total_yuan AS due_yuan FROM recomputed_part WHERE system_total_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'sharp' AS register, system_sharp_yuan AS due_yuan FROM recomputed_part WHERE system_sharp_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'peak' AS register, system_peak_yuan AS due_yuan FROM recomputed_part WHERE system_peak_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'flat' AS register, system_flat_yuan AS due_yuan FROM recomputed_part WHERE system_flat_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'valley' AS register, system_valley_yuan AS due_yuan FROM recomputed_part WHERE system_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'energy' AS item, 'system' AS component, 'deep_valley' AS register, system_deep_valley_yuan AS due_yuan FROM recomputed_part WHERE system_deep_valley_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'fund' AS item, 'fund' AS component, 'any' AS register, fund_yuan AS due_yuan FROM recomputed_part WHERE fund_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'step' AS item, 'step2' AS component, 'any' AS register, step2_yuan AS due_yuan FROM recomputed_part WHERE step2_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'step' AS item, 'step3' AS component, 'any' AS register, step3_yuan AS due_yuan FROM recomputed_part WHERE step3_yuan <> 0
    UNION ALL
    SELECT bill_id, mp_id AS mp_id, 'basic' AS item, CASE WHEN basic_charge_mode = 'capacity' THEN 'capacity' ELSE 'demand' END AS component, 'any' AS register, basic_yuan AS due_yuan FROM recomputed_part WHERE basic_yuan <> 0
    UNION ALL
    SELECT bill_id, '' AS mp_id, 'pf_adjustment' AS item, '' AS component, '' AS register, pf_adjustment_yuan AS due_yuan FROM recomputed_part WHERE pf_adjustment_yuan <> 0
),

issued AS (
    SELECT
        l.bill_id,
        CASE WHEN l.item = 'pf_adjustment' THEN '' ELSE COALESCE(l.mp_id, '') END AS mp_id,
        l.item,
        CASE WHEN l.item = 'pf_adjustment' THEN '' ELSE COALESCE(l.component, '') END AS component,
        CASE WHEN l.item = 'pf_adjustment' THEN '' ELSE COALESCE(l.register, 'any') END AS register,
        l.amount_yuan AS issued_yuan
    FROM bill_line AS l
    INNER JOIN rebill_bill AS b ON b.bill_id = l.bill_id
    WHERE l.amount_yuan <> 0
),

both_sides AS (
    SELECT bill_id, mp_id, item, component, register, issued_yuan, CAST(0 AS DECIMAL(18, 2)) AS due_yuan
    FROM issued
    UNION ALL
    SELECT bill_id, mp_id, item, component, register, CAST(0 AS DECIMAL(18, 2)) AS issued_yuan, due_yuan
    FROM due
),

summed AS (
    SELECT bill_id, mp_id, item, component, register, sum(issued_yuan) AS issued_yuan, sum(due_yuan) AS due_yuan
    FROM both_sides
    GROUP BY bill_id, mp_id, item, component, register
    HAVING sum(issued_yuan) <> sum(due_yuan)
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
    s.issued_yuan - s.due_yuan AS difference_yuan
FROM summed AS s
INNER JOIN recomputed_bill AS r ON r.bill_id = s.bill_id AND r.refusal IS NULL
