"""The border to the disk: durable files, their hashes, and errors of a full disk told in plain words."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import duckdb

from jicha.errors import ExplainedError

_SPARE_NAME: Final = "spare"
_SPARE_BYTES: Final = 512 * 1024
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FAILING: Final = frozenset({errno.EIO, errno.EROFS})
_FULL_TEXTS: Final = (
    "no space left",
    "disk is full",
    "database or disk is full",
    "disk quota",
    "max_temp_directory_size",
)


def sync_file(path: Path) -> None:
    """Force the bytes of a file to the disk."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Force the names in a folder to the disk, so that a new file is still there after a power loss."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Give `source` the second name `target`; copy where the disk cannot link."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            raise
        shutil.copyfile(source, target)


def remove_files(paths: Iterable[Path], prune: bool = True) -> int:
    """Delete files, and their folders once empty if `prune`; return the bytes set free."""
    freed = 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            freed += path.stat().st_size
            path.unlink()
        if prune:
            with contextlib.suppress(OSError):  # not empty, or gone: both are fine
                path.parent.rmdir()
    return freed


def keep_spare(root: Path) -> None:
    """Hold some space back, so that snapshots can still be dropped when the disk is full."""
    with contextlib.suppress(OSError), (root / _SPARE_NAME).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, _SPARE_BYTES)


def release_spare(root: Path) -> None:
    """Give the space back that was held for this moment."""
    (root / _SPARE_NAME).unlink(missing_ok=True)


@contextlib.contextmanager
def explained_disk_errors(folder: Path, action: str) -> Iterator[None]:
    """Turn errors of a full or failing disk into one that tells what to do; the mart is as it was before `action`."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException, sqlite3.OperationalError) as error:
        if not _is_of_disk(error, folder):
            raise
        raise _explain(folder, action, error) from error


def _is_of_disk(error: Exception, folder: Path) -> bool:
    """Tell whether the disk or memory of the mart is at fault, not a file of the caller."""
    if _is_full(error) or isinstance(error, duckdb.OutOfMemoryException):
        return True
    if isinstance(error, OSError):
        return error.errno in _FAILING or (
            isinstance(error, PermissionError) and str(folder) in str(error.filename)
        )
    return str(folder) in str(error) or "disk I/O" in str(error) or "readonly database" in str(error)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    # A full disk has no room for SQLite's shared memory either, which it calls an I/O error.
    if getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE":
        return True
    return any(text in str(error).lower() for text in _FULL_TEXTS)


def _explain(folder: Path, action: str, error: Exception) -> ExplainedError:
    remedy = "Nothing was changed: the newest snapshot is the one before."
    if _is_full(error):
        return ExplainedError(
            where=str(folder),
            found=f"no space left on the disk while {action}",
            expected=f"room for the new files ({_free_text(folder)} free now)",
            remedy=f"{remedy} Free some space, or drop old snapshots with `jicha snapshots drop`, then load again.",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return ExplainedError(
            where=str(folder),
            found=f"not enough memory while {action}: {error}",
            expected="the load to stay within the memory limit of the mart",
            remedy=f"{remedy} Raise the memory limit (Mart.open(memory_limit=...)) or load fewer files at once.",
        )
    return ExplainedError(
        where=str(folder),
        found=f"a disk error while {action}: {error}",
        expected="a folder that can be read and written",
        remedy=f"{remedy} Check the disk and the rights on the folder, then load again.",
    )


def _free_text(folder: Path) -> str:
    """Return the free space of the disk of `folder` for people."""
    try:
        return f"{shutil.disk_usage(folder).free / 2**20:,.0f} MiB"
    except OSError:
        return "an unknown amount"
