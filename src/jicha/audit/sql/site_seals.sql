-- The seals that should hang at each wanted customer: those whose newest operation applied them.
SELECT p.customer_no, s.mp_id, s.seal_no, s.place
FROM (
    SELECT o.seal_no, o.mp_id, o.place, o.action
    FROM seal_operation AS o
    WHERE o.action IN ('apply', 'remove', 'return', 'lose', 'scrap')
    QUALIFY row_number() OVER (PARTITION BY o.seal_no ORDER BY o.at DESC, o.operation_id DESC) = 1
) AS s
INNER JOIN metering_point AS p ON p.mp_id = s.mp_id
SEMI JOIN wanted AS w ON w.customer_no = p.customer_no
WHERE s.action = 'apply'
ORDER BY p.customer_no, s.mp_id, s.place, s.seal_no
