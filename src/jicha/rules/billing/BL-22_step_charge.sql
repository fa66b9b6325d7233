-- Step charge (阶梯电费) that is not what the energy of the year, the months served and the quota give.
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
    issued_step_yuan,
    due_step_yuan,
    issued_kwh,
    issued_yuan,
    due_yuan,
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-22' AND abs(difference_yuan) > $least_yuan
