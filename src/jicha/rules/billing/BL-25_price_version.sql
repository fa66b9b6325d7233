-- A version of the price (电价版本) that was not in force on the days of the energy.
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
WHERE topic = 'BL-25' AND abs(difference_yuan) > $least_yuan
