-- A row of {table} is written once.
CREATE TRIGGER {table}_never_changes BEFORE UPDATE ON {table}
BEGIN
    SELECT RAISE(ABORT, '{kind}: a row is written once');
END;
--;
CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table}
BEGIN
    SELECT RAISE(ABORT, '{kind}: a row is written once');
END;
--;
-- REPLACE INTO takes the old row away without asking the trigger above.
CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
BEGIN
    SELECT RAISE(ABORT, '{kind}: a row is written once');
END;
