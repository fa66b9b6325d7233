"""Outcomes (核查结果): what verification made of findings, kept in the home as one CSV that people can read."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from jicha.errors import JichaError, Location, ManyErrors
from jicha.periods import parse_month

CONFIRMED, REFUTED, OPEN = "confirmed", "refuted", "not_verifiable"
RESULTS = (CONFIRMED, REFUTED, OPEN)


class OutcomeProblem(ManyErrors):
    """A file of outcomes that cannot be used; every problem is told with file, line and column."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one finding: the rule, its subject and month, the result, what was recovered and how long it took.

    `recovered_yuan` is in yuan, `hours` are the working hours of the verification.
    """

    rule_id: str
    subject_id: str
    bill_month: date
    result: str
    recovered_yuan: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    decided_on: date = date.min
    note: str = ""

    @property
    def key(self) -> tuple[str, str, date]:
        """What a later decision replaces."""
        return self.rule_id, self.subject_id, self.bill_month


COLUMNS = tuple(field.name for field in fields(Outcome))
REQUIRED = ("rule_id", "subject_id", "bill_month", "result")


class OutcomeList:
    """The outcomes of one home."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = read_outcomes(path) if path.exists() else ()

    def take(self, source: Path) -> int:
        """Take over the outcomes of a CSV, later decisions replacing earlier ones; return how many rows it had."""
        new = read_outcomes(source)
        latest = {one.key: one for one in self.entries}
        for one in new:
            if one.key not in latest or one.decided_on >= latest[one.key].decided_on:
                latest[one.key] = one
        self._write(latest.values())
        return len(new)

    def of(self, rule_id: str) -> dict[str, Outcome]:
        """Return the last decision of each subject of a rule; what could not be verified decides nothing."""
        mine = (one for one in self.entries if one.rule_id == rule_id and one.result != OPEN)
        return {one.subject_id: one for one in sorted(mine, key=lambda one: (one.bill_month, one.decided_on))}

    def _write(self, entries: Iterable[Outcome]) -> None:
        self.entries = tuple(sorted(entries, key=lambda one: one.key))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(_cells(one) for one in self.entries)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def _cells(one: Outcome) -> list[str]:
    decided = "" if one.decided_on == date.min else one.decided_on.isoformat()
    return [
        one.rule_id, one.subject_id, f"{one.bill_month:%Y-%m}", one.result, f"{one.recovered_yuan:f}", f"{one.hours:f}", decided, one.note,
    ]  # fmt: skip


def read_outcomes(path: Path) -> tuple[Outcome, ...]:
    """Return the outcomes of a CSV (UTF-8, first row the columns); raise OutcomeProblem with every problem."""
    problems: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
        if missing:
            problem = f"{Location(path.name, 1)}: no column {', '.join(missing)}; write the columns {', '.join(COLUMNS)}"
            raise OutcomeProblem(str(path), [problem])
        rows = list(_rows(reader, path.name, problems))
    if problems:
        raise OutcomeProblem(str(path), problems)
    return tuple(rows)


def _rows(reader: csv.DictReader[str], name: str, problems: list[str]) -> Iterator[Outcome]:
    for number, row in enumerate(reader, 2):
        values: dict[str, Any] = {}
        for column in COLUMNS:
            text = (row.get(column) or "").strip()
            if not text and column not in REQUIRED:
                continue
            try:
                values[column] = _value(column, text)
            except (ValueError, InvalidOperation, JichaError):
                problems.append(f"{Location(name, number, column)}: {text!r} is {_expected(column)}")
        if set(REQUIRED) <= set(values):
            yield Outcome(**values)


def _value(column: str, text: str) -> Any:
    if column == "bill_month":
        return parse_month(text[:7])
    if column == "decided_on":
        return date.fromisoformat(text)
    if column in ("recovered_yuan", "hours"):
        number = Decimal(text)
        if not number.is_finite() or (column == "hours" and number < 0):
            raise ValueError("no amount")
        return number
    if not text or (column == "result" and text not in RESULTS):
        raise ValueError("empty or unknown")
    return text


def _expected(column: str) -> str:
    wanted: Mapping[str, str] = {
        "bill_month": "no month such as 2026-10", "decided_on": "no day such as 2026-11-05", "result": f"none of {', '.join(RESULTS)}",
        "recovered_yuan": "no amount in yuan", "hours": "no number of hours",
    }  # fmt: skip
    return wanted.get(column, "empty; write it")
