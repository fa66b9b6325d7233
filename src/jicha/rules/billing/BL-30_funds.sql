-- Government funds and surcharges (政府性基金及附加) left out, charged to an exempt tariff, or at another rate.
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
    issued_fund_yuan,
    due_fund_yuan,
    issued_kwh,
    issued_yuan,
    due_yuan,
    due_yuan - issued_yuan AS yuan_at_stake
FROM wrong_bill
WHERE topic = 'BL-30' AND abs(difference_yuan) > $least_yuan
