-- month_diff --
-- Rows of the files that only one of two snapshots has, matched by key and month; a row that moved to another month
-- is removed there and added here, so that the sums of each month are right.
SELECT coalesce(n.ym, o.ym) AS ym,
       count(*) FILTER (WHERE o.is_there IS NULL) AS added,
       count(*) FILTER (WHERE n.is_there IS NULL) AS removed,
       count(*) FILTER (WHERE o.is_there AND n.is_there AND ({differs})) AS corrected{deltas}
FROM (SELECT *, {ym} AS ym, true AS is_there FROM old_rows) o
FULL JOIN (SELECT *, {ym} AS ym, true AS is_there FROM new_rows) n
  ON {same_key} AND o.ym IS NOT DISTINCT FROM n.ym
GROUP BY coalesce(n.ym, o.ym)
ORDER BY ym NULLS FIRST;
