"""Reads the whole chain again and says where it was changed, and which records do not stand as the log says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from django.apps import apps
from django.db import connection

from jicha.desk.journal.append import FIRST
from jicha.desk.journal.checkpoints import Checkpoint, anchors, is_outside
from jicha.desk.journal.guards import guards, missing_guards
from jicha.desk.journal.models import ChainHead

BATCH = 5000
# What a move writes first into its details; nothing else in an event begins so.
_MOVED = ('"from":', '"to":')
Row = tuple[Any, ...]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the log does not agree with itself, a checkpoint or a record."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the log found; `anchored` is the last event that a checkpoint vouches for, `outside` whether one lies out of the home."""

    events: int
    last: int
    anchored: int
    outside: bool
    faults: tuple[Fault, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    @property
    def unanchored(self) -> int:
        """How many events at the end no checkpoint vouches for yet: who holds the database could still cut these."""
        return self.last - self.anchored


def verify() -> Verification:
    """Check every event against the one before, against its own columns, the head, all checkpoints, and the states that it tells of."""
    known: dict[int, list[Checkpoint]] = {}
    for one in anchors():
        known.setdefault(one.number, []).append(one)
    faults: list[Fault] = []
    moved: dict[Place, tuple[int, str]] = {}
    number, previous, count, anchored = 0, FIRST, 0, 0
    for row in _rows():
        this = row[0]
        if _is_doubtful(row, number, previous) or this in known:
            faults += _faults_of(row, number, previous, known.get(this, ()))
            anchored = this if this in known else anchored
        if all(key in row[7] for key in _MOVED):
            moved[(row[5], row[6])] = (this, row[7])
        number, previous, count = this, row[9], count + 1
    faults += _faults_at_end(number, previous, (one for told in known.values() for one in told))
    faults += _faults_of_records(moved)
    faults += [Fault(number, "guard", f"the database lacks the trigger {name}") for name in missing_guards()]
    return Verification(count, number, anchored, is_outside(), tuple(faults))


def _rows() -> Iterator[Row]:
    """Yield the events in order as plain columns: the models of ten million would take minutes."""
    query = files("jicha.desk.journal").joinpath("sql", f"read_chain_{connection.vendor}.sql")
    with connection.chunked_cursor() as cursor:
        cursor.execute(query.read_text(encoding="utf-8"))
        while rows := cursor.fetchmany(BATCH):
            yield from rows


def _is_doubtful(row: Row, number: int, previous: str) -> bool:
    """Return whether an event needs a closer look: said quickly, for nearly all need none."""
    this, at, actor, organisation, action, kind, key, content, before, told = row
    if (
        this != number + 1
        or before != previous
        or told != sha256(f"{before}\n{content}".encode()).hexdigest()
    ):
        return True
    begin, end = _ends(this, at, actor, organisation, action, kind, key)
    return not (content.startswith(begin) and content.endswith(end))


def _faults_of(row: Row, number: int, previous: str, known: Iterable[Checkpoint]) -> Iterator[Fault]:
    this = row[0]
    if this != number + 1:
        yield Fault(this, "gap", f"event {number + 1} is missing before {this}")
    if row[8] != previous:
        yield Fault(this, "link", "does not continue the event before it")
    if row[9] != sha256(f"{row[8]}\n{row[7]}".encode()).hexdigest():
        yield Fault(this, "hash", "its text does not give its hash")
    if not _agrees(row):
        yield Fault(this, "columns", "its columns differ from the text that was hashed")
    for anchor in known:
        if anchor.hash != row[9]:
            yield Fault(this, "checkpoint", f"differs from the checkpoint of {anchor.at:%Y-%m-%d %H:%M}")


def _agrees(row: Row) -> bool:
    """Return whether the columns that lists show say the same as the hashed text."""
    begin, end = _ends(*row[:7])
    return bool(row[7].startswith(begin) and row[7].endswith(end))


def _ends(
    number: int, at: Any, actor: int | None, organisation: int | None, action: str, kind: str, key: str
) -> tuple[str, str]:
    """Return how the text of an event with these columns begins and ends: all but its details."""
    return (
        f'{{"action":{_quoted(action)},"actor":{"null" if actor is None else actor},"at":"{_text_of(at)}","details":',
        f',"number":{number},"organisation":{"null" if organisation is None else organisation},"subject":[{_quoted(kind)},{_quoted(key)}]}}',
    )


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text_of(at: Any) -> str:
    """Return a time as the hashed text writes it: a database gives either a datetime or, SQLite, its text in UTC."""
    if isinstance(at, str):
        return f"{at[:10]}T{at[11:]}{'' if len(at) > 19 else '.000000'}+00:00"
    moment: datetime = at if at.tzinfo else at.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _faults_at_end(number: int, last_hash: str, known: Iterable[Checkpoint]) -> Iterator[Fault]:
    head = ChainHead.objects.get(pk=1)
    if (head.number, head.hash or FIRST) != (number, last_hash):
        yield Fault(number, "head", f"the chain ends at {number}, its head says {head.number}")
    for one in known:
        if one.number > number:
            yield Fault(number, "cut", f"a checkpoint knows event {one.number}; the log ends at {number}")


def _faults_of_records(moved: dict[Place, tuple[int, str]]) -> Iterator[Fault]:
    """Yield each record whose state is not the one to which its last event moved it, and each that is gone."""
    for guard in guards():
        wanted = {key: told for (kind, key), told in moved.items() if kind == guard.kind}
        if guard.what != "state" or not wanted:
            continue
        rows = apps.get_model(guard.kind)._default_manager.values_list("pk", "state", "version")
        for pk, state, version in rows.iterator(chunk_size=BATCH):
            number, content = wanted.pop(str(pk), (0, ""))
            details = json.loads(content)["details"] if content else {}
            if content and (details["to"], details.get("version", version)) != (state, version):
                yield Fault(
                    number,
                    "state",
                    f"{guard.kind} {pk} was moved to {details['to']!r} and stands at {state!r}",
                )
        for key, (number, _content) in wanted.items():
            yield Fault(number, "gone", f"{guard.kind} {key} is no longer there")
