-- Meters that were removed (拆回表) and not kept for the months in which a doubt may come: scrapped before they were over, or hung at another place.
WITH moved AS (
    SELECT
        i.mp_id,
        i.meter_id,
        i.removed_at,
        lead(i.mp_id) OVER w AS next_mp_id,
        lead(i.installed_at) OVER w AS next_installed_at
    FROM meter_installation AS i
    WINDOW w AS (PARTITION BY i.meter_id ORDER BY i.installed_at, i.mp_id)
),

removed AS (
    SELECT
        r.mp_id,
        r.meter_id,
        p.org_no,
        p.customer_no,
        m.state,
        CAST(r.removed_at AS DATE) AS removed_on,
        add_months(CAST(r.removed_at AS DATE), $months) AS keep_until,
        r.next_mp_id,
        -- Hung back at the same place is one work.
        CASE WHEN r.next_mp_id <> r.mp_id AND r.next_installed_at < $as_of THEN CAST(r.next_installed_at AS DATE) END AS hung_again_on,
        r.next_mp_id IS NULL AS is_last
    FROM moved AS r
    INNER JOIN metering_point AS p ON p.mp_id = r.mp_id
    INNER JOIN meter AS m ON m.meter_id = r.meter_id
    WHERE r.removed_at < $as_of AND r.removed_at >= add_months($month, -$months)
)

SELECT
    r.meter_id AS subject_id,
    r.org_no,
    r.customer_no,
    r.mp_id,
    r.meter_id,
    r.state,
    r.removed_on,
    r.keep_until,
    r.next_mp_id,
    r.hung_again_on,
    CASE WHEN r.is_last THEN 'scrapped' ELSE 'hung_elsewhere' END AS finding_kind,
    CASE WHEN r.is_last THEN '已报废' ELSE '已装到其他计量点' END AS kind_zh,
    CASE WHEN r.is_last THEN 'is scrapped' ELSE 'hangs at another point' END AS kind_en
FROM removed AS r
WHERE
    r.hung_again_on < r.keep_until
    -- When it was scrapped is not in the ledger: that it is before the time is over shows at the as-of date only.
    OR (r.is_last AND r.state IN ($gone_states) AND $as_of <= r.keep_until)
QUALIFY row_number() OVER (PARTITION BY r.meter_id ORDER BY r.removed_on DESC, r.mp_id) = 1
