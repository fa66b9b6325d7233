-- delivered --
-- The staged rows of one table with the month that they belong to.
CREATE OR REPLACE TEMP VIEW delivered AS
SELECT {columns}, {ym} AS ym
FROM read_parquet([{paths}], hive_partitioning = false);

-- repeated_hash --
-- Hashes of keys that occur more than once: eight bytes a row instead of whole keys. Equal keys have equal hashes;
-- unequal keys that share a hash are told apart in `suspect`.
CREATE OR REPLACE TEMP TABLE repeated_hash AS
SELECT hash({key}) AS key_hash
FROM delivered
GROUP BY key_hash
HAVING count(*) > 1;

-- repeated_hash_count --
SELECT count(*) FROM repeated_hash;

-- suspect --
CREATE OR REPLACE TEMP TABLE suspect AS
SELECT d.*
FROM delivered d SEMI JOIN repeated_hash r ON hash({key_d}) = r.key_hash;

-- duplicate_key --
-- Keys that occur more than once, with the number of different rows among the copies.
CREATE OR REPLACE TEMP TABLE duplicate_key AS
SELECT {key}, count(*) AS copies, count(DISTINCT row({all})) AS versions
FROM suspect
GROUP BY {key}
HAVING count(*) > 1;

-- conflict_key --
CREATE OR REPLACE TEMP TABLE conflict_key AS
SELECT {key} FROM duplicate_key WHERE versions > 1;

-- no_conflict_key --
CREATE OR REPLACE TEMP TABLE conflict_key AS SELECT {key} FROM delivered WHERE false;

-- exact_copies --
-- Copies beyond the first of rows that agree.
SELECT coalesce(sum(copies - 1), 0) FROM duplicate_key WHERE versions = 1;

-- conflicts --
-- All copies of the keys whose copies disagree.
SELECT s._file, s._line, {key_text} AS key
FROM suspect s SEMI JOIN conflict_key c USING ({key})
ORDER BY key, s._file, s._line;

-- unique_rows --
-- The delivery without conflicts, and one of each set of equal copies.
CREATE OR REPLACE TEMP VIEW unique_rows AS
SELECT d.* FROM delivered d ANTI JOIN repeated_hash r ON hash({key_d}) = r.key_hash
UNION ALL
SELECT s.* FROM suspect s ANTI JOIN conflict_key c USING ({key})
QUALIFY row_number() OVER (PARTITION BY {key_s} ORDER BY s._file, s._line) = 1;

-- unique_rows_plain --
CREATE OR REPLACE TEMP VIEW unique_rows AS SELECT * FROM delivered;

-- months --
SELECT ym, count(*) FROM unique_rows GROUP BY ym ORDER BY ym NULLS FIRST;

-- may_be_keyless --
-- Told by the footers: no row is read unless a key column has nulls or its nulls were not counted.
SELECT coalesce(bool_or(stats_null_count IS NULL OR stats_null_count > 0), false)
FROM parquet_metadata([{paths}])
WHERE path_in_schema IN ({columns});

-- keyless --
SELECT _file, _line FROM delivered WHERE {any_key_null} LIMIT 1;

-- split_buffer --
-- Rows that each thread holds back for each month; more is faster and takes more memory.
SET partitioned_write_flush_threshold = 20000;

-- split --
COPY (SELECT * FROM unique_rows) TO {folder} (FORMAT parquet, COMPRESSION lz4, PARTITION_BY (ym));

-- part --
-- The delivered rows of one month.
CREATE OR REPLACE TEMP VIEW part AS SELECT {columns} FROM unique_rows WHERE {month_filter};

-- part_of_files --
-- The same where whole files are the month: nothing to filter.
CREATE OR REPLACE TEMP VIEW part AS SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false);

-- moved --
-- Rows of the mart whose key comes back in another month (only where the month is no part of the key).
CREATE OR REPLACE TEMP TABLE moved AS
SELECT c.*, {ym_c} AS old_ym, u.ym AS new_ym
FROM current_rows c JOIN (SELECT {key}, ym FROM unique_rows) u USING ({key})
WHERE {ym_c} IS DISTINCT FROM u.ym;

-- moved_months --
SELECT DISTINCT old_ym FROM moved ORDER BY old_ym NULLS FIRST;

-- current_with_moved --
CREATE OR REPLACE TEMP VIEW current_part AS
SELECT * FROM stored_part
UNION ALL
SELECT * EXCLUDE (old_ym, new_ym) FROM moved WHERE new_ym IS NOT DISTINCT FROM {month};

