-- Customers of whom the archive lacks a name, an address, a usable telephone number or a supply capacity.
WITH archive AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        trim(COALESCE(c.name, '')) AS name,
        trim(COALESCE(c.address, '')) AS address,
        replace(replace(COALESCE(c.phone, ''), ' ', ''), '-', '') AS phone,
        c.contract_kva,
        c.opened_on
    FROM customer AS c
    WHERE c.status <> 'closed' AND c.opened_on < $as_of
),

judged AS (
    SELECT
        a.*,
        a.name = '' AS no_name,
        a.address = '' AS no_address,
        a.phone = '' AS no_phone,
        -- 0, 00000000, 11111111111: one digit only. A masked number (138****5678) is a number.
        a.phone <> '' AND strpos(a.phone, '*') = 0 AND replace(a.phone, substr(a.phone, 1, 1), '') = '' AS false_phone,
        a.contract_kva IS NULL OR a.contract_kva <= 0 AS no_capacity
    FROM archive AS a
)

SELECT
    j.customer_no AS subject_id,
    j.org_no,
    j.customer_no,
    j.kind AS customer_kind,
    j.name,
    j.address,
    j.phone,
    j.contract_kva,
    substr(CONCAT(
        CASE WHEN j.no_name THEN '、户名为空' ELSE '' END,
        CASE WHEN j.no_address THEN '、地址为空' ELSE '' END,
        CASE WHEN j.no_phone THEN '、电话为空' ELSE '' END,
        CASE WHEN j.false_phone THEN '、电话为零或相同数字' ELSE '' END,
        CASE WHEN j.no_capacity THEN '、容量为零或空' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.no_name THEN ', no name' ELSE '' END,
        CASE WHEN j.no_address THEN ', no address' ELSE '' END,
        CASE WHEN j.no_phone THEN ', no telephone' ELSE '' END,
        CASE WHEN j.false_phone THEN ', a telephone of one digit' ELSE '' END,
        CASE WHEN j.no_capacity THEN ', no capacity' ELSE '' END
    ), 3) AS reasons_en
FROM judged AS j
WHERE j.no_name OR j.no_address OR j.no_phone OR j.false_phone OR j.no_capacity
