-- The statements of mapping profiles.

-- source --
-- A source table as it was read: texts, with file and line.
CREATE OR REPLACE TEMP VIEW {name} AS
SELECT * FROM read_parquet([{paths}], union_by_name = true);

-- mapped --
SELECT {columns}, m._file AS _file, m._line AS _line, concat_ws(chr(31), {faults}) AS _faults
FROM {source} m {joins}
WHERE {condition};

-- mapped_groups --
-- One row a group; it stands where the first row of the group stood.
SELECT {columns}, min(m._file) AS _file, arg_min(m._line, m._file * 1000000000000 + m._line) AS _line, '' AS _faults, count(*) AS _rows
FROM {source} m {joins}
WHERE {condition}
GROUP BY {group_by};

-- join --
LEFT JOIN (SELECT * FROM {source} {pick}) {alias} ON {same}

-- pick_latest --
QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {latest} DESC NULLS LAST, _file, _line) = 1

-- ambiguous --
-- A key that a joined source holds more than once.
SELECT concat_ws('/', {keys}), count(*) FROM {source} WHERE {filled} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1;

-- left_out --
SELECT m._file, count(*) FROM {source} m {joins} WHERE ({condition}) IS NOT TRUE GROUP BY m._file;

-- raw_rows --
SELECT * FROM {source} SEMI JOIN wanted USING (_file, _line);
