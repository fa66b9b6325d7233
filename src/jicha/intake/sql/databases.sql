-- The statements that are sent to the databases that extracts are read from.

-- postgresql_snapshot --
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- postgresql_columns --
SELECT table_schema, table_name, column_name, data_type
FROM information_schema.columns
WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY table_schema <> 'public', table_schema, table_name, ordinal_position;

-- postgresql_copy --
COPY (SELECT {columns} FROM {schema}.{table}) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8');

-- postgresql_column --
{name}

-- postgresql_column_civil --
({name} AT TIME ZONE 'Asia/Shanghai') AS {name}

-- mysql_snapshot --
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;

-- mysql_columns --
SELECT table_schema, table_name, column_name, data_type
FROM information_schema.columns
WHERE table_schema = DATABASE()
ORDER BY table_name, ordinal_position;

-- mysql_select --
SELECT {columns} FROM {schema}.{table};

-- mysql_column --
CAST({name} AS CHAR)

-- mysql_column_bit --
CAST({name} + 0 AS CHAR)

-- oracle_snapshot --
SET TRANSACTION READ ONLY;

-- oracle_columns --
SELECT owner, table_name, column_name, data_type
FROM all_tab_columns
WHERE owner NOT IN ('SYS', 'SYSTEM', 'XDB', 'CTXSYS', 'MDSYS', 'WMSYS', 'OUTLN')
ORDER BY CASE WHEN owner = USER THEN 0 ELSE 1 END, owner, table_name, column_id;

-- oracle_select --
SELECT {columns} FROM {schema}.{table};

-- oracle_column --
{name}

-- oracle_column_number --
TO_CHAR({name}, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,''')

-- oracle_column_date --
TO_CHAR({name}, 'YYYY-MM-DD HH24:MI:SS')

-- oracle_column_timestamp --
TO_CHAR({name}, 'YYYY-MM-DD HH24:MI:SS.FF6')

-- oracle_column_zoned --
TO_CHAR({name}, 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM')
