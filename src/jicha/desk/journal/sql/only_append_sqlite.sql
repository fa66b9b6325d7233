-- The event log is written once: the database itself refuses to change or to delete a row.
CREATE TRIGGER event_never_changes BEFORE UPDATE ON journal_event
BEGIN
    SELECT RAISE(ABORT, 'the event log is written once');
END;
--;
CREATE TRIGGER event_never_goes BEFORE DELETE ON journal_event
BEGIN
    SELECT RAISE(ABORT, 'the event log is written once');
END;
