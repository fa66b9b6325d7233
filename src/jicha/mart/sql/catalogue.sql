-- The catalogue of a mart: which Parquet files make up which snapshot, and which delivery they came from.
-- Snapshots are numbered upwards; snapshot n holds every file with added_in <= n and (removed_in is null or removed_in > n).

CREATE TABLE counter (
    name       TEXT PRIMARY KEY,
    next_value INTEGER NOT NULL
) STRICT;

CREATE TABLE snapshot (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at       TEXT NOT NULL,
    fingerprint      TEXT NOT NULL,
    contract_version INTEGER NOT NULL,
    dropped_at       TEXT
) STRICT;

-- undone = 1: the snapshot that this batch made was dropped while it was the newest, so the same content may be loaded again.
CREATE TABLE batch (
    id               INTEGER PRIMARY KEY,
    content_sha256   TEXT NOT NULL,
    label            TEXT NOT NULL,
    mode             TEXT NOT NULL CHECK (mode IN ('upsert', 'replace')),
    contract_version INTEGER NOT NULL,
    started_at       TEXT NOT NULL,
    committed_at     TEXT NOT NULL,
    snapshot_id      INTEGER REFERENCES snapshot (id),
    based_on         INTEGER REFERENCES snapshot (id),
    undone           INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
    summary          TEXT NOT NULL
) STRICT;

CREATE INDEX batch_content ON batch (content_sha256);

CREATE TABLE source_file (
    id               INTEGER PRIMARY KEY,
    batch_id         INTEGER NOT NULL REFERENCES batch (id),
    table_name       TEXT NOT NULL,
    path             TEXT NOT NULL,
    sha256           TEXT NOT NULL,
    bytes            INTEGER NOT NULL,
    encoding         TEXT,
    rows_read        INTEGER NOT NULL,
    rows_quarantined INTEGER NOT NULL
) STRICT;

CREATE INDEX source_file_batch ON source_file (batch_id);

CREATE TABLE file (
    id         INTEGER PRIMARY KEY,
    table_name TEXT NOT NULL,
    ym         INTEGER,
    path       TEXT NOT NULL UNIQUE,
    rows       INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    columns    TEXT NOT NULL,
    batch_id   INTEGER NOT NULL REFERENCES batch (id),
    added_in   INTEGER NOT NULL REFERENCES snapshot (id),
    removed_in INTEGER REFERENCES snapshot (id)
) STRICT;

CREATE INDEX file_life ON file (added_in, removed_in);
