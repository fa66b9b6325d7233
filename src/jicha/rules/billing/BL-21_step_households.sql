-- Stepped homes (阶梯户) whose archive is in doubt: a quota for many persons that is not lawful, several households, several meters.
WITH stepped AS (
    SELECT DISTINCT customer_no
    FROM point_scheme
    WHERE usage = 'billing' AND status = 'running' AND step_scheme IN ('monthly', 'annual')
),

homes AS (
    SELECT
        c.customer_no,
        c.org_no,
        c.name,
        c.address,
        c.phone,
        c.opened_on,
        c.household_persons,
        c.multi_household,
        u.multi_person_minimum_persons AS least_persons,
        u.multi_person_extra_kwh_per_month AS quota_kwh
    FROM customer_state AS c
    SEMI JOIN stepped AS s ON s.customer_no = c.customer_no
    INNER JOIN billing_rule AS u ON u.rule_from < $month_end AND u.rule_to >= $month_end
    WHERE c.status = 'active'
),

quotas AS (
    SELECT
        customer_no,
        bool_or(valid_to IS NULL OR valid_to >= $month_end) AS is_valid,
        max(valid_to) AS ended_on
    FROM proof
    WHERE kind = 'multi_person' AND valid_from < $month_end
    GROUP BY customer_no
),

-- One holder at one address with more than one stepped meter has the steps more than once. The oldest of the meters is in order.
numbered AS (
    SELECT
        customer_no,
        row_number() OVER (PARTITION BY address, name, phone ORDER BY opened_on, customer_no) AS place,
        count(*) OVER (PARTITION BY address, name, phone) AS meters
    FROM homes
    WHERE address IS NOT NULL AND NOT multi_household
),

judged AS (
    SELECT
        h.customer_no,
        h.org_no,
        h.address,
        h.household_persons,
        h.least_persons,
        h.quota_kwh,
        q.ended_on,
        n.meters,
        CASE
            WHEN NOT q.is_valid THEN 'quota_expired'
            WHEN q.is_valid AND h.household_persons < h.least_persons THEN 'quota_too_few'
            WHEN h.multi_household THEN 'several_households'
            WHEN n.place > 1 THEN 'several_meters'
        END AS fault
    FROM homes AS h
    LEFT JOIN quotas AS q ON q.customer_no = h.customer_no
    LEFT JOIN numbered AS n ON n.customer_no = h.customer_no AND n.meters > 1
),

-- The step charge of the month's bill as issued and as recomputed without an unlawful quota.
steps AS (
    SELECT
        b.customer_no,
        min(b.period_from) AS period_from,
        max(b.period_to) AS period_to,
        sum(COALESCE(b.step_yuan, 0)) AS due_yuan,
        sum(COALESCE(b.issued_step_yuan, 0)) AS issued_yuan
    FROM recomputed_bill AS b
    SEMI JOIN judged AS j ON j.customer_no = b.customer_no AND j.fault IN ('quota_expired', 'quota_too_few')
    GROUP BY b.customer_no
    HAVING count(*) = count(CASE WHEN b.refusal IS NULL THEN 1 END)
),

weighed AS (
    SELECT
        j.*,
        s.period_from,
        s.period_to,
        s.due_yuan,
        s.issued_yuan,
        s.due_yuan - s.issued_yuan AS difference_yuan,
        CASE
            -- A bill with the full step charge shows that an expired quota is given no more.
            WHEN s.due_yuan > s.issued_yuan THEN TRUE
            WHEN s.due_yuan > 0 THEN FALSE
            ELSE j.household_persons >= j.least_persons
        END AS is_still_given
    FROM judged AS j
    LEFT JOIN steps AS s ON s.customer_no = j.customer_no
    WHERE j.fault IS NOT NULL
)

SELECT
    w.customer_no AS subject_id,
    w.org_no,
    w.customer_no,
    $month AS bill_month,
    w.period_from,
    w.period_to,
    w.fault,
    CASE w.fault
        WHEN 'quota_expired' THEN '多人口阶梯优惠到期仍享受'
        WHEN 'quota_too_few' THEN '人口不足仍享受多人口阶梯优惠'
        WHEN 'several_households' THEN '多户合用仍执行一户一表阶梯电价'
        ELSE '同一房产多表均执行阶梯电价'
    END AS fault_zh,
    CASE w.fault
        WHEN 'quota_expired' THEN 'the quota for a large household has ended and is still kept'
        WHEN 'quota_too_few' THEN 'a quota for a large household of too few persons'
        WHEN 'several_households' THEN 'several households on one stepped meter'
        ELSE 'several stepped meters of one holder at one property'
    END AS fault_en,
    w.household_persons,
    w.least_persons,
    w.quota_kwh AS quota_kwh_per_month,
    w.ended_on,
    w.address,
    w.meters,
    w.issued_yuan AS issued_step_yuan,
    w.due_yuan AS due_step_yuan,
    CASE WHEN w.difference_yuan >= 0 THEN w.difference_yuan END AS yuan_at_stake
FROM weighed AS w
WHERE w.fault <> 'quota_expired' OR w.is_still_given
