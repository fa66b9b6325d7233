-- The organisation and everything below it in the tree.
WITH RECURSIVE subtree AS (
    SELECT org_no FROM org WHERE org_no = $org_no
    UNION
    SELECT o.org_no FROM org AS o JOIN subtree AS s ON o.parent_org_no = s.org_no
)
SELECT org_no FROM subtree ORDER BY org_no
