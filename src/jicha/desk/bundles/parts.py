"""What goes into a bundle: each room tells its own part of a case."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Model

from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation, User


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bundle that is being made: of which order, of which kind, and whether personal data stay masked."""

    order: Order
    kind: str
    is_masked: bool = True


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a bundle; its bytes are read only when they are written."""

    name: str
    sha256: str
    size_bytes: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """What a room knows of a case: plain data for case.json, files, and the records whose events belong to the case."""

    data: Any = None
    files: tuple[Content, ...] = ()
    subjects: tuple[Model, ...] = ()


Teller = Callable[[Wanted], Part]
_TELLERS: dict[str, tuple[Teller, tuple[str, ...]]] = {}


def part(name: str, *kinds: str) -> Callable[[Teller], Teller]:
    """Register what tells a part of a case; `kinds` are the bundles that hold it (none named: all)."""

    def register(teller: Teller) -> Teller:
        _TELLERS[name] = (teller, kinds)
        return teller

    return register


def parts_of(wanted: Wanted) -> dict[str, Part]:
    """Return every part of the wanted bundle by its name."""
    return {
        name: teller(wanted)
        for name, (teller, kinds) in sorted(_TELLERS.items())
        if not kinds or wanted.kind in kinds
    }


def content_of(name: str, data: bytes) -> Content:
    """Return a file of bytes that are at hand."""
    return Content(name, hashlib.sha256(data).hexdigest(), len(data), lambda: data)


def plain(value: Any) -> Any:
    """Return a value as JSON tells it: amounts as text so that none is rounded, days and times in ISO form, records by their key."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return value


def row_of(record: Model, *left_out: str) -> dict[str, Any]:
    """Return the columns of a record by name, without those named; another record by its key."""
    columns = (column for column in record._meta.concrete_fields if column.name not in left_out)
    return {column.name: plain(getattr(record, column.attname)) for column in columns}


def named_people(ids: Iterable[int]) -> dict[str, dict[str, str]]:
    """Return who the numbers in the log stand for."""
    found = User.objects.filter(pk__in=set(ids)).order_by("pk")
    return {str(one.pk): {"name": str(one), "employee_id": one.employee_id} for one in found}


def named_units(ids: Iterable[int]) -> dict[str, dict[str, str]]:
    """Return which organisations the numbers in the log stand for."""
    found = Organisation.objects.filter(pk__in=set(ids)).order_by("pk")
    return {str(one.pk): {"number": one.number, "name": one.name} for one in found}
