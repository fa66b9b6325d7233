-- Bills of the month by refusal (null: recomputed), with what was issued and what is due.
SELECT refusal, count(*) AS bills, sum(issued_total_yuan) AS issued_yuan, sum(total_yuan) AS due_yuan
FROM recomputed_bill
GROUP BY refusal
ORDER BY refusal
