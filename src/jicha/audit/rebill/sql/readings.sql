-- Every reading of the chosen points in the months of the chosen bills, with the ratios of the installation it was
-- read in: a reading at the very moment of a change belongs to what was there before it, hence (from, until].
WITH months AS (
    SELECT DISTINCT b.bill_month
    FROM bill AS b
    INNER JOIN chosen_bill AS s ON s.bill_id = b.bill_id
),

installed AS (
    SELECT
        i.mp_id,
        i.meter_id,
        i.ct_ratio,
        i.pt_ratio,
        i.multiplier,
        CASE
            WHEN row_number() OVER (PARTITION BY i.mp_id, i.meter_id ORDER BY i.installed_at) = 1 THEN CAST('1900-01-01' AS TIMESTAMP)
            ELSE i.installed_at
        END AS from_at,
        COALESCE(
            lead(i.installed_at) OVER (PARTITION BY i.mp_id, i.meter_id ORDER BY i.installed_at), CAST('9999-12-31' AS TIMESTAMP)
        ) AS until_at
    FROM meter_installation AS i
    INNER JOIN chosen_point AS p ON p.mp_id = i.mp_id
)

SELECT
    r.mp_id,
    r.bill_month,
    r.meter_id,
    r.register,
    r.previous_value,
    r.previous_at,
    r.value,
    r.read_at,
    r.status,
    i.ct_ratio,
    i.pt_ratio,
    i.multiplier,
    m.digits
FROM reading AS r
INNER JOIN chosen_point AS p ON p.mp_id = r.mp_id
INNER JOIN months AS o ON o.bill_month = r.bill_month
LEFT JOIN meter AS m ON m.meter_id = r.meter_id
LEFT JOIN installed AS i
    ON i.mp_id = r.mp_id
    AND i.meter_id = r.meter_id
    AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) > i.from_at
    AND COALESCE(r.read_at, CAST(last_day(r.bill_month) AS TIMESTAMP)) <= i.until_at
ORDER BY r.mp_id, r.bill_month, r.register, r.meter_id
