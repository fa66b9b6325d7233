"""Gathers the contents of a bundle: the parts of the case, the slice of the log, the pages to read, the script that checks it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from django.apps import apps

from jicha.desk.bundles import case as _case  # noqa: F401  (registers the parts that the desk itself knows)
from jicha.desk.bundles import pack
from jicha.desk.bundles.pages import pages_of
from jicha.desk.bundles.parts import (
    Content,
    Part,
    Wanted,
    content_of,
    named_people,
    named_units,
    parts_of,
)
from jicha.desk.bundles.slice import events_of, line_of, must_be_whole, told_and_exports
from jicha.desk.journal.models import Event
from jicha.desk.orders.models import Order
from jicha.desk.people.models import User

VERIFIER = Path(__file__).with_name("verify_case.py")


@dataclass
class Gathered:
    """Everything of a case at one moment; `exports` are the exports of just this state that came before."""

    wanted: Wanted
    contents: tuple[Content, ...]
    events: list[Event]
    exports: list[Event]
    subjects: tuple[Any, ...]

    @cached_property
    def manifest(self) -> bytes:
        """The manifest of the contents."""
        return pack.manifest_of(self.contents)

    @property
    def root(self) -> str:
        """The hash that stands for all contents."""
        return pack.root_of(self.manifest)

    def is_still_so(self) -> bool:
        """Return whether nothing happened to the case since it was gathered."""
        told, _exports = told_and_exports(events_of(self.subjects))
        return [one.number for one in told] == [one.number for one in self.events]


def gather(wanted: Wanted) -> Gathered:
    """Gather a case; a damaged file of evidence, or a log that was changed, stops it with what to do."""
    order = Order.objects.select_related("clue", "organisation").get(pk=wanted.order.pk)
    wanted = replace(wanted, order=order)
    parts = parts_of(wanted)
    subjects = tuple(one for part in parts.values() for one in part.subjects)
    events, exports = told_and_exports(events_of(subjects))
    must_be_whole([*events, *exports])
    told = _case_of(wanted, parts, subjects, events)
    files = [one for part in parts.values() for one in part.files]
    for one in files:
        one.read()  # its hash is checked before anything is logged
    contents = [*files, *_documents(told, events), *pages_of(told, events)]
    return Gathered(wanted, tuple(contents), events, exports, subjects)


def _case_of(
    wanted: Wanted, parts: dict[str, Part], subjects: Iterable[Any], events: list[Event]
) -> dict[str, Any]:
    """Return case.json: every part, who and where the numbers mean, and which events belong to the case."""
    told = {name: part.data for name, part in parts.items() if part.data is not None}
    places = [[one._meta.label_lower, str(one.pk)] for one in subjects]
    return told | {
        "kind": wanted.kind,
        "is_masked": wanted.is_masked,
        "people": named_people(_persons(told, events)),
        "organisations": named_units(
            {one for event in events if (one := event.organisation_id)} | {wanted.order.organisation_id}
        ),
        "log": {
            "order": [wanted.order._meta.label_lower, str(wanted.order.pk)],
            "subjects": places,
            "numbers": [event.number for event in events],
        },
    }


def _persons(told: Any, events: Iterable[Event]) -> set[int]:
    """Return every person whom the case or its events name by number."""
    found = set(_persons_in(told, _columns_of_persons()))
    for event in events:
        content = json.loads(event.content)
        found |= {content["actor"], content["details"].get("stands_in_for")} - {None}
    return found


@cache
def _columns_of_persons() -> frozenset[str]:
    """Return the names of all columns that hold a person, in whatever room."""
    return frozenset(
        field.name
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is User
    )


def _persons_in(told: Any, columns: frozenset[str]) -> Iterator[int]:
    if isinstance(told, dict):
        for key, value in told.items():
            if key in columns and isinstance(value, int):
                yield value
            yield from _persons_in(value, columns)
    elif isinstance(told, list):
        for one in told:
            yield from _persons_in(one, columns)


def _documents(told: dict[str, Any], events: Iterable[Event]) -> Iterator[Content]:
    yield content_of("case.json", pack.document(told))
    yield content_of("log.jsonl", "".join(f"{line_of(event)}\n" for event in events).encode())
    yield content_of(VERIFIER.name, VERIFIER.read_bytes())
