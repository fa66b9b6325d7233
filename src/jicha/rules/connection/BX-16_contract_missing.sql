-- Customers whose supply contract (供用电合同) has run out, is not signed, or, at high voltage, does not exist. The contract that runs longest counts.
WITH contract AS (
    SELECT customer_no, contract_no, signed_on, ends_on
    FROM supply_contract
    QUALIFY row_number() OVER (
        PARTITION BY customer_no
        -- A signed one before an unsigned one, one without an end before any end.
        ORDER BY
            CASE WHEN signed_on IS NULL THEN 1 ELSE 0 END,
            COALESCE(ends_on, CAST('9999-12-31' AS DATE)) DESC,
            contract_no
    ) = 1
),

judged AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.kind,
        c.opened_on,
        k.contract_no,
        k.signed_on,
        k.ends_on,
        CASE
            WHEN k.contract_no IS NULL AND c.kind = 'hv' THEN 'missing'
            WHEN k.contract_no IS NOT NULL AND k.signed_on IS NULL AND c.kind IN ($signed_kinds) THEN 'unsigned'
            WHEN CAST(k.ends_on + $grace_days * INTERVAL 1 DAY AS DATE) < $as_of THEN 'expired'
        END AS fault
    FROM customer AS c
    LEFT JOIN contract AS k ON k.customer_no = c.customer_no
    WHERE c.status <> 'closed' AND c.opened_on < $as_of
)

SELECT
    j.customer_no AS subject_id,
    j.org_no,
    j.customer_no,
    j.kind AS customer_kind,
    j.fault,
    CASE j.fault WHEN 'missing' THEN '无供用电合同' WHEN 'unsigned' THEN '合同未签订' ELSE '合同已到期' END AS fault_zh,
    CASE j.fault WHEN 'missing' THEN 'no supply contract' WHEN 'unsigned' THEN 'the contract is not signed' ELSE 'the contract has run out' END AS fault_en,
    j.contract_no,
    j.signed_on,
    j.ends_on,
    CASE WHEN j.fault = 'expired' THEN date_diff('day', j.ends_on, $as_of) END AS expired_days,
    j.opened_on
FROM judged AS j
WHERE j.fault IS NOT NULL
