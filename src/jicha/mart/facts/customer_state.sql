-- The customer archive with the capacity in service on the last day of the audited month.
WITH unit_state AS (
    SELECT transformer_id, state
    FROM transformer_state
    WHERE valid_from < $month_end AND (valid_to IS NULL OR valid_to >= $month_end)
    QUALIFY row_number() OVER (PARTITION BY transformer_id ORDER BY valid_from DESC) = 1
),

recorded AS (
    SELECT DISTINCT transformer_id FROM transformer_state
),

-- A unit that has no state record at all is taken as running; one whose records leave the day out has no known state.
capacity AS (
    SELECT
        t.customer_no,
        CAST(count(*) AS BIGINT) AS transformers,
        CAST(count(*) FILTER (WHERE s.state IN ('running', 'hot_standby') OR r.transformer_id IS NULL) AS BIGINT)
            AS running_transformers,
        CAST(count(*) FILTER (WHERE s.state IS NULL AND r.transformer_id IS NOT NULL) AS BIGINT)
            AS unknown_transformers,
        bool_or(r.transformer_id IS NOT NULL) AS has_records,
        CAST(sum(t.kva) AS DECIMAL(14, 4)) AS transformer_kva,
        CAST(COALESCE(sum(t.kva) FILTER (
            WHERE s.state IN ('running', 'hot_standby') OR r.transformer_id IS NULL
        ), 0) AS DECIMAL(14, 4)) AS in_service_kva
    FROM transformer AS t
    LEFT JOIN unit_state AS s ON s.transformer_id = t.transformer_id
    LEFT JOIN recorded AS r ON r.transformer_id = t.transformer_id
    GROUP BY t.customer_no
)

SELECT
    c.customer_no,
    c.org_no,
    c.name,
    c.address,
    c.phone,
    c.kind,
    c.category_code,
    c.trade_code,
    c.voltage_code,
    c.contract_kva,
    c.running_kva,
    c.status,
    c.temporary,
    c.temporary_until,
    c.importance,
    c.reading_section,
    c.opened_on,
    c.closed_on,
    c.household_persons,
    c.multi_household,
    c.employee_id,
    c.market_mode,
    c.high_energy_listed,
    c.has_generation,
    k.transformer_kva,
    COALESCE(k.transformers, 0) AS transformers,
    COALESCE(k.running_transformers, 0) AS running_transformers,
    CAST(CASE
        WHEN k.has_records AND k.unknown_transformers = 0 THEN k.in_service_kva
        ELSE COALESCE(c.running_kva, k.transformer_kva, c.contract_kva)
    END AS DECIMAL(14, 4)) AS running_kva_as_of,
    CASE
        WHEN k.has_records AND k.unknown_transformers = 0 THEN 'transformer_ledger'
        WHEN c.running_kva IS NOT NULL THEN 'archive'
        WHEN k.transformer_kva IS NOT NULL THEN 'nameplates'
        WHEN c.contract_kva IS NOT NULL THEN 'contract'
        ELSE 'none'
    END AS capacity_source,
    (
        c.status = 'suspended'
        OR COALESCE(k.has_records AND k.unknown_transformers = 0 AND k.running_transformers = 0, FALSE)
    ) AS suspended,
    COALESCE(k.has_records AND k.unknown_transformers = 0, FALSE) AS transformer_states_known,
    (c.running_kva IS NOT NULL OR c.contract_kva IS NOT NULL OR k.transformer_kva IS NOT NULL) AS capacity_known
FROM customer AS c
LEFT JOIN capacity AS k ON k.customer_no = c.customer_no
