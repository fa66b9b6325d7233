-- The statements of the quarantine.

-- write --
-- All bad rows of a delivery in one file, each with an identity that a second delivery of the same content gives again.
COPY (
    SELECT sha256({content} || '|' || coalesce(source, '') || '|' || "table" || '|' || line || '|' || coalesce(occurrence, 0))[1:16] AS id, * EXCLUDE (source, occurrence)
    FROM (
        SELECT b.*, s.sha256 AS source, row_number() OVER (PARTITION BY b.file_id, b."table", b.line ORDER BY b.raw) - 1 AS occurrence
        FROM bad b LEFT JOIN sources s ON s.id = b.file_id
    )
    ORDER BY "table", file_id, line
) TO {path} (FORMAT parquet, COMPRESSION zstd);

-- bad_parts --
CREATE OR REPLACE TEMP VIEW bad AS
SELECT * FROM read_parquet([{paths}]) UNION ALL SELECT * FROM conflicts;

-- no_bad_parts --
CREATE OR REPLACE TEMP VIEW bad AS SELECT * FROM conflicts;

-- conflict_rows --
-- The rows that the mart has refused because their key came with different values.
SELECT {columns}, _file, _line
FROM read_parquet([{paths}])
SEMI JOIN places USING (_file, _line);

-- problems --
-- The rows of a delivery that cannot be loaded, in the order in which they stand there.
SELECT "table", file, line, "column", value, reason, expected, more FROM bad ORDER BY "table", file_id, line;

-- conflict_counts --
SELECT "table", file, count(*) FROM read_parquet({path}) WHERE reason = 'duplicate_key_conflict' GROUP BY "table", file;

-- per_file --
-- How the rows of each file of a table compare with the mart: same key, same values.
SELECT s._file, count(*) FILTER (WHERE c._line IS NULL), count(*) FILTER (WHERE c._line IS NOT NULL AND ({differs})), count(*) FILTER (WHERE c._line IS NOT NULL AND NOT ({differs}))
FROM (
    SELECT * FROM read_parquet([{paths}])
    QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _file, _line) = 1
) s LEFT JOIN {table} c USING ({key})
GROUP BY s._file;

-- control_sum --
SELECT sum({column}) FROM read_parquet([{paths}]);
