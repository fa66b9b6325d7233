"""The catalogue of a mart: SQLite in WAL mode, which commits all tables of a load at once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jicha.errors import ExplainedError
from jicha.mart.queries import named_queries, read_sql

SCHEMA_VERSION: Final = 1
CATALOGUE_NAME: Final = "catalog.sqlite"
_BUSY_SECONDS: Final = 30.0
# How SQLite tells that it cannot make the file of shared memory that WAL mode needs, even to read.
_NO_ROOM_FOR_SHARED_MEMORY: Final = frozenset(
    {
        "SQLITE_IOERR_SHMSIZE",
        "SQLITE_IOERR_SHMOPEN",
        "SQLITE_IOERR_SHMMAP",
        "SQLITE_CANTOPEN",
        "SQLITE_READONLY_CANTINIT",
    }
)


@dataclass(frozen=True, slots=True)
class MartFile:
    """One immutable Parquet file; `path` is relative to the mart."""

    path: str
    table: str
    ym: int | None
    rows: int
    bytes: int
    sha256: str
    batch: int
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What the list of snapshots tells about one."""

    id: int
    created_at: datetime
    fingerprint: str
    contract_version: int
    files: int
    rows: int
    bytes: int
    labels: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A delivered file; `id` comes from `Mart.reserve_source_ids` and stands in every row's `_file`."""

    id: int
    table: str
    path: str
    sha256: str
    bytes: int
    encoding: str | None
    rows_read: int
    rows_quarantined: int = 0


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """One delivery: `content_sha256` decides whether it was loaded before (hash the mapping with the files)."""

    content_sha256: str
    label: str
    sources: tuple[SourceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A delivery as the catalogue remembers it."""

    id: int
    content_sha256: str
    label: str
    mode: str
    committed_at: datetime
    snapshot_id: int | None
    undone: bool
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What one load does to the files of the newest snapshot."""

    batch: BatchInfo
    mode: str
    contract_version: int
    started_at: datetime
    summary: Mapping[str, Any]
    added: Sequence[MartFile]
    removed: Sequence[str]


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def fingerprint_of(files: Iterable[MartFile]) -> str:
    """Return the SHA-256 over table, month and content hash of each file, in a fixed order."""
    lines = sorted(f"{file.table}\t{file.ym or ''}\t{file.sha256}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _snapshot_info(snapshot_id: int, created_at: str, *rest: Any) -> SnapshotInfo:
    fingerprint, version, files, rows, size, labels = rest
    when = datetime.fromisoformat(created_at)
    return SnapshotInfo(snapshot_id, when, fingerprint, version, files, rows, size, labels or "")


class Catalogue:
    """Reads and changes the catalogue; every call opens its own connection, so threads and forks are safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sql = named_queries("queries.sql")

    def create(self) -> None:
        """Create the tables unless they are there; the caller holds the write lock."""
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            if self._version(connection) == 0:
                script = f"BEGIN IMMEDIATE;\n{read_sql('catalogue.sql')}\nPRAGMA user_version = {SCHEMA_VERSION};\nCOMMIT;"
                connection.executescript(script)

    def is_ready(self) -> bool:
        """Tell whether the catalogue is there; refuse one of a newer jicha."""
        if not self.path.exists():
            return False
        with self._reading() as connection:
            version = self._version(connection)
        if version > SCHEMA_VERSION:
            raise ExplainedError(
                where=str(self.path),
                found=f"a catalogue of version {version}",
                expected=f"version {SCHEMA_VERSION} or older",
                remedy="Update jicha: a newer one has written this mart.",
            )
        return version == SCHEMA_VERSION

    def snapshots(self) -> list[SnapshotInfo]:
        """Return the kept snapshots, oldest first."""
        rows = self._all("kept_snapshots")
        return [_snapshot_info(*row) for row in rows]

    def latest_id(self) -> int | None:
        """Return the number of the newest kept snapshot."""
        found: int | None = self._all("latest_snapshot_id")[0][0]
        return found

    def snapshot_row(self, snapshot_id: int) -> tuple[datetime, str, datetime | None] | None:
        """Return when a snapshot was made, its fingerprint and when it was dropped."""
        rows = self._all("snapshot_row", (snapshot_id,))
        if not rows:
            return None
        _, created, fingerprint, dropped = rows[0]
        return (
            datetime.fromisoformat(created),
            fingerprint,
            datetime.fromisoformat(dropped) if dropped else None,
        )

    def files(self, snapshot_id: int) -> list[MartFile]:
        """Return the files of a snapshot."""
        rows = self._all("snapshot_files", {"snapshot": snapshot_id})
        return [
            MartFile(path, table, ym, count, size, sha256, batch, json.loads(columns))
            for table, ym, path, count, size, sha256, columns, batch in rows
        ]

    def batches(self) -> list[BatchRecord]:
        """Return every delivery that was committed, oldest first."""
        return [
            BatchRecord(
                row[0],
                row[1],
                row[2],
                row[3],
                datetime.fromisoformat(row[4]),
                row[5],
                bool(row[6]),
                json.loads(row[7]),
            )
            for row in self._all("batches")
        ]

    def batch_of_content(self, content: str, mode: str, contract_version: int) -> BatchRecord | None:
        """Return the standing batch that was made of the same content in the same way."""
        rows = self._all("batch_of_content", (content, mode, contract_version))
        if not rows:
            return None
        batch_id, label, committed, snapshot_id, summary = rows[0]
        when = datetime.fromisoformat(committed)
        return BatchRecord(batch_id, content, label, mode, when, snapshot_id, False, json.loads(summary))

    def sources(self, batch_id: int) -> list[SourceFile]:
        """Return the delivered files of a batch."""
        return [SourceFile(*row) for row in self._all("sources_of_batch", (batch_id,))]

    def source(self, source_id: int) -> SourceFile | None:
        """Return the delivered file that a row's `_file` names."""
        rows = self._all("source", (source_id,))
        return SourceFile(*rows[0]) if rows else None

    def batch_of_source(self, source_id: int) -> int | None:
        """Return the number of the batch in which a file was delivered."""
        rows = self._all("batch_of_source", (source_id,))
        return int(rows[0][0]) if rows else None

    def reserve(self, name: str, count: int) -> range:
        """Return `count` numbers that nobody else gets; a killed load leaves a gap, which is harmless."""
        with self._transaction() as connection:
            connection.execute(self._sql["counter_start"], (name,))
            start = int(connection.execute(self._sql["counter_value"], (name,)).fetchone()[0])
            connection.execute(self._sql["counter_advance"], (count, name))
        return range(start, start + count)

    def commit(self, change: Change, kept: Iterable[MartFile]) -> tuple[int, int | None]:
        """Record a load in one transaction; return the batch and the new snapshot (none when no file changed)."""
        with self._transaction() as connection:
            now = utc_now().isoformat()
            based_on = connection.execute(self._sql["latest_snapshot_id"]).fetchone()[0]
            snapshot_id = self._insert_snapshot(connection, change, kept, now)
            batch_id = self._insert_batch(connection, change, now, snapshot_id, based_on)
            self._insert_files(connection, change, batch_id, snapshot_id)
        return batch_id, snapshot_id

    def _insert_snapshot(
        self, connection: sqlite3.Connection, change: Change, kept: Iterable[MartFile], now: str
    ) -> int | None:
        if not change.added and not change.removed:
            return None
        values = (now, fingerprint_of([*kept, *change.added]), change.contract_version)
        return connection.execute(self._sql["insert_snapshot"], values).lastrowid

    def _insert_batch(
        self,
        connection: sqlite3.Connection,
        change: Change,
        now: str,
        snapshot_id: int | None,
        based_on: int | None,
    ) -> int:
        batch = change.batch
        head = (
            batch.content_sha256,
            batch.label,
            change.mode,
            change.contract_version,
            change.started_at.isoformat(),
            now,
        )
        values = (*head, snapshot_id, based_on, json.dumps(change.summary, ensure_ascii=False))
        batch_id = connection.execute(self._sql["insert_batch"], values).lastrowid
        assert batch_id is not None
        connection.executemany(
            self._sql["insert_source"],
            [
                (
                    s.id,
                    batch_id,
                    s.table,
                    s.path,
                    s.sha256,
                    s.bytes,
                    s.encoding,
                    s.rows_read,
                    s.rows_quarantined,
                )
                for s in batch.sources
            ],
        )
        return batch_id

    def _insert_files(
        self, connection: sqlite3.Connection, change: Change, batch_id: int, snapshot_id: int | None
    ) -> None:
        connection.executemany(
            self._sql["insert_file"],
            [
                (
                    f.table,
                    f.ym,
                    f.path,
                    f.rows,
                    f.bytes,
                    f.sha256,
                    json.dumps(dict(f.columns)),
                    batch_id,
                    snapshot_id,
                )
                for f in change.added
            ],
        )
        connection.executemany(self._sql["remove_file"], [(snapshot_id, path) for path in change.removed])

    def drop(self, snapshot_ids: Iterable[int]) -> None:
        """Mark snapshots as dropped; when the newest goes, the mart is back at the newest one left."""
        with self._transaction() as connection:
            now = utc_now().isoformat()
            connection.executemany(
                self._sql["mark_dropped"], [(now, snapshot_id) for snapshot_id in snapshot_ids]
            )
            latest = connection.execute(self._sql["latest_snapshot_id"]).fetchone()[0] or 0
            connection.execute(self._sql["undo_added"], (latest,))
            connection.execute(self._sql["undo_removed"], (latest,))
            connection.execute(self._sql["undo_batches"], {"latest": latest})

    def forget_unseen(self) -> list[str]:
        """Forget the files that no kept snapshot names and return their paths, to be deleted after."""
        with self._transaction() as connection:
            paths = [path for (path,) in connection.execute(self._sql["unseen_files"])]
            connection.executemany(self._sql["forget_file"], [(path,) for path in paths])
        return paths

    def known_paths(self) -> frozenset[str]:
        """Return the paths of all files that the catalogue names."""
        return frozenset(path for (path,) in self._all("known_paths"))

    def _all(self, name: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(self._sql[name], values).fetchall()

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # FULL: a commit that was acknowledged survives a power loss, also in WAL mode.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Open the catalogue to read, also from a disk that is full or read-only."""
        with contextlib.ExitStack() as stack:
            try:
                connection = stack.enter_context(self._connection())
                self._version(connection)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname not in _NO_ROOM_FOR_SHARED_MEMORY or self._has_log():
                    raise
                connection = stack.enter_context(self._still_connection())
            yield connection

    def _has_log(self) -> bool:
        """Tell whether commits stand in the write-ahead log only."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return log.exists() and log.stat().st_size > 0

    @contextlib.contextmanager
    def _still_connection(self) -> Iterator[sqlite3.Connection]:
        """Open the catalogue as a file that nobody writes: right as long as there is no log."""
        connection = sqlite3.connect(f"{self.path.as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