-- current_plain --
CREATE OR REPLACE TEMP VIEW current_part AS SELECT * FROM stored_part;

-- probe --
-- Rows among the first few whose keys differ at the same place.
SELECT count(*) FILTER (WHERE NOT is_same)
FROM (SELECT {same_key} AS is_same FROM part s POSITIONAL JOIN current_part c LIMIT 4096);

-- compare --
-- Delivered rows whose key is there already: how many, how many differ, in which column, and by how much.
SELECT count(*) FILTER (WHERE {same_key}) AS matched, count(*) FILTER (WHERE {differs}) AS corrected{counts}
FROM {pairs};

-- pairs_by_key --
part s JOIN current_part c USING ({key})

-- pairs_by_place --
-- A delivery that comes again mostly has its rows in the same order: then nothing needs to be hashed or held in memory.
part s POSITIONAL JOIN current_part c

-- changed_key --
CREATE OR REPLACE TEMP TABLE changed_key AS SELECT {key_s} FROM {pairs} WHERE {differs};

-- changed_count --
SELECT count(*) FROM changed_key;

-- rows_all --
SELECT * FROM part;

-- rows_added --
SELECT * FROM part s ANTI JOIN current_part c USING ({key});

-- rows_by_place --
-- Where every pair stands at the same place, one pass writes the corrected month and keeps its order.
SELECT {chosen}
FROM (
    SELECT {differs} AS is_changed, {both},
           CASE WHEN NOT ({same_key}) THEN error('rows changed their place while they were read') END AS fault
    FROM part s POSITIONAL JOIN current_part c
)
WHERE fault IS NULL;

-- rows_corrected --
-- What stays, and what is corrected.
SELECT * FROM current_part c ANTI JOIN changed_key k USING ({key})
UNION ALL
SELECT * FROM part s SEMI JOIN changed_key k USING ({key});

-- rows_upserted --
-- What stays, what is corrected, what is new.
SELECT * FROM current_part c ANTI JOIN changed_key k USING ({key})
UNION ALL
SELECT * FROM part s SEMI JOIN changed_key k USING ({key})
UNION ALL
SELECT * FROM part s ANTI JOIN current_part c USING ({key});

-- rows_replaced --
-- As above, but what the delivery does not hold goes; a row whose new version is in conflict stays until that is settled.
SELECT * FROM current_part c SEMI JOIN kept_key k USING ({key})
UNION ALL
SELECT * FROM part s SEMI JOIN changed_key k USING ({key})
UNION ALL
SELECT * FROM part s ANTI JOIN current_part c USING ({key});

-- kept_key --
CREATE OR REPLACE TEMP TABLE kept_key AS
SELECT {key} FROM (SELECT {key} FROM part UNION ALL SELECT {key} FROM conflict_key) ANTI JOIN changed_key USING ({key});

-- kept_rows --
SELECT count(*) FROM current_part c SEMI JOIN kept_key k USING ({key});

-- rows_left --
-- A month that loses rows to other months.
SELECT * FROM stored_part c ANTI JOIN moved m USING ({key});

-- write --
COPY ({rows} {order}) TO {path} (FORMAT parquet, COMPRESSION zstd);

-- schema --
SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({path}, hive_partitioning = false));

-- row_count --
SELECT coalesce(sum(num_rows), 0) FROM parquet_file_metadata([{paths}]);

-- file_bounds --
-- Lowest and highest value of a column in each file, whether every row group tells them, and how many rows and nulls there are.
SELECT file_name, min(stats_min_value), max(stats_max_value), bool_and(stats_min_value IS NOT NULL),
       sum(stats_null_count), sum(row_group_num_rows)
FROM parquet_metadata([{paths}])
WHERE path_in_schema = {column}
GROUP BY file_name;

-- clustering --
-- Lowest and highest value of a column in each row group, and how the group is compressed.
SELECT stats_min_value, stats_max_value, compression
FROM parquet_metadata({path})
WHERE path_in_schema = {column}
ORDER BY row_group_id;

-- duplicate_count --
SELECT count(*) FROM duplicate_key;

-- current_rows_of_month --
SELECT count(*) FROM current_part;

-- clear --
-- Before the next table: give back what the work tables hold.
DROP TABLE IF EXISTS repeated_hash;
DROP TABLE IF EXISTS suspect;
DROP TABLE IF EXISTS duplicate_key;
DROP TABLE IF EXISTS conflict_key;
DROP TABLE IF EXISTS moved;
DROP TABLE IF EXISTS changed_key;
DROP TABLE IF EXISTS kept_key;
