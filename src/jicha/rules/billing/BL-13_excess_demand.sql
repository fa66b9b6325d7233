-- Maximum demand (最大需量) above 105 % of the contract value whose excess was not charged twice.
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
    issued_basic_yuan,
    due_basic_yuan,
    issued_yuan,
    due_yuan,
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-13' AND abs(difference_yuan) > $least_yuan
