-- The event log is written once: the database itself refuses to change or to delete a row.
CREATE FUNCTION event_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is written once';
END;
$$;
--;
CREATE TRIGGER event_never_changes BEFORE UPDATE OR DELETE ON journal_event FOR EACH ROW EXECUTE FUNCTION event_written_once();
--;
CREATE TRIGGER event_never_emptied BEFORE TRUNCATE ON journal_event FOR EACH STATEMENT EXECUTE FUNCTION event_written_once();
