-- A list for the campaign against theft (高风险行业专项): customers of trades and habits known for it whose energy per kVA lies far from that of their category.
WITH month_energy AS (
    SELECT m.customer_no, sum(m.energy_kwh) AS kwh
    FROM point_month AS m
    INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
    WHERE m.bill_month = $month AND m.usage = 'billing' AND p.parent_mp_id IS NULL
    GROUP BY m.customer_no
    HAVING count(*) = count(m.energy_kwh) AND NOT bool_or(m.missed OR m.estimated)
),

rated AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.category_code,
        c.trade_code,
        c.running_kva,
        u.kwh,
        CAST(div_hu(u.kwh, c.running_kva, 4) AS DECIMAL(18, 4)) AS kwh_per_kva
    FROM customer AS c
    INNER JOIN month_energy AS u ON u.customer_no = c.customer_no
    WHERE c.status = 'active' AND c.running_kva > 0 AND c.opened_on < add_months($month, -$settled_months)
),

peers AS (
    SELECT kind, category_code, CAST(count(*) AS BIGINT) AS peers, CAST(median(kwh_per_kva) AS DECIMAL(18, 4)) AS median_per_kva
    FROM rated
    GROUP BY kind, category_code
    HAVING count(*) >= $peers AND median(kwh_per_kva) > 0
),

offenders AS (
    SELECT customer_no, max(found_on) AS last_found_on
    FROM breach_case
    WHERE nature = 'theft' AND found_on < $month AND found_on >= add_months($month, -$offence_months)
    GROUP BY customer_no
),

public_sites AS (
    SELECT DISTINCT customer_no
    FROM charging_site
    WHERE place IN ('public_parking', 'commercial_concentrated')
),

listed AS (
    SELECT
        r.*,
        p.peers,
        p.median_per_kva,
        o.last_found_on,
        CASE
            WHEN o.customer_no IS NOT NULL THEN 'offender'
            WHEN s.customer_no IS NOT NULL THEN 'charging'
            WHEN substr(r.trade_code, 1, 5) IN ($trades) THEN 'trade'
            WHEN substr(r.trade_code, 1, 3) IN ($divisions) THEN 'trade'
            WHEN r.category_code IN ($irrigation) THEN 'irrigation'
        END AS list
    FROM rated AS r
    INNER JOIN peers AS p ON p.kind = r.kind AND p.category_code = r.category_code
    LEFT JOIN offenders AS o ON o.customer_no = r.customer_no
    LEFT JOIN public_sites AS s ON s.customer_no = r.customer_no
)

SELECT
    l.customer_no AS subject_id,
    l.org_no,
    l.customer_no,
    $month AS bill_month,
    l.list,
    CASE l.list WHEN 'offender' THEN '曾窃电客户' WHEN 'charging' THEN '充电站' WHEN 'irrigation' THEN '排灌' ELSE '高风险行业' END AS list_zh,
    l.trade_code,
    l.category_code,
    l.last_found_on,
    l.running_kva,
    l.kwh,
    l.kwh_per_kva,
    l.median_per_kva,
    l.peers,
    CAST(div_hu(l.kwh_per_kva, l.median_per_kva, 2) AS DECIMAL(18, 2)) AS times_of_peers
FROM listed AS l
WHERE
    -- Idle pumps that run are the suspicion, not pumps that rest.
    (l.list IN ('offender', 'charging', 'trade') AND l.kwh_per_kva < CAST(l.median_per_kva AS DECIMAL(38, 4)) * $low_share)
    OR (l.list = 'irrigation' AND l.kwh_per_kva > CAST(l.median_per_kva AS DECIMAL(38, 4)) * $high_times AND month($month) NOT BETWEEN $season_from AND $season_to)
