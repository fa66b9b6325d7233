-- Energy and amount of all bills of a customer by month, the months that end with the named one.
SELECT
    bill_month,
    sum(kwh) AS kwh,
    sum(total_yuan) AS yuan
FROM bill
WHERE customer_no = $customer_no
    AND bill_month > $until - $months * INTERVAL 1 MONTH
    AND bill_month <= $until
GROUP BY bill_month
ORDER BY bill_month
