-- Checks between tables, and what a snapshot holds.

-- orphans --
-- Rows whose foreign key is nowhere: neither in this delivery nor in the mart. They are loaded, and told of.
WITH missing AS (
    SELECT {fields} FROM (SELECT DISTINCT {fields} FROM read_parquet([{paths}]) WHERE {filled}) s
    ANTI JOIN ({references}) r ON {same}
)
SELECT s._file, count(*), min(s._line), arg_min(concat_ws('/', {fields_s}), s._line)
FROM read_parquet([{paths}]) s JOIN missing m ON {same_m}
GROUP BY s._file;

-- keys_of_files --
SELECT {keys} FROM read_parquet([{paths}])

-- filled_columns --
-- Columns with at least one value, from the footers alone.
SELECT path_in_schema
FROM parquet_metadata([{paths}])
GROUP BY path_in_schema
HAVING bool_or(stats_null_count IS NULL OR stats_null_count < num_values);
