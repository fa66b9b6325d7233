-- The bills of the month that differ, each with its cause, the topic it belongs to and what was issued and due by item.
-- A bill without a single cause belongs to the topic of the one item that differs; an adjustment follows its base.
WITH items AS (
    SELECT
        bill_id,
        min(mp_id) AS mp_id,
        count(*) AS charges,
        count(CASE WHEN item = 'basic' THEN 1 END) AS basic_charges,
        count(CASE WHEN item = 'step' THEN 1 END) AS step_charges,
        count(CASE WHEN item = 'fund' OR component = 'fund' THEN 1 END) AS fund_charges,
        count(CASE WHEN item = 'pf_adjustment' THEN 1 END) AS adjustments
    FROM bill_line_difference
    GROUP BY bill_id
),

issued AS (
    SELECT
        l.bill_id,
        sum(l.amount_yuan) FILTER (WHERE l.item = 'basic') AS basic_yuan,
        sum(l.amount_yuan) FILTER (WHERE l.item = 'fund') AS fund_yuan
    FROM issued_line AS l
    SEMI JOIN bill_cause AS w ON w.bill_id = l.bill_id
    GROUP BY l.bill_id
)

SELECT
    c.bill_id,
    b.customer_no,
    b.org_no,
    b.bill_month,
    i.mp_id,
    CASE
        WHEN c.cause NOT IN ('unexplained', 'not_examined') OR i.charges IS NULL OR i.charges = i.adjustments THEN c.topic
        WHEN i.basic_charges = i.charges - i.adjustments THEN 'BL-10'
        WHEN i.step_charges = i.charges - i.adjustments THEN 'BL-22'
        WHEN i.fund_charges = i.charges - i.adjustments THEN 'BL-30'
        ELSE c.topic
    END AS topic,
    c.cause,
    c.also,
    c.look_at,
    c.message_zh AS cause_zh,
    c.message_en AS cause_en,
    c.issued_yuan,
    c.due_yuan,
    c.difference_yuan,
    b.issued_kwh,
    b.kwh AS due_kwh,
    COALESCE(s.basic_yuan, 0) AS issued_basic_yuan,
    b.basic_yuan AS due_basic_yuan,
    b.issued_step_yuan,
    b.step_yuan AS due_step_yuan,
    COALESCE(s.fund_yuan, 0) AS issued_fund_yuan,
    b.fund_yuan AS due_fund_yuan
FROM bill_cause AS c
INNER JOIN recomputed_bill AS b ON b.bill_id = c.bill_id
LEFT JOIN items AS i ON i.bill_id = c.bill_id
LEFT JOIN issued AS s ON s.bill_id = c.bill_id
