-- A row of {table} changes its state only with an event that tells of the new version, and never goes.
CREATE TRIGGER {table}_state_with_event BEFORE UPDATE OF id, state, version ON {table}
WHEN (NEW.id <> OLD.id OR NEW.state <> OLD.state OR NEW.version <> OLD.version)
    AND (NEW.id <> OLD.id OR NEW.version <> OLD.version + 1 OR NOT EXISTS (
        SELECT 1 FROM journal_event
        WHERE subject_kind = '{kind}' AND subject_id = CAST(NEW.id AS TEXT) AND json_extract(content, '$.details.version') = NEW.version
    ))
BEGIN
    SELECT RAISE(ABORT, '{kind}: a state changes only with its event in the log');
END;
--;
CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table}
BEGIN
    SELECT RAISE(ABORT, '{kind}: a row never goes');
END;
--;
-- REPLACE INTO takes the old row away without asking the trigger above.
CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, '{kind}: a row never goes');
END;
