-- Generation that was connected or fed in before its acceptance, or is larger than approved (并网未验收、容量不符).
WITH fed AS (
    SELECT g.asset_id, sum(e.energy_kwh) AS export_kwh, min(e.previous_on) AS from_on, max(e.read_on) AS to_on
    FROM generation_asset AS g
    INNER JOIN point_month AS e ON e.mp_id = g.export_mp_id
    WHERE
        e.bill_month = $month
        AND e.usage = 'export'
        AND e.energy_kwh > $least_kwh
        AND NOT e.estimated
        -- Energy of a cycle that the acceptance falls into may all have come after it.
        AND (g.accepted_on IS NULL OR e.read_on <= g.accepted_on)
    GROUP BY g.asset_id
)

SELECT
    g.asset_id AS subject_id,
    c.org_no,
    g.customer_no,
    COALESCE(g.export_mp_id, g.generation_mp_id) AS mp_id,
    $month AS bill_month,
    CASE
        WHEN f.asset_id IS NOT NULL THEN 'fed_before_acceptance'
        WHEN g.accepted_on > g.connected_on THEN 'connected_before_acceptance'
        ELSE 'larger_than_approved'
    END AS fault,
    CASE
        WHEN f.asset_id IS NOT NULL THEN '未验收已上网'
        WHEN g.accepted_on > g.connected_on THEN '并网早于验收'
        ELSE '装机大于批准容量'
    END AS fault_zh,
    CASE
        WHEN f.asset_id IS NOT NULL THEN 'fed in before its acceptance'
        WHEN g.accepted_on > g.connected_on THEN 'connected before its acceptance'
        ELSE 'larger than approved'
    END AS fault_en,
    g.installed_kw,
    g.approved_kw,
    g.accepted_on,
    g.connected_on,
    f.from_on AS period_from,
    f.to_on AS period_to,
    CAST(f.export_kwh AS DECIMAL(38, 4)) AS kwh_at_stake
FROM generation_asset AS g
INNER JOIN customer AS c ON c.customer_no = g.customer_no
LEFT JOIN fed AS f ON f.asset_id = g.asset_id
WHERE
    (g.connected_on IS NULL OR g.connected_on < $month_end)
    AND (
        f.asset_id IS NOT NULL
        OR g.accepted_on > g.connected_on
        OR CAST(g.installed_kw AS DECIMAL(38, 4)) > (1 + $tolerance) * CAST(g.approved_kw AS DECIMAL(38, 4))
    )
