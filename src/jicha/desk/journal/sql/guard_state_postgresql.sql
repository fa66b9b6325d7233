-- A row of {table} changes its state only with an event that tells of the new version, and never goes.
CREATE OR REPLACE FUNCTION {table}_state_with_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id = OLD.id AND NEW.version = OLD.version + 1 AND EXISTS (
        SELECT 1 FROM journal_event
        WHERE subject_kind = '{kind}' AND subject_id = NEW.id::text AND (content::json -> 'details' ->> 'version') = NEW.version::text
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '{kind}: a state changes only with its event in the log';
END;
$$;
--;
CREATE TRIGGER {table}_state_with_event BEFORE UPDATE ON {table} FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id OR NEW.state IS DISTINCT FROM OLD.state OR NEW.version IS DISTINCT FROM OLD.version)
EXECUTE FUNCTION {table}_state_with_event();
--;
CREATE OR REPLACE FUNCTION {table}_never_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{kind}: a row never goes';
END;
$$;
--;
CREATE TRIGGER {table}_never_goes BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_never_goes();
--;
CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_never_goes();
