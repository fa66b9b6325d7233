-- The seal number seen on site is not the one that the ledger has in that place (封印号不符), by the last look of the month at each place.
WITH look AS (
    SELECT
        o.operation_id,
        o.seal_no,
        o.mp_id,
        o.place,
        o.action,
        o.at,
        o.operator_id,
        o.order_no,
        trim(o.observed_seal_no) AS observed_seal_no,
        -- The same number is written with and without blanks and hyphens.
        upper(replace(replace(o.observed_seal_no, ' ', ''), '-', '')) AS observed_key
    FROM seal_operation AS o
    WHERE
        o.action IN ('site_check', 'remove')
        AND o.mp_id IS NOT NULL
        AND o.at >= $month
        AND o.at < LEAST($month_end, $as_of)
        AND trim(COALESCE(o.observed_seal_no, '')) <> ''
    -- A second look corrects the first.
    QUALIFY row_number() OVER (PARTITION BY o.mp_id, COALESCE(o.place, o.seal_no) ORDER BY o.at DESC, o.operation_id DESC) = 1
),

-- What the ledger had applied in that place before the look; without one, the number that the look itself names.
registered AS (
    SELECT l.operation_id, a.seal_no
    FROM look AS l
    INNER JOIN seal_operation AS a ON a.mp_id = l.mp_id AND a.place = l.place AND a.action = 'apply' AND a.at < l.at
    QUALIFY row_number() OVER (PARTITION BY l.operation_id ORDER BY a.at DESC, a.operation_id DESC) = 1
),

compared AS (
    SELECT
        l.operation_id,
        l.mp_id,
        l.place,
        l.action,
        l.at,
        l.operator_id,
        l.order_no,
        l.observed_seal_no,
        l.observed_key,
        COALESCE(r.seal_no, l.seal_no) AS registered_seal_no
    FROM look AS l
    LEFT JOIN registered AS r ON r.operation_id = l.operation_id
),

different AS (
    SELECT c.*
    FROM compared AS c
    WHERE
        c.observed_key <> upper(replace(replace(c.registered_seal_no, ' ', ''), '-', ''))
        -- The seal was changed before the look and entered after it.
        AND NOT EXISTS (
            SELECT 1
            FROM seal_operation AS n
            WHERE
                n.mp_id = c.mp_id
                AND n.action = 'apply'
                AND (c.place IS NULL OR n.place = c.place)
                AND upper(replace(replace(n.seal_no, ' ', ''), '-', '')) = c.observed_key
                AND date_diff('day', CAST(c.at AS DATE), CAST(n.at AS DATE)) BETWEEN 0 AND $entry_days
        )
),

-- Where the ledger knows the number that was seen.
elsewhere AS (
    SELECT d.operation_id, a.mp_id, a.place
    FROM different AS d
    INNER JOIN seal_operation AS a ON a.action = 'apply' AND a.at < d.at AND upper(replace(replace(a.seal_no, ' ', ''), '-', '')) = d.observed_key
    QUALIFY row_number() OVER (PARTITION BY d.operation_id ORDER BY a.at DESC, a.operation_id DESC) = 1
)

SELECT
    d.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    d.mp_id,
    $month AS bill_month,
    CAST(d.at AS DATE) AS period_from,
    CAST(d.at + INTERVAL 1 DAY AS DATE) AS period_to,
    d.operation_id AS source_id,
    d.place,
    CASE d.place WHEN 'meter_cover' THEN '表封' WHEN 'terminal_cover' THEN '表尾封' WHEN 'box' THEN '表箱封' WHEN 'ct_terminal' THEN '互感器二次端子封' ELSE '封印' END AS place_zh,
    d.action,
    d.at,
    d.registered_seal_no,
    d.observed_seal_no,
    d.operator_id,
    d.order_no,
    e.mp_id AS observed_belongs_to_mp_id,
    e.place AS observed_belongs_to_place,
    CASE
        WHEN e.mp_id IS NULL THEN '台账无此号的加封记录'
        WHEN e.mp_id = d.mp_id THEN '该号登记在本计量点其他位置'
        ELSE '该号登记在其他计量点'
    END AS where_zh,
    CASE
        WHEN e.mp_id IS NULL THEN 'the ledger applied no such seal'
        WHEN e.mp_id = d.mp_id THEN 'registered on another place of this point'
        ELSE 'registered on another point'
    END AS where_en
FROM different AS d
INNER JOIN metering_point AS p ON p.mp_id = d.mp_id
LEFT JOIN elsewhere AS e ON e.operation_id = d.operation_id
