"""Locks of a mart: one writer at a time, and folders that tell whether their owner still lives.

All locks are `flock` locks: the kernel releases them when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from jicha.errors import ExplainedError

_POLL_SECONDS: Final = 0.05


@contextlib.contextmanager
def write_lock(root: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the mart's write lock; wait at most `wait_seconds` for another load to end."""
    path = root / "write.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait(descriptor, path, wait_seconds)
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            raise _busy(path, wait_seconds)
        time.sleep(_POLL_SECONDS)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    """Write who holds the lock, for the message that a second load gets."""
    text = (
        f"process {os.getpid()}, which started at {datetime.now().astimezone().isoformat(timespec='seconds')}"
    )
    # Padded and written in place: on a full disk the file keeps the block that it has.
    os.pwrite(descriptor, text.ljust(100).encode(), 0)


def _busy(path: Path, wait_seconds: float) -> ExplainedError:
    return ExplainedError(
        where=str(path),
        found=f"another load by {path.read_text(encoding='utf-8').strip() or 'an unknown process'}",
        expected=f"the mart to become free within {wait_seconds:g} s",
        remedy="Wait until that load has ended, then load again. Readers are not affected.",
    )


@contextlib.contextmanager
def owned_folder(parent: Path) -> Iterator[Path]:
    """Make a folder that lives as long as this block; what a killed process leaves is swept by `sweep`."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / uuid.uuid4().hex
    descriptor = _own(folder.with_suffix(".lock"))
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".lock").unlink(missing_ok=True)
        os.close(descriptor)


def _own(path: Path) -> int:
    """Create and lock the owner file of a folder."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # A sweeper may have locked and removed the file between the two calls above: then make it anew.
        if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
        os.close(descriptor)


def sweep(parent: Path) -> None:
    """Remove the folders whose owner is dead."""
    for path in parent.glob("*.lock"):
        with contextlib.suppress(FileNotFoundError):
            _sweep_one(path)


def _sweep_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        if _try_lock(descriptor, fcntl.LOCK_EX):
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held_for_reading(root: Path, snapshot_id: int) -> Iterator[None]:
    """Keep a snapshot from being dropped while this block reads it."""
    descriptor = os.open(_reader_file(root, snapshot_id), os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def closed_to_readers(root: Path, snapshot_ids: Sequence[int]) -> Iterator[None]:
    """Keep readers out of snapshots while they are dropped; refuse if one is read now."""
    with contextlib.ExitStack() as stack:
        for snapshot_id in snapshot_ids:
            descriptor = os.open(_reader_file(root, snapshot_id), os.O_RDONLY | os.O_CREAT, 0o644)
            stack.callback(os.close, descriptor)
            if not _try_lock(descriptor, fcntl.LOCK_EX):
                raise _read_now(snapshot_id)
        yield


def _read_now(snapshot_id: int) -> ExplainedError:
    return ExplainedError(
        where=f"snapshot {snapshot_id}",
        found="a process that is reading it",
        expected="a snapshot that nobody reads",
        remedy="Wait until the audit that reads it has ended, then drop it again.",
    )


def is_read_now(root: Path, snapshot_id: int) -> bool:
    """Tell whether any process holds the snapshot for reading."""
    try:
        with closed_to_readers(root, [snapshot_id]):
            return False
    except ExplainedError:
        return True


def allow_readers(root: Path, snapshot_id: int) -> None:
    """Make the file that readers lock while there is room for it."""
    with contextlib.suppress(OSError):
        _reader_file(root, snapshot_id).touch()


def _reader_file(root: Path, snapshot_id: int) -> Path:
    return root / "readers" / f"{snapshot_id}.lock"
