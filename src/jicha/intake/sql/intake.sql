-- The statements of the intake.

-- read_lines --
-- One chunk of a text file: every column as text, cast where plain; lines of a wrong shape go to reject_errors.
SELECT {values}, {plain} AS _plain
FROM read_csv(
    {path}, columns = {columns}, header = false, auto_detect = false, delim = {delimiter}, quote = {quote}, escape = {quote},
    comment = '', nullstr = '', store_rejects = true, rejects_limit = 0, strict_mode = true
);

-- rejected_positions --
SELECT DISTINCT line_byte_position FROM reject_errors ORDER BY line_byte_position;

-- forget_rejects --
DROP TABLE IF EXISTS reject_errors;

-- forget_scans --
DROP TABLE IF EXISTS reject_scans;

-- type_rows --
-- Rows that are already columns (a sheet, a Parquet file, a database): cast where plain.
SELECT {values}, _line, ({plain}) AS _plain FROM rows_read;

-- as_texts --
SELECT {columns}, _line FROM rows_read;
