"""Jobs of planting and the stages at which they take hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jicha.demo.answer_key import FAULT
from jicha.demo.grid import BASE, LAST, MONTHS, Ints, to_date

if TYPE_CHECKING:
    from jicha.demo.bills import Bills
    from jicha.demo.money import Payments
    from jicha.demo.readings import Ledger
    from jicha.demo.registers import Registers
    from jicha.demo.world import Part, World

# Conditions of a reading that hold a bill back until somebody has looked: a bill issued all the same is BL-39.
DOUBTS = frozenset({"MR-02", "MR-05", "MR-07", "MR-10"})
Rows: TypeAlias = dict[str, list[dict[str, Any]]]
Spans: TypeAlias = tuple[tuple[int, int], ...]


@dataclass
class Job:
    """One fault or look-alike on one customer (or account, or district), in spans of billing months."""

    rule: str
    kind: str
    customer: int
    index: int
    spans: Spans
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def fault(self) -> bool:
        """Return whether this is a fault rather than a look-alike."""
        return self.kind == FAULT

    @property
    def number(self) -> str:
        """Return the customer number."""
        return str(self.customer + 3_401_000_001)

    @property
    def point(self) -> str:
        """Return the identifier of the customer's main metering point."""
        return f"P{self.number}0"

    @property
    def months(self) -> list[int]:
        """Return all months of all spans."""
        return [month for first, last in self.spans for month in range(first, last + 1)]


@dataclass
class MoneyScene:
    """Bills and payments of a part, while plants change them."""

    ledger: Ledger
    bills: Bills
    payments: Payments
    rows: Rows
    names: dict[int, str]


@dataclass
class ReadingScene:
    """Registers and reading methods of a part, while plants change them."""

    registers: list[Registers]
    method: Ints

    def of(self, row: int) -> tuple[Registers, int]:
        """Return the registers of a point and its index among them."""
        for group in self.registers:
            index = int(np.searchsorted(group.rows, row))
            if index < len(group.rows) and group.rows[index] == row:
                return group, index
        raise LookupError(f"point row {row} has no registers")

    def month_energy(self, part: Part, row: int, month: int) -> int:
        """Return the true total of a month in register units."""
        group, index = self.of(row)
        begin, end = part.boundary[row, month], part.boundary[row, month + 1]
        return int(group.cumulated[0][index, end] - group.cumulated[0][index, begin])


STAGES: dict[str, dict[str, Callable[..., None]]] = {
    stage: {} for stage in ("archive", "energy", "readings", "bills", "money", "curves", "rows")
}


def on(stage: str, *rules: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as what some rules' jobs do at a stage."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        for rule in rules:
            STAGES[stage][rule] = function
        return function

    return register


def say(
    world: World,
    job: Job,
    subject_kind: str,
    subject_id: str,
    *,
    rule: str | None = None,
    spans: Spans | None = None,
    note: str = "",
    kwh: Decimal | None = None,
    yuan: Decimal | None = None,
    direction: str = "",
    cause: str = "",
) -> None:
    """Write the job into the answer key, one answer a span."""
    for first, last in spans if spans is not None else job.spans:
        world.plan.key.add(
            rule or job.rule, job.kind, (subject_kind, subject_id), job.customer if job.customer >= 0 else None, first, last,
            mp=subject_kind in ("metering_point", "reading"), kwh=kwh, yuan=yuan, note=note, direction=direction, cause=cause,
        )  # fmt: skip
        if (rule or job.rule) in DOUBTS and job.fault:
            _issue_in_doubt(world, job, first, last)


def _issue_in_doubt(world: World, job: Job, first: int, last: int) -> None:
    """Write that the bills of some months were issued with their readings in doubt."""
    for month in range(first, last + 1):
        bill = f"B{job.number}{month:02d}"
        if bill not in world.plan.in_doubt:
            world.plan.in_doubt.add(bill)
            world.plan.key.add("BL-39", FAULT, ("bill", bill), job.customer, month, month, note="follows")


def say_point(world: World, job: Job, note: str = "", **more: Any) -> None:
    """Write the job into the answer key with the main metering point as its subject."""
    say(world, job, "metering_point", job.point, note=note, **more)


def say_customer(world: World, job: Job, note: str = "", **more: Any) -> None:
    """Write the job into the answer key with the customer as its subject."""
    say(world, job, "customer", job.number, note=note, **more)


def follows(
    world: World, job: Job, rule: str, spans: Spans, *, point: str | None = None, **more: Any
) -> None:
    """Write that another rule cannot but report the same fault as well."""
    say(world, job, "metering_point", point or job.point, rule=rule, spans=spans, note="follows", **more)


def when(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """Return a moment on a day index."""
    at = to_date(BASE + day)
    return datetime(at.year, at.month, at.day, hour, minute)


def index_of(day: date) -> int:
    """Return the day index of a date."""
    return (day - date(1970, 1, 1)).days - BASE


def in_month(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """Return a moment in a billing month."""
    first = MONTHS[month]
    return datetime(first.year, first.month, day, hour, minute)


def kwh_of(part: Part, row: int, units: int) -> Decimal:
    """Return register units of a point as kWh."""
    return Decimal(int(units) * int(part.unit()[row])).scaleb(-4)


ALWAYS: Spans = ((0, LAST),)
NOW: Spans = ((LAST, LAST),)
