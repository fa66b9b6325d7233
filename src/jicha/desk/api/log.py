"""The log: what happened, and whether it is whole."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query as FromQuery
from ninja import Schema

from jicha.desk.api.lists import Listed, listed, query
from jicha.desk.api.operation import operation
from jicha.desk.api.people import PersonName, UnitRow, person_name, unit_row
from jicha.desk.api.values import Time, Words
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.journal.words import words_of
from jicha.desk.log.filters import filtered
from jicha.desk.log.views import SORTS

TAG, RIGHT = "log", "log.see"


class EventRow(Schema):
    """An event; `content` is the text that was hashed, so that anyone can check the chain."""

    number: int
    at: Time
    actor: PersonName | None
    unit: UnitRow | None
    action: str
    title: str
    subject_kind: str
    subject_id: str
    content: str
    previous_hash: str
    hash: str


class EventRows(Listed):
    """A page of events."""

    rows: list[EventRow]


class FaultRow(Schema):
    """One place where the log does not agree with itself or with a checkpoint."""

    number: int
    kind: str
    text: str


class Verified(Schema):
    """What a check of the whole log found."""

    is_whole: bool
    events: int
    anchored: int
    faults: list[FaultRow]


LogQuery = query("LogQuery", SORTS, action=Words, q=Words)


def _event_row(event: Event) -> dict[str, Any]:
    same = ("number", "at", "action", "subject_kind", "subject_id", "content", "previous_hash", "hash")
    return {name: getattr(event, name) for name in same} | {
        "actor": None if event.actor is None else person_name(event.actor),
        "unit": None if event.organisation is None else unit_row(event.organisation), "title": words_of(event.action),
    }  # fmt: skip


@operation("GET", "log", "log", RIGHT, EventRows, tag=TAG)
def log(request: Any, asked: Annotated[LogQuery, FromQuery()]) -> Any:  # type: ignore[valid-type]
    """List what happened where the token sees the log, newest first."""
    return listed(request, asked, filtered(request), SORTS, _event_row)


@operation("POST", "log/verify", "log_verify", RIGHT, Verified, tag=TAG)
def check(request: Any) -> Any:  # noqa: ARG001
    """Check the whole log against itself and the checkpoints outside the database."""
    told = verify()
    faults = [{"number": one.number, "kind": one.kind, "text": one.text} for one in told.faults]
    return {"is_whole": told.is_whole, "events": told.events, "anchored": told.anchored, "faults": faults}
