-- Cases whose nature does not fit what was found (定性错误): tampering with seals or meter (窃电) handled as default usage (违约用电), or an act of
-- default usage handled as theft. What was found is told by the words of the case and by covers that the meter says were opened.
WITH judged_case AS (
    SELECT
        b.case_no,
        b.customer_no,
        b.nature,
        b.act,
        b.found_on,
        b.evidence,
        b.multiple,
        b.back_yuan,
        b.penalty_yuan,
        b.state,
        b.closed_on,
        c.org_no,
        b.act || '。' || COALESCE(b.evidence, '') AS words
    FROM breach_case AS b
    LEFT JOIN customer AS c ON c.customer_no = b.customer_no
    WHERE
        CASE WHEN b.state = 'open' THEN b.found_on ELSE COALESCE(b.closed_on, b.found_on) END >= $month
        AND CASE WHEN b.state = 'open' THEN b.found_on ELSE COALESCE(b.closed_on, b.found_on) END < LEAST($month_end, $as_of)
        AND b.state <> 'terminated'
),

-- Opened in the weeks before the find, while no order explains a hand in the meter.
opened AS (
    SELECT j.case_no, min(e.started_at) AS opened_at, count(DISTINCT e.started_at) AS openings
    FROM judged_case AS j
    INNER JOIN metering_point AS p ON p.customer_no = j.customer_no
    INNER JOIN meter_event AS e ON e.mp_id = p.mp_id
    WHERE
        upper(trim(e.code)) IN ($tamper_codes)
        AND e.started_at >= CAST(j.found_on - $event_days * INTERVAL 1 DAY AS TIMESTAMP)
        AND e.started_at < CAST(j.found_on + INTERVAL 1 DAY AS TIMESTAMP)
        AND NOT EXISTS (
            SELECT 1 AS one
            FROM work_order AS o
            WHERE
                o.customer_no = j.customer_no
                AND o.kind IN ($order_kinds)
                AND o.state <> 'cancelled'
                AND CAST(o.opened_at AS DATE) <= CAST(e.started_at AS DATE)
                AND (o.closed_at IS NULL OR CAST(o.closed_at AS DATE) >= CAST(e.started_at AS DATE))
        )
    GROUP BY j.case_no
),

read_words AS (
    SELECT
        *,
        words LIKE '%绕越%' OR words LIKE '%短接%' OR words LIKE '%分流%' OR words LIKE '%窃电%' OR words LIKE '%伪造%'
        OR words LIKE '%擅自接线%' OR words LIKE '%私自接线%' OR words LIKE '%失准%' OR words LIKE '%封印被%' OR words LIKE '%开启%封印%'
        OR words LIKE '%封印破%' OR words LIKE '%撬%' OR words LIKE '%改动表内%' OR words LIKE '%遥控%' AS says_theft,
        words LIKE '%未发现%' OR words LIKE '%未见%' OR words LIKE '%完好%' OR words LIKE '%排除%' AS says_nothing_found,
        CASE
            WHEN act IN ('low_price_line', 'over_capacity', 'suspended_or_sealed', 'moved_equipment', 'unauthorised_source') THEN act
            WHEN act LIKE '%电价%' OR act LIKE '%用电类别%' THEN 'low_price_line'
            WHEN act LIKE '%暂停%' OR act LIKE '%封存%' THEN 'suspended_or_sealed'
            WHEN act LIKE '%容量%' OR act LIKE '%增容%' THEN 'over_capacity'
            WHEN act LIKE '%引入%' OR act LIKE '%供出%' OR act LIKE '%并网%' THEN 'unauthorised_source'
            WHEN act LIKE '%迁移%' OR act LIKE '%更动%' OR act LIKE '%擅自操作%' THEN 'moved_equipment'
        END AS default_act
    FROM judged_case
),

doubtful AS (
    SELECT
        w.*,
        o.opened_at,
        o.openings,
        w.nature = 'default' AND w.says_theft AND NOT w.says_nothing_found AS is_tampering_in_words,
        w.nature = 'default' AND o.case_no IS NOT NULL AS is_cover_opened,
        w.nature = 'theft' AND w.default_act IS NOT NULL AND NOT w.says_theft AND o.case_no IS NULL AS is_default_act
    FROM read_words AS w
    LEFT JOIN opened AS o ON o.case_no = w.case_no
),

agreed AS (
    SELECT d.case_no, k.penalty_multiple
    FROM doubtful AS d
    INNER JOIN supply_contract AS k ON k.customer_no = d.customer_no
    WHERE COALESCE(k.signed_on <= d.found_on, TRUE) AND (k.ends_on IS NULL OR k.ends_on > d.found_on)
    QUALIFY row_number() OVER (PARTITION BY d.case_no ORDER BY k.signed_on DESC, k.contract_no) = 1
)

SELECT
    d.case_no AS subject_id,
    d.org_no,
    d.customer_no,
    $month AS bill_month,
    d.nature,
    d.act,
    d.found_on,
    d.evidence,
    substr(CONCAT(
        CASE WHEN d.is_tampering_in_words THEN '、证据为窃电却按违约用电处理' ELSE '' END,
        CASE WHEN d.is_cover_opened THEN '、有开盖记录却按违约用电处理' ELSE '' END,
        CASE WHEN d.is_default_act THEN '、违约用电行为按窃电处理' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN d.is_tampering_in_words THEN ', evidence of theft handled as default usage' ELSE '' END,
        CASE WHEN d.is_cover_opened THEN ', the cover was opened and it was handled as default usage' ELSE '' END,
        CASE WHEN d.is_default_act THEN ', an act of default usage handled as theft' ELSE '' END
    ), 3) AS reasons_en,
    d.opened_at,
    d.openings,
    d.multiple,
    l.multiple AS other_multiple,
    d.back_yuan,
    d.penalty_yuan,
    -- The charge that the case's own back-pay would bear under the other nature, less the one that was taken.
    CASE
        WHEN d.back_yuan > 0 AND l.multiple IS NOT NULL
            THEN CAST(
                round_hu(CAST(LEAST(COALESCE(a.penalty_multiple, l.multiple), l.multiple) AS DECIMAL(38, 6)) * d.back_yuan, 2)
                - COALESCE(d.penalty_yuan, 0) AS DECIMAL(18, 2)
            )
    END AS yuan_at_stake
FROM doubtful AS d
LEFT JOIN agreed AS a ON a.case_no = d.case_no
LEFT JOIN breach_law AS l
    ON
        l.act_code = CASE WHEN d.nature = 'default' THEN 'theft' ELSE d.default_act END
        AND l.law_from <= d.found_on
        AND l.law_to > d.found_on
WHERE d.is_tampering_in_words OR d.is_cover_opened OR d.is_default_act
