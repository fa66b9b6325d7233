-- Inspections of the month that break the form: fewer than two inspectors, no work sheet (用电检查工作单), no signature of the customer.
WITH judged AS (
    SELECT
        inspection_no,
        customer_no,
        kind,
        done_on,
        inspector_1,
        inspector_2,
        sheet_no,
        customer_signed,
        (trim(COALESCE(inspector_1, '')) = '' OR trim(COALESCE(inspector_2, '')) = '' OR trim(inspector_1) = trim(inspector_2)) AS lacks_inspector,
        (trim(COALESCE(sheet_no, '')) = '') AS lacks_sheet,
        -- An unknown signature is not a missing one.
        (COALESCE(customer_signed, TRUE) = FALSE) AS lacks_signature
    FROM inspection
    WHERE done_on >= $month AND done_on < LEAST($month_end, $as_of)
)

SELECT
    j.inspection_no AS subject_id,
    c.org_no,
    j.customer_no,
    $month AS bill_month,
    j.done_on AS period_from,
    CAST(j.done_on + INTERVAL 1 DAY AS DATE) AS period_to,
    j.kind,
    j.done_on,
    j.inspector_1,
    j.inspector_2,
    j.sheet_no,
    j.customer_signed,
    j.lacks_inspector,
    j.lacks_sheet,
    j.lacks_signature,
    trim(
        CASE WHEN j.lacks_inspector THEN '检查人员不足两人 ' ELSE '' END
        || CASE WHEN j.lacks_sheet THEN '无工作单 ' ELSE '' END
        || CASE WHEN j.lacks_signature THEN '客户未签字' ELSE '' END
    ) AS defects_zh,
    trim(
        CASE WHEN j.lacks_inspector THEN 'fewer than two inspectors; ' ELSE '' END
        || CASE WHEN j.lacks_sheet THEN 'no work sheet; ' ELSE '' END
        || CASE WHEN j.lacks_signature THEN 'not signed by the customer' ELSE '' END
    ) AS defects_en
FROM judged AS j
LEFT JOIN customer AS c ON c.customer_no = j.customer_no
WHERE j.lacks_inspector OR j.lacks_sheet OR j.lacks_signature
