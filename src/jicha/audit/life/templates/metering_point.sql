-- Say in one sentence which metering points are suspicious, and why. point_month is a fact: it has the history already.
SELECT
    p.mp_id AS subject_id,
    p.org_no,
    p.customer_no,
    p.mp_id,
    p.bill_month,
    p.energy_kwh
FROM point_month AS p
WHERE p.bill_month = $month AND p.energy_kwh > $most_kwh
