-- How a text {x} becomes a value of each kind, and when it does so without any doubt.
-- What is not plain by these tests goes to the careful reader (careful.py), which knows more spellings and gives reasons.

-- text_value --
{x}

-- text_plain --
-- Greater than '.': begins with no blank, no dash, no control character.
{x} > '.' AND NOT suffix({x}, ' ') AND {x} NOT IN ('—', '——', '\N')

-- text_odd --
-- The same where other blanks than the space, NUL or lost characters may occur.
{x} > '.' AND {x} NOT IN ('—', '——', '\N')
AND NOT regexp_matches({x}, '[\x00\x{{fffd}}]|^[ \t\x{{a0}}\x{{3000}}\x{{feff}}\x{{200b}}]|[ \t\x{{a0}}\x{{3000}}\x{{feff}}\x{{200b}}]$')

-- decimal_value --
TRY_CAST({x} AS DECIMAL({precision}, {scale}))

-- decimal_plain --
-- Zeros beyond the scale lose nothing; any other digit there would be rounded away. The cast finds what is too large.
regexp_full_match({x}, '-?[0-9]+(\.[0-9]{{0,{scale}}}0*)?') AND TRY_CAST({x} AS DECIMAL({precision}, {scale})) IS NOT NULL

-- int_value --
TRY_CAST({x} AS BIGINT)

-- int_plain --
regexp_full_match({x}, '-?[0-9]{{1,18}}')

-- bool_value --
CASE WHEN {x} IN ('true', 't', '1') THEN true WHEN {x} IN ('false', 'f', '0') THEN false END

-- bool_plain --
{x} IN ('true', 't', '1', 'false', 'f', '0')

-- date_value --
TRY_CAST({x} AS DATE)

-- date_plain --
length({x}) = 10 AND coalesce(TRY_CAST({x} AS DATE) BETWEEN DATE '1900-01-01' AND DATE '9999-12-31', false)

-- month_value --
TRY_CAST({x} AS DATE)

-- month_plain --
length({x}) = 10 AND coalesce(TRY_CAST({x} AS DATE) BETWEEN DATE '1900-01-01' AND DATE '9999-12-31' AND day(TRY_CAST({x} AS DATE)) = 1, false)

-- timestamp_value --
TRY_CAST({x} AS TIMESTAMP)

-- timestamp_plain --
-- Nineteen characters with the second colon in place: no fraction, no time zone.
length({x}) = 19 AND substr({x}, 17, 1) = ':' AND coalesce(TRY_CAST({x} AS TIMESTAMP) BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '9999-12-31', false)
