-- kept_snapshots --
-- Snapshots that were not dropped, oldest first, with what they hold.
SELECT s.id, s.created_at, s.fingerprint, s.contract_version,
       (SELECT count(*) FROM file f WHERE f.added_in <= s.id AND (f.removed_in IS NULL OR f.removed_in > s.id)),
       (SELECT coalesce(sum(f.rows), 0) FROM file f WHERE f.added_in <= s.id AND (f.removed_in IS NULL OR f.removed_in > s.id)),
       (SELECT coalesce(sum(f.bytes), 0) FROM file f WHERE f.added_in <= s.id AND (f.removed_in IS NULL OR f.removed_in > s.id)),
       (SELECT group_concat(b.label, ', ') FROM batch b WHERE b.snapshot_id = s.id)
FROM snapshot s
WHERE s.dropped_at IS NULL
ORDER BY s.id;

-- latest_snapshot_id --
SELECT max(id) FROM snapshot WHERE dropped_at IS NULL;

-- snapshot_row --
SELECT id, created_at, fingerprint, dropped_at FROM snapshot WHERE id = ?;

-- snapshot_files --
SELECT table_name, ym, path, rows, bytes, sha256, columns, batch_id
FROM file
WHERE added_in <= :snapshot AND (removed_in IS NULL OR removed_in > :snapshot)
ORDER BY table_name, ym, id;

-- counter_start --
INSERT OR IGNORE INTO counter (name, next_value) VALUES (?, 1);

-- counter_value --
SELECT next_value FROM counter WHERE name = ?;

-- counter_advance --
UPDATE counter SET next_value = next_value + ? WHERE name = ?;

-- batch_of_content --
-- The newest batch with this content that still stands.
SELECT id, label, committed_at, snapshot_id, summary
FROM batch
WHERE content_sha256 = ? AND mode = ? AND contract_version = ? AND undone = 0
ORDER BY id DESC LIMIT 1;

-- batches --
SELECT id, content_sha256, label, mode, committed_at, snapshot_id, undone, summary FROM batch ORDER BY id;

-- sources_of_batch --
SELECT id, table_name, path, sha256, bytes, encoding, rows_read, rows_quarantined
FROM source_file WHERE batch_id = ? ORDER BY id;

-- source --
SELECT id, table_name, path, sha256, bytes, encoding, rows_read, rows_quarantined FROM source_file WHERE id = ?;

-- batch_of_source --
SELECT batch_id FROM source_file WHERE id = ?;

-- insert_snapshot --
INSERT INTO snapshot (created_at, fingerprint, contract_version) VALUES (?, ?, ?);

-- insert_batch --
INSERT INTO batch (content_sha256, label, mode, contract_version, started_at, committed_at, snapshot_id, based_on, summary)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- insert_source --
INSERT INTO source_file (id, batch_id, table_name, path, sha256, bytes, encoding, rows_read, rows_quarantined)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- insert_file --
INSERT INTO file (table_name, ym, path, rows, bytes, sha256, columns, batch_id, added_in)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- remove_file --
UPDATE file SET removed_in = ? WHERE path = ? AND removed_in IS NULL;

-- mark_dropped --
UPDATE snapshot SET dropped_at = ? WHERE id = ? AND dropped_at IS NULL;

-- undo_added --
-- Going back to an older newest snapshot: what came later was never there.
DELETE FROM file WHERE added_in > ?;

-- undo_removed --
UPDATE file SET removed_in = NULL WHERE removed_in > ?;

-- undo_batches --
-- A later batch that changed nothing rests on the rows of the dropped snapshot, so it is undone with it.
UPDATE batch SET undone = 1 WHERE snapshot_id > :latest OR based_on > :latest;

-- unseen_files --
-- Files that no kept snapshot names.
SELECT path FROM file
WHERE NOT EXISTS (
    SELECT 1 FROM snapshot s
    WHERE s.dropped_at IS NULL AND file.added_in <= s.id AND (file.removed_in IS NULL OR file.removed_in > s.id)
);

-- forget_file --
DELETE FROM file WHERE path = ?;

-- known_paths --
SELECT path FROM file;
