-- Transformer loss (变损) left out, charged to a high-side meter, or worked out with other hours or parameters.
SELECT
    bill_id AS subject_id,
    org_no,
    customer_no,
    mp_id,
    bill_month,
    cause,
    also,
    cause_zh,
    cause_en,
    issued_kwh,
    due_kwh,
    issued_yuan,
    due_yuan,
    due_kwh - issued_kwh AS kwh_at_stake,
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-16' AND abs(difference_yuan) > $least_yuan
