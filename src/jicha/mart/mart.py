"""The mart: immutable snapshots of all contract tables, written by loads and read by audits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from jicha.contract import Contract, contract
from jicha.errors import ExplainedError
from jicha.mart.catalogue import (
    CATALOGUE_NAME,
    BatchInfo,
    BatchRecord,
    Catalogue,
    MartFile,
    SnapshotInfo,
    SourceFile,
)
from jicha.mart.commit import BeforeCommit, Loader, Progress
from jicha.mart.engine import DEFAULT_MEMORY_LIMIT
from jicha.mart.lock import is_read_now, owned_folder, write_lock
from jicha.mart.merge import Mode
from jicha.mart.snapshot import Snapshot
from jicha.mart.storage import explained_disk_errors, keep_spare
from jicha.mart.summary import LoadSummary, StagedTable

DEFAULT_LOCK_WAIT_SECONDS: Final = 300.0


def _silent(step: str, done: int, total: int) -> None:
    """Tell nobody."""


class Mart:
    """One mart folder; make it with `Mart.open`."""

    def __init__(self, root: Path, contract_: Contract, memory_limit: str, lock_wait_seconds: float) -> None:
        self.root = root
        self.contract = contract_
        self.memory_limit = memory_limit
        self.lock_wait_seconds = lock_wait_seconds
        self.catalogue = Catalogue(root / CATALOGUE_NAME)

    @classmethod
    def open(
        cls,
        root: Path,
        create: bool = True,
        *,
        contract_: Contract | None = None,
        memory_limit: str = DEFAULT_MEMORY_LIMIT,
        lock_wait_seconds: float = DEFAULT_LOCK_WAIT_SECONDS,
    ) -> Mart:
        """Open the mart in a folder, and make it first if `create` allows."""
        mart = cls(root.absolute(), contract_ or contract(), memory_limit, lock_wait_seconds)
        if not mart.catalogue.is_ready():
            mart._create(create)
        return mart

    def _create(self, allowed: bool) -> None:
        if not allowed:
            raise ExplainedError(
                where=str(self.root),
                found="no mart",
                expected="a folder with a catalog.sqlite",
                remedy="Load data first with `jicha load`, or name another home with --home.",
            )
        with explained_disk_errors(self.root, "making the mart"):
            for name in ("data", "facts", "readers", "tmp"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            with write_lock(self.root, self.lock_wait_seconds):
                self.catalogue.create()
            keep_spare(self.root)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────

    def latest(self) -> Snapshot | None:
        """Return the newest snapshot, or none in an empty mart."""
        latest = self.catalogue.latest_id()
        return None if latest is None else self.snapshot(latest)

    def snapshot(self, snapshot_id: int) -> Snapshot:
        """Return a snapshot by its number."""
        row = self.catalogue.snapshot_row(snapshot_id)
        if row is None or row[2] is not None:
            raise self._no_snapshot(snapshot_id, row is not None)
        created_at, fingerprint, _ = row
        return Snapshot(
            snapshot_id, created_at, fingerprint, self._files(snapshot_id), self.root, self.contract
        )

    def snapshots(self) -> list[SnapshotInfo]:
        """Return all kept snapshots, oldest first."""
        return self.catalogue.snapshots()

    def batches(self) -> list[BatchRecord]:
        """Return all committed deliveries, oldest first."""
        return self.catalogue.batches()

    def source(self, source_id: int) -> SourceFile | None:
        """Return the delivered file that a row's `_file` names."""
        return self.catalogue.source(source_id)

    def batch_of_source(self, source_id: int) -> int | None:
        """Return the number of the batch in which the file that a row's `_file` names was delivered."""
        return self.catalogue.batch_of_source(source_id)

    def committed_batch(self, content_sha256: str, mode: Mode = "upsert") -> BatchRecord | None:
        """Return the batch that loaded this content already: a reader may stop before it stages anything."""
        return self.catalogue.batch_of_content(content_sha256, mode, self.contract.version)

    def is_read_now(self, snapshot_id: int) -> bool:
        """Tell whether any process holds the snapshot (`with snapshot.held()`)."""
        return is_read_now(self.root, snapshot_id)

    def _files(self, snapshot_id: int) -> Mapping[str, tuple[MartFile, ...]]:
        found: dict[str, list[MartFile]] = {}
        for file in self.catalogue.files(snapshot_id):
            found.setdefault(file.table, []).append(file)
        return {table: tuple(files) for table, files in found.items()}

    def _no_snapshot(self, snapshot_id: int, dropped: bool) -> ExplainedError:
        kept = ", ".join(str(info.id) for info in self.snapshots()) or "none"
        return ExplainedError(
            where=str(self.root),
            found=f"snapshot {snapshot_id} was dropped" if dropped else f"no snapshot {snapshot_id}",
            expected=f"one of the kept snapshots: {kept}",
            remedy="List them with `jicha snapshots list`.",
        )

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────

    def reserve_source_ids(self, count: int) -> range:
        """Return numbers for delivered files, to stand in `_file` of the rows that are staged."""
        with explained_disk_errors(self.root, "numbering files"):
            return self.catalogue.reserve("source_file", count)

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder on the mart's disk for staged files; it is gone after the block, also after a kill."""
        with explained_disk_errors(self.root, "staging"), owned_folder(self.root / "tmp") as folder:
            yield folder

    def merge(
        self,
        batch: BatchInfo,
        staged: Sequence[StagedTable],
        mode: Mode = "upsert",
        progress: Progress = _silent,
        *,
        before_commit: BeforeCommit | None = None,
        force: bool = False,
    ) -> LoadSummary:
        """Commit a delivery as one snapshot.

        `before_commit` gets the final figures while nothing is committed yet: write the quarantine there, or raise
        to refuse the load. `force` loads content again that was committed before (say, to go back to it).
        """
        loader = Loader(self.root, self.catalogue, self.contract, self.memory_limit, self.lock_wait_seconds)
        return loader.load(batch, staged, mode, progress, before_commit, force)
