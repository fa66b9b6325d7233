-- Price, scheme or capacity changed inside the period and the bill has one segment (分段) only.
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
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-24' AND abs(difference_yuan) > $least_yuan
