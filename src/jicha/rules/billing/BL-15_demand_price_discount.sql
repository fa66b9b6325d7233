-- Demand price (需量电价) not lowered although a kVA used 260 kWh or more, or lowered although it used less.
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
    issued_basic_yuan,
    due_basic_yuan,
    issued_yuan,
    due_yuan,
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-15' AND abs(difference_yuan) > $least_yuan
