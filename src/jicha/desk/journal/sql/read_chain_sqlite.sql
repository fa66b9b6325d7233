-- The time as it is stored: without the cast each would be read into a moment and written out again.
SELECT number, CAST(at AS TEXT), actor_id, organisation_id, action, subject_kind, subject_id, content, previous_hash, hash FROM journal_event ORDER BY number;
