"""One file with everything that people made: the desk's rows, evidence, exceptions, own rules and books, checkpoints.

The mart can be loaded again from the extracts and is left out unless it is asked for.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from jicha.desk.operation import postgres_rows
from jicha.errors import ExplainedError, ManyErrors

DATABASE, MANIFEST = "desk.sqlite3", "MANIFEST.json"
# The rows of a PostgreSQL, as pg_dump writes them; in the archive only, never in the home.
DUMP = "desk.pgdump"
# When the last backup was made: `jicha doctor` asks.
LAST_BACKUP = "last-backup.json"
# Made again by themselves, or parts of the database's own files.
LEFT_OUT = ("static", "metrics", LAST_BACKUP, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds."""

    files: int
    size_bytes: int


class DamagedBackup(ManyErrors):
    """A backup that is not what its manifest says; nothing was restored."""


def backup(
    home: Path,
    target: Path,
    *,
    with_mart: bool,
    database_url: str | None = None,
    progress: Progress = lambda *_: None,
) -> Kept:
    """Write a backup of a home that may be in use; the file appears when it is whole.

    The rows are those of one moment (SQLite's own backup, or pg_dump), taken before the evidence: a row never names a file that
    is left out.
    """
    draft = target.with_name(f".{target.name}.draft")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(draft, "w:gz", compresslevel=3) as archive:
        files = [*_rows(home, database_url, Path(folder)), *_files(home, with_mart)]
        told = {}
        for number, (name, path) in enumerate(files, start=1):
            told[name] = _add(archive, name, path)
            progress("backup", number, len(files))
        manifest = json.dumps(
            {
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "with_mart": with_mart,
                "sha256": told,
            },
            indent=1,
        )
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(manifest.encode())
        archive.addfile(info, io.BytesIO(manifest.encode()))
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    (home / LAST_BACKUP).write_text(manifest, encoding="utf-8")
    return Kept(len(told), target.stat().st_size)


def _rows(home: Path, database_url: str | None, folder: Path) -> list[tuple[str, Path]]:
    """Return the file with the rows by its name in the archive."""
    if database_url:
        postgres_rows.dump(database_url, folder / DUMP)
        return [(DUMP, folder / DUMP)]
    if not (home / DATABASE).exists():
        return []
    _copy_rows(home / DATABASE, folder / DATABASE)
    return [(DATABASE, folder / DATABASE)]


def _copy_rows(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as of, closing(sqlite3.connect(target)) as to:
        of.backup(to)


def _files(home: Path, with_mart: bool) -> list[tuple[str, Path]]:
    """Return the files of the home by their name in the archive."""
    found = []
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home)
        is_left_out = (
            name.parts[0] in LEFT_OUT or str(name) == DATABASE or (name.parts[0] == "mart" and not with_mart)
        )
        if (
            path.is_file()
            and not path.is_symlink()
            and not is_left_out
            and not path.name.startswith(".draft-")
        ):
            found.append((name.as_posix(), path))
    return found


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Add one file and return the hash of what was added, even where somebody writes to it meanwhile."""
    data = path.read_bytes()
    info = archive.gettarinfo(str(path), arcname=name)
    info.size = len(data)
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    archive.addfile(info, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


def restore(
    source: Path, home: Path, *, database_url: str | None = None, progress: Progress = lambda *_: None
) -> Kept:
    """Restore a backup into a home that does not exist yet: checked whole first, then put in its place at once.

    Rows of a PostgreSQL go into the empty database of the address; each kind of rows goes back into its own kind of database.
    """
    if home.exists() and any(home.iterdir()):
        raise ExplainedError(
            where=str(home), found="a home that holds something", expected="a folder that is empty or not there",
            remedy="Name another folder with --home, or move this one away first.",
        )  # fmt: skip
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".restore-") as folder:
        draft = Path(folder) / "home"
        count = _unpack(source, draft, progress)
        _load_rows(draft, database_url)
        if home.exists():
            home.rmdir()
        draft.rename(home)
    return Kept(count, source.stat().st_size)


def _load_rows(draft: Path, database_url: str | None) -> None:
    """Put the rows of a PostgreSQL into the database; refuse where the backup and the address are of two kinds."""
    dump = draft / DUMP
    if dump.exists() != bool(database_url):
        raise ExplainedError(
            where="DATABASE_URL", found="set" if database_url else "not set",
            expected="the address of an empty PostgreSQL" if dump.exists() else "none: this backup holds the rows of a SQLite file",
            remedy="Set it for a backup that was made with a PostgreSQL, and for no other.",
        )  # fmt: skip
    if database_url:
        postgres_rows.must_be_empty(database_url)
        postgres_rows.load(database_url, dump)
        dump.unlink()


def _unpack(source: Path, draft: Path, progress: Progress) -> int:
    """Write every file of the archive below the draft and compare it with the manifest."""
    found: dict[str, str] = {}
    manifest: dict[str, str] = {}
    problems: list[str] = []
    try:
        with tarfile.open(source, "r:gz") as archive:
            for name, data, mode in _members(archive, problems):
                if name == MANIFEST:
                    manifest = json.loads(data)["sha256"]
                    continue
                path = draft / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                path.chmod(mode & 0o700 | 0o600 if name != DATABASE else 0o600)
                found[name] = hashlib.sha256(data).hexdigest()
                progress("restore", len(found), max(len(found), len(manifest)))
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError) as error:
        problems.append(f"the archive cannot be read to its end: {error}")
    problems += [
        f"{name}: differs from the manifest" for name in sorted(found) if found[name] != manifest.get(name)
    ]
    problems += [f"{name}: is missing" for name in sorted(manifest.keys() - found.keys())]
    if problems:
        raise DamagedBackup(str(source), problems[:20])
    return len(found)


def _members(archive: tarfile.TarFile, problems: list[str]) -> Iterator[tuple[str, bytes, int]]:
    """Yield plain files only; a link, or a name that leads out of the home, is a problem."""
    for member in archive:
        parts = PurePosixPath(member.name).parts
        if not member.isreg() or member.name.startswith("/") or ".." in parts:
            problems.append(f"{member.name}: no plain file inside the home")
            continue
        handle = archive.extractfile(member)
        assert handle is not None
        yield member.name, handle.read(), member.mode
