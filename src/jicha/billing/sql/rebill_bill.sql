-- The normal bills of the audited month with what of the customer archive and of the rules a recomputation needs.
WITH month_bill AS (
    SELECT bill_id, customer_no, org_no, bill_month, period_from, period_to, kwh, kvarh, power_factor, pf_adjust_pct, total_yuan
    FROM bill
    WHERE bill_month = $month AND kind = 'normal'
),

several AS (
    SELECT customer_no, count(*) AS bills
    FROM month_bill
    GROUP BY customer_no
),

quota AS (
    SELECT b.bill_id, TRUE AS has_proof
    FROM month_bill AS b
    INNER JOIN proof AS p
        ON
            p.customer_no = b.customer_no
            AND p.kind = 'multi_person'
            AND p.valid_from < b.period_to
            AND (p.valid_to IS NULL OR p.valid_to > b.period_from)
    GROUP BY b.bill_id
),

-- Few days begin a period, so the rules are looked up by day.
begun AS (
    SELECT DISTINCT period_from
    FROM month_bill
),

rule AS (
    SELECT
        d.period_from,
        u.rule_from,
        u.multi_person_minimum_persons,
        u.multi_person_extra_kwh_per_month,
        u.part_month_days,
        u.maximum_period_days
    FROM begun AS d
    INNER JOIN billing_rule AS u ON d.period_from >= u.rule_from AND d.period_from < u.rule_to
),

dated AS (
    SELECT
        b.*,
        date_diff('day', b.period_from, b.period_to) AS days,
        n.bills,
        c.contract_kva,
        c.running_kva,
        c.market_mode,
        -- Who left the market pays a multiple of the agency price, and a high-energy user (高耗能) who buys by agency.
        c.market_mode = 'exited' OR (c.market_mode = 'agency' AND c.high_energy_listed) AS pays_multiple,
        c.opened_on,
        -- From one day to the same day of the next month, or from month end to month end.
        (
            ym(b.period_to) - ym(b.period_from) = 1
            AND (day(b.period_to) = day(b.period_from) OR (b.period_to = last_day(b.period_to) AND day(b.period_from) > day(b.period_to)))
        ) AS is_full_month,
        CASE
            WHEN q.has_proof AND c.household_persons >= u.multi_person_minimum_persons THEN u.multi_person_extra_kwh_per_month
            ELSE 0
        END AS quota_kwh_per_month,
        u.rule_from,
        u.part_month_days,
        u.maximum_period_days
    FROM month_bill AS b
    INNER JOIN customer AS c ON c.customer_no = b.customer_no
    INNER JOIN several AS n ON n.customer_no = b.customer_no
    LEFT JOIN quota AS q ON q.bill_id = b.bill_id
    LEFT JOIN rule AS u ON u.period_from = b.period_from
)

SELECT
    bill_id,
    customer_no,
    org_no,
    bill_month,
    period_from,
    period_to,
    days,
    contract_kva,
    running_kva,
    market_mode,
    pays_multiple,
    opened_on,
    is_full_month,
    -- What a full month's charge is divided by.
    COALESCE(part_month_days, CASE WHEN is_full_month THEN days ELSE day(last_day(period_from)) END) AS divisor,
    quota_kwh_per_month,
    rule_from,
    CASE
        WHEN days <= 0 OR days > maximum_period_days OR maximum_period_days IS NULL THEN 'impossible_period'
        WHEN bills > 1 THEN 'several_bills_in_month'
    END AS refusal,
    kwh AS issued_kwh,
    kvarh AS issued_kvarh,
    power_factor AS issued_power_factor,
    pf_adjust_pct AS issued_pf_adjust_pct,
    total_yuan AS issued_total_yuan
FROM dated
