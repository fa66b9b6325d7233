"""The events of one case, cut out of the log with their hashes, and checked before they leave."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Model, Q

from jicha.desk.journal.append import FIRST, hash_of
from jicha.desk.journal.checkpoints import checkpoints
from jicha.desk.journal.models import Event
from jicha.errors import ExplainedError

EXPORT = "export_bundle"


def events_of(subjects: Iterable[Model]) -> list[Event]:
    """Return every event of the records, oldest first."""
    wanted = Q(pk__in=())
    for one in subjects:
        wanted |= Q(subject_kind=one._meta.label_lower, subject_id=str(one.pk))
    return list(Event.objects.filter(wanted).order_by("number"))


def told_and_exports(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Part the events into those that a bundle of this state holds, and the exports of just this state that came after them."""
    last = max((place for place, event in enumerate(events) if event.action != EXPORT), default=-1)
    return list(events[: last + 1]), list(events[last + 1 :])


def line_of(event: Event) -> str:
    """Return an event as a line of the slice: what was hashed, and the hashes around it."""
    told = {
        "number": event.number,
        "previous_hash": event.previous_hash,
        "content": event.content,
        "hash": event.hash,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def must_be_whole(events: Sequence[Event]) -> None:
    """Refuse to hand out events that the log itself or a checkpoint outside contradicts."""
    faults = [*_faults(events), *_faults_of_checkpoints(events)]
    if faults:
        raise ExplainedError(
            where="event log", found="; ".join(faults[:5]), expected="events as they were written",
            remedy="Run `jicha verify`; the log was changed from outside, so that no bundle of this case would hold.",
        )  # fmt: skip


def _faults(events: Sequence[Event]) -> Iterator[str]:
    """Yield what is wrong with the events and with the places where they join their neighbours."""
    around = {number for event in events for number in (event.number - 1, event.number + 1)}
    near = {one.number: one for one in Event.objects.filter(pk__in=around)}
    for event in events:
        if event.hash != hash_of(event.previous_hash, event.content):
            yield f"event {event.number} does not give its hash"
        before, after = near.get(event.number - 1), near.get(event.number + 1)
        if event.previous_hash != (before.hash if before else FIRST):
            yield f"event {event.number} does not continue the one before"
        if after is not None and after.previous_hash != event.hash:
            yield f"event {after.number} does not continue event {event.number}"


def _faults_of_checkpoints(events: Sequence[Event]) -> Iterator[str]:
    """Yield every later checkpoint that the log does not agree with: who rewrote an event had to rewrite all after it."""
    first = events[0].number if events else 0
    later = {one.number: one.hash for one in checkpoints() if one.number >= first}
    known = dict(Event.objects.filter(pk__in=later).values_list("number", "hash"))
    for number, hash_ in later.items():
        if known.get(number) != hash_:
            yield f"event {number} differs from its checkpoint"


def anchors_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the checkpoints that stand on one of the events."""
    numbers = {event.number for event in events}
    return [
        {"number": one.number, "hash": one.hash, "at": one.at.isoformat()}
        for one in checkpoints()
        if one.number in numbers
    ]


def anchor_of(event: Event) -> dict[str, Any]:
    """Return the checkpoint that an event leaves."""
    return {"number": event.number, "hash": event.hash, "at": event.at.isoformat()}
