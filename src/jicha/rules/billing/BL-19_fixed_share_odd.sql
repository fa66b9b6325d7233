-- Fixed shares (定比定量) that cannot be reasonable: nothing or everything, together more than everything, or a quantity of nearly all that is metered.
WITH shares AS (
    SELECT
        s.mp_id,
        s.customer_no,
        s.org_no,
        s.parent_mp_id,
        s.fixed_ratio,
        s.fixed_kwh,
        s.scheme_from,
        sum(s.fixed_ratio) OVER (PARTITION BY s.parent_mp_id) AS ratio_sum,
        sum(s.fixed_kwh) OVER (PARTITION BY s.parent_mp_id) AS kwh_sum,
        row_number() OVER (PARTITION BY s.parent_mp_id ORDER BY s.fixed_ratio DESC NULLS LAST, s.mp_id) AS ratio_place,
        row_number() OVER (PARTITION BY s.parent_mp_id ORDER BY s.fixed_kwh DESC NULLS LAST, s.mp_id) AS kwh_place
    FROM point_scheme AS s
    INNER JOIN customer AS c ON c.customer_no = s.customer_no
    WHERE
        (s.fixed_ratio IS NOT NULL OR s.fixed_kwh IS NOT NULL)
        AND s.usage = 'billing'
        AND s.status = 'running'
        AND c.status = 'active'
        AND s.parent_mp_id IS NOT NULL
),

-- What is left of the main meter's energy once its sub meters are taken off; unknown where a reading is.
mains AS (
    SELECT m.mp_id, m.energy_kwh, m.days, m.previous_on, m.read_on
    FROM point_month AS m
    SEMI JOIN shares AS s ON s.parent_mp_id = m.mp_id
    WHERE m.bill_month = $month AND NOT m.missed AND NOT m.has_backward AND NOT m.estimated
),

subs AS (
    SELECT p.parent_mp_id AS mp_id, sum(m.energy_kwh) AS energy_kwh, count(*) = count(m.energy_kwh) AS is_known
    FROM point_scheme AS p
    SEMI JOIN shares AS s ON s.parent_mp_id = p.parent_mp_id
    LEFT JOIN point_month AS m ON m.mp_id = p.mp_id AND m.bill_month = $month
    WHERE p.usage = 'billing' AND p.status = 'running' AND p.fixed_ratio IS NULL AND p.fixed_kwh IS NULL
    GROUP BY p.parent_mp_id
),

judged AS (
    SELECT
        s.*,
        m.previous_on,
        m.read_on,
        CAST(m.energy_kwh - COALESCE(u.energy_kwh, 0) AS DECIMAL(18, 4)) AS metered_kwh,
        CASE
            WHEN s.fixed_ratio = 0 THEN 'nothing'
            WHEN s.fixed_ratio >= 1 THEN 'everything'
            WHEN s.ratio_sum > 1 AND s.ratio_place = 1 THEN 'above_everything'
            WHEN
                s.kwh_place = 1
                AND m.days >= $least_days
                AND COALESCE(u.is_known, TRUE)
                AND m.energy_kwh - COALESCE(u.energy_kwh, 0) > $idle_kwh
                AND s.kwh_sum > CAST(m.energy_kwh - COALESCE(u.energy_kwh, 0) AS DECIMAL(38, 4)) * $quantity_share
                THEN 'nearly_all'
        END AS fault
    FROM shares AS s
    LEFT JOIN mains AS m ON m.mp_id = s.parent_mp_id
    LEFT JOIN subs AS u ON u.mp_id = s.parent_mp_id
)

SELECT
    mp_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    $month AS bill_month,
    CASE WHEN fault = 'nearly_all' THEN previous_on END AS period_from,
    CASE WHEN fault = 'nearly_all' THEN read_on END AS period_to,
    parent_mp_id AS main_mp_id,
    fault,
    CASE fault
        WHEN 'nothing' THEN '定比为零'
        WHEN 'everything' THEN '定比达到 100%'
        WHEN 'above_everything' THEN '定比合计超过 100%'
        ELSE '定量占抄见电量比例过高'
    END AS fault_zh,
    CASE fault
        WHEN 'nothing' THEN 'a fixed ratio of nothing'
        WHEN 'everything' THEN 'a fixed ratio of everything'
        WHEN 'above_everything' THEN 'fixed ratios of more than everything together'
        ELSE 'a fixed quantity of nearly all that is metered'
    END AS fault_en,
    fixed_ratio,
    ratio_sum,
    fixed_kwh,
    kwh_sum,
    metered_kwh,
    scheme_from
FROM judged
WHERE fault IS NOT NULL
