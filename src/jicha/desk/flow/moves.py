"""A flow is a table of moves: from which states, to which, by whose right, with what filled in, not by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models, transaction
from django.utils.functional import Promise

from jicha.desk.flow.refusals import Missing, NotAllowed, NotByKey, NotNow, Overtaken, SamePerson
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.people.models import Organisation, User
from jicha.desk.people.standing import Standing


class Record(Protocol):
    """A row that a flow moves: it has a state, a version that rises with every move, and an organisation."""

    pk: Any
    state: str
    version: int
    organisation: Organisation
    _meta: Any


# What a move writes beside its own fields, from the record as it was, the move and the values given.
Arrive = Callable[[Any, "Move", Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a flow's table.

    `needs` are fields that must be filled, `may` those that may be; `not_same_as` are fields that hold persons who must not make
    this move; `actor_field` keeps who made it; `guard` returns why the move is closed to a record, or None.
    """

    name: str
    title: str | Promise
    sources: tuple[str, ...]
    target: str
    right: str | None
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    not_same_as: tuple[str, ...] = ()
    actor_field: str | None = None
    guard: Callable[[Any], str | Promise | None] | None = None
    is_grave: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that the move writes."""
        return (*self.needs, *self.may)


class Flow:
    """All moves of one kind of record; `arrive` may set more fields, such as the day by which the new state must end."""

    def __init__(
        self,
        moves: tuple[Move, ...],
        arrive: Arrive = lambda _record, _move, _values: {},
    ) -> None:
        self.moves = {move.name: move for move in moves}
        self.arrive = arrive
        for move in moves:
            name_action(move.name, move.title)

    def open_to(self, record: Record, standing: Standing) -> Iterator[Move]:
        """Yield the moves that the person may make now: what the page offers as buttons."""
        for move in self.moves.values():
            try:
                self._check(record, move, standing)
            except (NotAllowed, NotByKey, NotNow, SamePerson):
                continue
            yield move

    def _check(self, record: Record, move: Move, standing: Standing) -> None:
        if move.right is None or not standing.may(move.right, record.organisation.path):
            raise NotAllowed(move.title)
        # Two persons are two persons at the desk: a program that holds both keys would be neither.
        if (key := standing.key) and (move.not_same_as or (move.is_grave and not key.may_be_grave)):
            raise NotByKey(move.title)
        if record.state not in move.sources:
            raise NotNow(move.title)
        if move.guard is not None and (reason := move.guard(record)) is not None:
            raise NotNow(move.title, reason)
        persons = {standing.user.pk, standing.acts_for(move.right, record.organisation.path)}
        if persons & {getattr(record, f"{field}_id") for field in move.not_same_as} - {None}:
            raise SamePerson(move.title)

    def make(self, record: Any, name: str, standing: Standing, values: Mapping[str, Any]) -> None:
        """Make a move: right, state and persons checked, fields written, event appended, in one transaction.

        Raises a `Refusal` that says what is missing; `Overtaken` where somebody else moved the record first.
        """
        move = self.moves[name]
        self._check(record, move, standing)
        assert move.right is not None
        stands_in_for = standing.acts_for(move.right, record.organisation.path)
        self._write(record, move, standing.user, values, stands_in_for)

    def make_by_system(self, record: Any, name: str, values: Mapping[str, Any]) -> None:
        """Make a move that only the data can make: one without a right."""
        move = self.moves[name]
        if move.right is not None:
            raise NotAllowed(move.title)
        if record.state not in move.sources:
            raise NotNow(move.title)
        self._write(record, move, None, values, None)

    def _write(
        self,
        record: Any,
        move: Move,
        actor: User | None,
        values: Mapping[str, Any],
        stands_in_for: int | None,
    ) -> None:
        told = {field: values[field] for field in move.fields if field in values}
        empty = [field for field in move.needs if told.get(field) in (None, "")]
        if empty:
            raise Missing(move.title, [label_of(record, field) for field in empty])
        source = record.state
        new = told | ({move.actor_field: actor} if move.actor_field else {})
        new |= self.arrive(record, move, told)
        version = record.version + 1
        details = {"from": source, "to": move.target, "version": version}
        details |= {key: _plain(value) for key, value in told.items()}
        with transaction.atomic():
            # The event first: the database lets a state change only where the log tells of it (journal/guards.py).
            append(
                move.name, record, actor=actor, organisation=record.organisation, details=details, stands_in_for=stands_in_for
            )  # fmt: skip
            moved = (
                type(record)
                .objects.filter(pk=record.pk, state=source, version=record.version)
                .update(state=move.target, version=version, **new)
            )
            if not moved:
                raise Overtaken(move.title)
        record.refresh_from_db()

    def mermaid(self) -> str:
        """Return the flow as a Mermaid state diagram."""
        lines = [
            f"    {source} --> {move.target}: {move.name}"
            for move in self.moves.values()
            for source in move.sources
        ]
        return "\n".join(["stateDiagram-v2", *lines])


def label_of(record: Any, field: str) -> str:
    """Return what a field of the record is called."""
    return str(record._meta.get_field(field).verbose_name)


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value
