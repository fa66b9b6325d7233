-- Metering points that marketing, collection (采集) and the map (GIS) hold in different districts (台区), or, without a district, on different feeders.
-- While a district or feeder is being switched over, the systems follow one after the other.
WITH seen AS (
    SELECT
        t.mp_id,
        max(CASE WHEN t.source = 'marketing' THEN t.district_id END) AS marketing_district,
        max(CASE WHEN t.source = 'ami' THEN t.district_id END) AS ami_district,
        max(CASE WHEN t.source = 'gis' THEN t.district_id END) AS gis_district,
        max(CASE WHEN t.source = 'marketing' THEN t.feeder_id END) AS marketing_feeder,
        max(CASE WHEN t.source = 'ami' THEN t.feeder_id END) AS ami_feeder,
        max(CASE WHEN t.source = 'gis' THEN t.feeder_id END) AS gis_feeder,
        max(t.district_id) IS NULL AS has_no_district
    FROM topology_link AS t
    GROUP BY t.mp_id
    HAVING
        min(t.district_id) <> max(t.district_id)
        OR (max(t.district_id) IS NULL AND min(t.feeder_id) <> max(t.feeder_id))
),

switching AS (
    SELECT DISTINCT feeder_id, district_id
    FROM feeder_switching
    WHERE
        from_at < $as_of
        AND (to_at IS NULL OR to_at >= CAST($as_of - $transfer_days * INTERVAL 1 DAY AS DATE))
),

moving AS (
    SELECT s.mp_id
    FROM seen AS s
    INNER JOIN switching AS w ON w.district_id IN (s.marketing_district, s.ami_district, s.gis_district)
    UNION
    SELECT s.mp_id
    FROM seen AS s
    INNER JOIN switching AS w ON w.feeder_id IN (s.marketing_feeder, s.ami_feeder, s.gis_feeder)
    WHERE w.district_id IS NULL
)

SELECT
    s.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    s.mp_id,
    CASE WHEN s.has_no_district THEN 'feeder' ELSE 'district' END AS differs_in,
    CASE WHEN s.has_no_district THEN '线路' ELSE '台区' END AS differs_in_zh,
    CASE WHEN s.has_no_district THEN s.marketing_feeder ELSE s.marketing_district END AS in_marketing,
    CASE WHEN s.has_no_district THEN s.ami_feeder ELSE s.ami_district END AS in_ami,
    CASE WHEN s.has_no_district THEN s.gis_feeder ELSE s.gis_district END AS in_gis
FROM seen AS s
INNER JOIN metering_point AS p ON p.mp_id = s.mp_id
ANTI JOIN moving AS m ON m.mp_id = s.mp_id
WHERE p.status IN ('running', 'stopped')
