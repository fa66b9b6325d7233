-- view --
-- A contract table over the files of one snapshot.
CREATE OR REPLACE VIEW {table} AS
SELECT {columns}
FROM read_parquet([{paths}], hive_partitioning = false, union_by_name = {union_by_name});

-- empty_view --
-- A contract table that the snapshot does not hold.
CREATE OR REPLACE VIEW {table} AS
SELECT {columns}
WHERE false;
