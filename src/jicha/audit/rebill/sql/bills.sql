-- The chosen normal bills with what of the customer archive changes a bill.
SELECT
    b.bill_id,
    b.customer_no,
    b.bill_month,
    b.period_from,
    b.period_to,
    c.contract_kva,
    c.running_kva,
    c.market_mode,
    c.opened_on,
    c.closed_on,
    c.household_persons,
    (
        SELECT count(*)
        FROM bill AS o
        WHERE o.customer_no = b.customer_no AND o.bill_month = b.bill_month AND o.kind = 'normal'
    ) AS bills_in_month,
    b.kwh,
    b.kvarh,
    b.power_factor,
    b.pf_adjust_pct,
    b.total_yuan,
    c.high_energy_listed
FROM bill AS b
INNER JOIN chosen_bill AS s ON s.bill_id = b.bill_id
INNER JOIN customer AS c ON c.customer_no = b.customer_no
WHERE b.kind = 'normal'
ORDER BY b.bill_id
