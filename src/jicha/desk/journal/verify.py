"""Reads the whole chain again and says where it was changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC

from jicha.desk.journal.append import FIRST, hash_of
from jicha.desk.journal.checkpoints import Checkpoint, checkpoints
from jicha.desk.journal.models import ChainHead, Event


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the log does not agree with itself or with a checkpoint."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the log found."""

    events: int
    anchored: int
    faults: tuple[Fault, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def verify() -> Verification:
    """Check every event against the one before, against its own columns, the head and all checkpoints."""
    known = {one.number: one for one in checkpoints()}
    faults: list[Fault] = []
    number, previous, count = 0, FIRST, 0
    anchored = 0
    for event in Event.objects.order_by("number").iterator(chunk_size=5000):
        faults += _faults_of(event, number, previous, known.get(event.number))
        anchored = event.number if event.number in known else anchored
        number, previous, count = event.number, event.hash, count + 1
    faults += _faults_at_end(number, previous, known.values())
    return Verification(count, anchored, tuple(faults))


def _faults_of(event: Event, number: int, previous: str, anchor: Checkpoint | None) -> Iterator[Fault]:
    if event.number != number + 1:
        yield Fault(event.number, "gap", f"event {number + 1} is missing before {event.number}")
    if event.previous_hash != previous:
        yield Fault(event.number, "link", "does not continue the event before it")
    if event.hash != hash_of(event.previous_hash, event.content):
        yield Fault(event.number, "hash", "its text does not give its hash")
    if not _agrees(event):
        yield Fault(event.number, "columns", "its columns differ from the text that was hashed")
    if anchor is not None and anchor.hash != event.hash:
        yield Fault(event.number, "checkpoint", f"differs from the checkpoint of {anchor.at:%Y-%m-%d %H:%M}")


def _agrees(event: Event) -> bool:
    """Return whether the columns that lists show say the same as the hashed text."""
    try:
        told = json.loads(event.content)
    except json.JSONDecodeError:
        return False
    shown = (
        event.number, event.at.astimezone(UTC).isoformat(timespec="microseconds"), event.actor_id, event.organisation_id, event.action,
        [event.subject_kind, event.subject_id],
    )  # fmt: skip
    return shown == tuple(
        told.get(key) for key in ("number", "at", "actor", "organisation", "action", "subject")
    )


def _faults_at_end(number: int, last_hash: str, known: Iterable[Checkpoint]) -> Iterator[Fault]:
    head = ChainHead.objects.get(pk=1)
    if (head.number, head.hash or FIRST) != (number, last_hash):
        yield Fault(number, "head", f"the chain ends at {number}, its head says {head.number}")
    for one in known:
        if one.number > number:
            yield Fault(number, "cut", f"a checkpoint knows event {one.number}; the log ends at {number}")
