SELECT number, at, actor_id, organisation_id, action, subject_kind, subject_id, content, previous_hash, hash FROM journal_event ORDER BY number;
