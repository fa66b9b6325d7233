"""Checkpoints: number and hash of the chain's end, written to files outside the database, one of them outside the home.

Who can rewrite the whole database and hash it anew cannot make it agree with a file that lies elsewhere.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

EVERY_EVENTS = 1000
EVERY = timedelta(hours=1)
LOG = logging.getLogger(__name__)


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


def anchors() -> list[Checkpoint]:
    """Return the checkpoints of the home and those outside it: each place vouches for itself, so both are compared."""
    outside = settings.CHECKPOINTS_OUTSIDE
    return [*checkpoints(), *(checkpoints(outside) if outside else ())]


def is_outside() -> bool:
    """Return whether checkpoints lie outside the home, where who holds the home cannot mend them too."""
    return settings.CHECKPOINTS_OUTSIDE is not None and settings.CHECKPOINTS_OUTSIDE.exists()


def leave_checkpoint(number: int, hash_: str, at: datetime, *, always: bool = False) -> bool:
    """Write a checkpoint where a thousand events or an hour have passed since the last; return whether it did."""
    last = last_checkpoint(settings.CHECKPOINTS)
    due = last is None or number - last.number >= EVERY_EVENTS or at - last.at >= EVERY
    if due or always:
        made = Checkpoint(number, hash_, at)
        _write(settings.CHECKPOINTS, made)
        _write_outside(made)
    return due or always


def anchor_tail() -> bool:
    """Leave a checkpoint at the end of the chain unless the last one is there already; return whether it did.

    An event leaves checkpoints only when it is written: after the last one of a day this is what anchors the rest.
    """
    from jicha.desk.journal.models import ChainHead

    head = ChainHead.objects.get(pk=1)
    last = last_checkpoint(settings.CHECKPOINTS)
    if not head.number or (last is not None and last.number >= head.number):
        return False
    return leave_checkpoint(head.number, head.hash, timezone.now(), always=True)


def last_checkpoint(path: Path) -> Checkpoint | None:
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


def _write_outside(checkpoint: Checkpoint) -> None:
    """Write to the place outside the home; a share that is away must not stop the work, and is told to the operator."""
    if settings.CHECKPOINTS_OUTSIDE is None:
        return
    try:
        _write(settings.CHECKPOINTS_OUTSIDE, checkpoint)
    except OSError as error:
        LOG.error("the checkpoint of event %s was not written outside the home: %s", checkpoint.number, error)


def _write(path: Path, checkpoint: Checkpoint) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"number": checkpoint.number, "hash": checkpoint.hash, "at": checkpoint.at.isoformat()})
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        os.write(handle, f"{line}\n".encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)
