"""Checkpoints: number and hash of the chain's end, written to a file outside the database.

Who can rewrite the whole database and hash it anew cannot make it agree with a file that lies elsewhere.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

EVERY_EVENTS = 1000
EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The hash that event `number` had at a time."""

    number: int
    hash: str
    at: datetime


def checkpoints(path: Path | None = None) -> list[Checkpoint]:
    """Return all checkpoints of the file, oldest first; a line that was cut while being written is left out."""
    path = path or settings.CHECKPOINTS
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="ascii").splitlines():
        try:
            told = json.loads(line)
        except json.JSONDecodeError:
            continue
        found.append(Checkpoint(told["number"], told["hash"], datetime.fromisoformat(told["at"])))
    return found


def leave_checkpoint(number: int, hash_: str, at: datetime, *, always: bool = False) -> bool:
    """Write a checkpoint where a thousand events or an hour have passed since the last; return whether it did."""
    last = _last(settings.CHECKPOINTS)
    due = last is None or number - last.number >= EVERY_EVENTS or at - last.at >= EVERY
    if due or always:
        _write(settings.CHECKPOINTS, Checkpoint(number, hash_, at))
    return due or always


def _last(path: Path) -> Checkpoint | None:
    """Return the newest checkpoint without reading the whole file."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 1024))
        lines = [line for line in file.read().splitlines() if line.endswith(b"}") and line.startswith(b"{")]
    if not lines:
        return None
    told = json.loads(lines[-1])
    return Checkpoint(told["number"], told["hash"], datetime.fromisoformat(told["at"]))


def _write(path: Path, checkpoint: Checkpoint) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"number": checkpoint.number, "hash": checkpoint.hash, "at": checkpoint.at.isoformat()})
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        os.write(handle, f"{line}\n".encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)
