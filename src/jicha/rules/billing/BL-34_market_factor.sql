-- The 1.5-times price (退市1.5倍) not applied to a customer that left the market, or applied to another.
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
    issued_yuan,
    due_yuan,
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-34' AND abs(difference_yuan) > $least_yuan
