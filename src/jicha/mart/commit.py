"""Commits a delivery: all tables or none, whatever happens to the process or the disk."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from jicha.contract import Contract
from jicha.mart.catalogue import BatchInfo, Catalogue, Change, MartFile, utc_now
from jicha.mart.delivery import Delivery, Month
from jicha.mart.engine import open_engine
from jicha.mart.lock import allow_readers, owned_folder, sweep, write_lock
from jicha.mart.merge import Mode, Piece, TableMerge
from jicha.mart.storage import explained_disk_errors, remove_files, sha256_of, sync_file, sync_folder
from jicha.mart.summary import LoadSummary, StagedTable, TableSummary, repeated_summary

# Told: what is being done, how much of it is done, how much there is.
Progress: TypeAlias = Callable[[str, int, int], None]
BeforeCommit: TypeAlias = Callable[[LoadSummary], None]


@dataclass(slots=True)
class _Result:
    """The work of one load before it is published."""

    tables: list[TableSummary] = field(default_factory=list)
    made: list[tuple[str, Month, Piece]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


class Loader:
    """Merges deliveries into one mart."""

    def __init__(
        self, root: Path, catalogue: Catalogue, contract: Contract, memory_limit: str, lock_wait: float
    ) -> None:
        self._root = root
        self._catalogue = catalogue
        self._contract = contract
        self._memory_limit = memory_limit
        self._lock_wait = lock_wait

    def load(
        self,
        batch: BatchInfo,
        staged: Sequence[StagedTable],
        mode: Mode,
        progress: Progress,
        before_commit: BeforeCommit | None,
        force: bool,
    ) -> LoadSummary:
        """Merge a delivery under the write lock; a delivery that was committed before changes nothing."""
        started = utc_now()
        with explained_disk_errors(self._root, "loading"), write_lock(self._root, self._lock_wait):
            known = self._catalogue.batch_of_content(batch.content_sha256, mode, self._contract.version)
            if known is not None and not force:
                return repeated_summary(known.id, known.summary)
            sweep(self._root / "tmp")
            sweep_orphans(self._root, self._catalogue)
            with owned_folder(self._root / "tmp") as folder:
                result = self._merge(staged, mode, folder, progress)
                return self._commit(batch, mode, started, result, progress, before_commit)

    def _merge(self, staged: Sequence[StagedTable], mode: Mode, folder: Path, progress: Progress) -> _Result:
        """Merge table by table into new files beside the mart's."""
        result = _Result()
        stored = self._stored_files()
        with open_engine("merge.sql", folder / "spill", self._memory_limit) as engine:
            for name, paths in _paths_by_table(staged).items():
                delivery = Delivery(engine, self._contract.table(name), paths, folder)
                merge = TableMerge(engine, delivery, stored.get(name, []), folder)
                result.tables.append(merge.run(mode, _named(progress, name)))
                result.made.extend((name, month, piece) for month, piece in merge.made())
                result.removed.extend(merge.removed())
                engine.run("clear")
        return result

    def _stored_files(self) -> dict[str, list[tuple[Path, MartFile]]]:
        latest = self._catalogue.latest_id()
        found: dict[str, list[tuple[Path, MartFile]]] = {}
        for file in self._catalogue.files(latest) if latest is not None else ():
            found.setdefault(file.table, []).append((self._root / file.path, file))
        return found

    def _commit(
        self,
        batch: BatchInfo,
        mode: Mode,
        started: datetime,
        result: _Result,
        progress: Progress,
        before_commit: BeforeCommit | None,
    ) -> LoadSummary:
        """Publish the new files, then name them in the catalogue: only the second step makes them count."""
        summary = LoadSummary(tables=tuple(result.tables))
        with self._published(batch, result.made, progress) as files:
            if before_commit is not None:
                before_commit(summary)
            change = Change(
                batch, mode, self._contract.version, started, summary.as_json(), files, result.removed
            )
            batch_id, snapshot_id = self._catalogue.commit(change, self._kept(result.removed))
        if snapshot_id is not None:
            allow_readers(self._root, snapshot_id)
        return dataclasses.replace(summary, batch_id=batch_id, snapshot_id=snapshot_id)

    def _kept(self, removed: Sequence[str]) -> list[MartFile]:
        gone = set(removed)
        stored = [file for files in self._stored_files().values() for _, file in files]
        return [file for file in stored if file.path not in gone]

    @contextlib.contextmanager
    def _published(
        self, batch: BatchInfo, made: Sequence[tuple[str, Month, Piece]], progress: Progress
    ) -> Iterator[list[MartFile]]:
        """Move new files to their place and force them to disk; take them back if the commit does not come about."""
        files: list[MartFile] = []
        try:
            for done, (table, month, piece) in enumerate(made):
                progress("publish", done, len(made))
                target = self._target(table, month, batch)
                # Recorded first: a failure on the way must find the name.
                files.append(MartFile(target, table, month, piece.rows, 0, "", 0, piece.columns))
                files[-1] = self._publish(piece, files[-1])
            self._sync_folders(files)
            yield files
        except BaseException:
            self._withdraw(files)
            raise

    def _target(self, table: str, month: Month, batch: BatchInfo) -> str:
        folder = f"data/{table}" if month is None else f"data/{table}/ym={month}"
        return f"{folder}/{batch.content_sha256[:12]}-{uuid.uuid4().hex}.parquet"

    def _publish(self, piece: Piece, file: MartFile) -> MartFile:
        target = self._root / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        piece.path.replace(target)
        sync_file(target)
        return dataclasses.replace(file, bytes=target.stat().st_size, sha256=sha256_of(target))

    def _sync_folders(self, files: Sequence[MartFile]) -> None:
        """Force the new names to disk, up to the folder that was there before."""
        folders = {parent for file in files for parent in (self._root / file.path).parents}
        for folder in sorted(f for f in folders if f.is_relative_to(self._root)):
            sync_folder(folder)

    def _withdraw(self, files: Sequence[MartFile]) -> None:
        """Remove published files that the catalogue does not name; what cannot be told now the next load sweeps."""
        with contextlib.suppress(Exception):
            known = self._catalogue.known_paths()
            remove_files(self._root / file.path for file in files if file.path not in known)


def sweep_orphans(root: Path, catalogue: Catalogue) -> int:
    """Remove data files that the catalogue does not name: a killed load left them. The caller holds the write lock."""
    known = catalogue.known_paths()
    found = list((root / "data").rglob("*.parquet"))
    return remove_files(path for path in found if path.relative_to(root).as_posix() not in known)


def _paths_by_table(staged: Sequence[StagedTable]) -> Mapping[str, list[Path]]:
    """Join the staged parts of each table."""
    found: dict[str, list[Path]] = {}
    for part in staged:
        found.setdefault(part.table, []).extend(part.paths)
    return {table: paths for table, paths in found.items() if paths}


def _named(progress: Progress, table: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(table, done, total)
