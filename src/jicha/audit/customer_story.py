"""A customer over time and among others: months, what happened, what changed between two months, links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from jicha.mart import Snapshot
from jicha.mart.queries import named_queries, read_sql

PACKAGE = "jicha.audit"
# A link that leads to more customers than this tells of nobody in particular.
MOST_LINKS = 400
# The columns by which the rows of two months are the same thing; what else differs, changed.
KEYS = {
    "price_scheme": ("mp_id",),
    "meter_installation": ("mp_id",),
    "supply_contract": (),
    "transformer_state": ("transformer_id",),
    "bill": (),
    "bill_line": ("mp_id", "item", "component", "register"),
}
# What differs in every month by its nature.
_ALWAYS_DIFFERENT = frozenset({
    "bill_id", "bill_month", "period_from", "period_to", "calculated_at", "issued_at", "due_on", "calculated_by", "reviewed_by", "trial_run",
    "valid_from", "valid_to", "installed_at", "removed_at", "order_no", "install_order_no", "removal_order_no", "signed_on",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class MonthSum:
    """What was billed in a month: kWh and yuan, reversals taken off."""

    month: date
    kwh: Decimal
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened on a day: the table that tells it, and the code in one of its columns."""

    day: date
    table: str
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is another in the later month; None where there was nothing of the kind."""

    table: str
    subject: tuple[str, ...]
    column: str
    before: Any
    after: Any

    @property
    def difference(self) -> Decimal | None:
        """After less before, of two amounts."""
        both = (self.before, self.after)
        return self.after - self.before if all(isinstance(one, Decimal) for one in both) else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of the archive that somebody changed between the months."""

    at: datetime
    account_id: str
    table: str
    record_key: str
    column: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """Another customer, and how the two are linked: phone, address, employee, meter, above, below or transfer."""

    way: str
    customer_no: str
    org_no: str
    in_all: int


@dataclass(frozen=True, slots=True)
class Point:
    """A metering point with what it hangs on and the meter that hangs there now."""

    mp_id: str
    usage: str | None
    parent_mp_id: str | None
    district_id: str | None
    district_name: str | None
    feeder_id: str | None
    meter_id: str | None
    multiplier: Decimal | None


@dataclass(frozen=True, slots=True)
class Links:
    """Everything that a customer hangs together with; `readers` are (employee, name, newest month)."""

    points: tuple[Point, ...]
    customers: tuple[Link, ...]
    readers: tuple[tuple[str, str, date], ...]


def months_of(snapshot: Snapshot, customer_no: str, until: date, months: int = 24) -> list[MonthSum]:
    """Return what was billed in each of the months that end with `until`, without those that have no bill."""
    told = {"customer_no": customer_no, "until": until, "months": months}
    with _views(snapshot) as connection:
        return [
            MonthSum(month, kwh or Decimal(0), yuan or Decimal(0))
            for month, kwh, yuan in connection.execute(
                read_sql("customer_months.sql", PACKAGE), told
            ).fetchall()
        ]


def marks_of(snapshot: Snapshot, customer_no: str, until: date, months: int = 24) -> list[Mark]:
    """Return what happened in the months that end with `until`, in order."""
    told = {"customer_no": customer_no, "until": until, "months": months}
    with _views(snapshot) as connection:
        rows = connection.execute(read_sql("customer_marks.sql", PACKAGE), told).fetchall()
    return [Mark(day, table, column, str(code)) for day, table, column, code in rows if day and code]


def changes_between(
    snapshot: Snapshot, customer_no: str, earlier: date, later: date
) -> tuple[list[Change], list[Entry]]:
    """Return every value that is another at the end of the later month, and what was changed in the archive between them."""
    with _views(snapshot) as connection:
        before = dict(_state(connection, customer_no, earlier))
        after = dict(_state(connection, customer_no, later))
        entries = connection.execute(
            named_queries("customer_state.sql", PACKAGE)["operation_log"],
            {"customer_no": customer_no, "month": later, "earlier": earlier},
        ).fetchall()
    changes = [
        Change(*place, before.get(place), after.get(place))
        for place in sorted(before.keys() | after.keys(), key=_in_order)
        if before.get(place) != after.get(place)
    ]
    return changes, [Entry(*row) for row in entries]


def links_of(snapshot: Snapshot, customer_no: str) -> Links:
    """Return points, other customers and readers that a customer hangs together with."""
    queries, told = named_queries("customer_links.sql", PACKAGE), {"customer_no": customer_no}
    with _views(snapshot) as connection:
        points = connection.execute(queries["points"], told).fetchall()
        others = connection.execute(queries["customers"], told | {"most": MOST_LINKS}).fetchall()
        readers = connection.execute(queries["readers"], told).fetchall()
    return Links(
        tuple(Point(*row) for row in points),
        tuple(Link(*row) for row in others),
        tuple((number, name or number, month) for number, name, month in readers),
    )


def customers_of_reader(snapshot: Snapshot, reader_id: str) -> list[str]:
    """Return the customers whose section an employee reads."""
    with _views(snapshot) as connection:
        query = named_queries("customer_links.sql", PACKAGE)["same_reader"]
        return [number for (number,) in connection.execute(query, {"reader_id": reader_id}).fetchall()]


def customers_of_districts(snapshot: Snapshot, customer_no: str) -> list[str]:
    """Return the customers at the districts of a customer."""
    with _views(snapshot) as connection:
        query = named_queries("customer_links.sql", PACKAGE)["same_district"]
        return [number for (number,) in connection.execute(query, {"customer_no": customer_no}).fetchall()]


@contextmanager
def _views(snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        yield connection


Place = tuple[str, tuple[str, ...], str]


def _state(
    connection: duckdb.DuckDBPyConnection, customer_no: str, month: date
) -> Iterator[tuple[Place, Any]]:
    """Yield every value of a month by its place: table, subject, column."""
    for table, keys in KEYS.items():
        query = named_queries("customer_state.sql", PACKAGE)[table]
        found = connection.execute(query, {"customer_no": customer_no, "month": month})
        names = [one[0] for one in found.description]
        for row in found.fetchall():
            told = dict(zip(names, row, strict=True))
            subject = tuple(str(told[key] or "") for key in keys)
            for column in names:
                if column not in _ALWAYS_DIFFERENT and column not in keys and not column.startswith("_"):
                    yield (table, subject, column), told[column]


def _in_order(place: Place) -> tuple[int, tuple[str, ...], str]:
    table, subject, column = place
    return list(KEYS).index(table), subject, column
