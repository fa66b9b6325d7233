"""Small variations of a rule's worked cases that would notice a mutant no case notices yet.

    python bench/case_variations.py MR-08 [CS-01 …] [--seconds 120]

For the author of cases: each suggestion names a case, one change of one of its rows, the mutants it would notice and what the
rule says of it today. Whether the rule is right there is the author's to decide from the topic's text, never the tool's: a
boundary that the rule has wrong is found in the same way as one that no case holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb

from jicha.audit.cases import Stage, case_defaults, staged
from jicha.audit.rule import Case, Rule, varied
from jicha.audit.workspace import rule_sql
from jicha.contract import Table, contract
from jicha.errors import JichaError
from jicha.periods import add_months
from mutants_python import Mutant
from mutation_rules import changed, judged, library, text_of

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Variation:
    """One changed row of a case, or the case itself when nothing is changed."""

    case: Case
    change: dict[str, dict[int, dict[str, Any] | None]]
    month: str = ""
    as_of: date | None = None

    @property
    def varied_case(self) -> Case:
        """The case with the change made."""
        return replace(
            self.case,
            given=varied(self.case.given, self.change, "variation", []),
            month=self.month or self.case.month,
            parameters={**self.case.parameters, **({"as_of": self.as_of} if self.as_of else {})},
        )

    @property
    def told(self) -> str:
        """The change in the words of a case."""
        lines = [f"  - like: {self.case.name}"]
        lines += [f"    month: {self.month}"] if self.month else []
        lines += [f"    parameters: {{as_of: {self.as_of}}}"] if self.as_of else []
        lines += [f"    change: {self.change}"] if self.change else []
        return "\n".join(lines)


def variations(rule: Rule, case: Case) -> Iterator[Variation]:
    """Yield the case, then every small change of one value or one row that the rule may read."""
    yield Variation(case, {})
    if case.kind == "insufficient":
        return
    month = date.fromisoformat(f"{case.month[:7]}-01")
    yield from (Variation(case, {}, month=f"{add_months(month, step):%Y-%m}") for step in (-1, 1))
    yield from (Variation(case, {}, as_of=day) for day in sorted(_days_of(case)))
    for table, rows in case.given.items():
        for number, row in enumerate(rows, 1):
            for name, value in _changes_of(rule, contract().table(table), row):
                yield Variation(case, {table: {number: {name: value}}})
            if len(rows) > 1:
                yield Variation(case, {table: {number: None}})


def _days_of(case: Case) -> set[date]:
    """Return the days that a case speaks of, and the day after each: a run may be as of any of them."""
    days = set()
    for row in (row for rows in case.given.values() for row in rows):
        for value in row.values():
            try:
                day = date.fromisoformat(str(value)[:10])
            except ValueError:
                continue
            days |= {day, day + timedelta(days=1)}
    return days


def _changes_of(rule: Rule, table: Table, row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    complete = {**case_defaults().get(table.name, {}), **row}
    read = set(row) | set(library().needs_of(rule).get(table.name, ()))
    for field in table.fields:
        if field.name not in read or field.name in table.primary_key:
            continue
        value = complete.get(field.name)
        for new in _near(value):
            yield field.name, new
        yield from ((field.name, word) for word in field.enum if word != value)
        if value is not None and not field.required:
            yield field.name, None


def _near(value: Any) -> Iterator[Any]:
    """Yield the neighbours of a value: the number or the day before and after, the other truth."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, datetime):
        yield from (f"{value + timedelta(seconds=step)}" for step in (-1, 1))
    elif isinstance(value, date):
        yield from (value + timedelta(days=step) for step in (-1, 1))
    elif isinstance(value, str):
        yield from _near_text(value)
    elif isinstance(value, (int, float, Decimal)):
        yield from _near_number(Decimal(str(value)))


def _near_text(value: str) -> Iterator[Any]:
    if len(value) == 7 and value[4:5] == "-":
        month = date.fromisoformat(f"{value}-01")
        yield from (f"{add_months(month, step):%Y-%m}" for step in (-1, 1))
        return
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            yield from _near(read(value))
            return
        except ValueError:
            continue
    try:
        yield from _near_number(Decimal(value))
    except InvalidOperation:
        return


def _near_number(value: Decimal) -> Iterator[str]:
    yield from (str(value + step) for step in (Decimal(1), Decimal(-1), Decimal("0.01"), Decimal("-0.01")))
    yield "0"


class Judge:
    """Runs the rule and its mutants on the rows of one variation."""

    def __init__(self, rule: Rule, mutants: Sequence[Mutant]) -> None:
        self.rule = rule
        self.mutants = list(mutants)
        self._texts: dict[tuple[Any, ...], str] = {}

    def noticed(self, stage: Stage) -> tuple[list[str], Rows, list[Mutant]]:
        """Return the columns and rows of the rule, and the mutants that give others."""
        if stage.missing is not None:
            return [], [], []
        columns, rows = self._rows(stage, None)
        return columns, rows, [one for one in self.mutants if self._differs(stage, one, rows)]

    def _differs(self, stage: Stage, mutant: Mutant, rows: Rows) -> bool:
        try:
            return self._rows(stage, mutant)[1] != rows
        except duckdb.Error:
            return True

    def _rows(self, stage: Stage, mutant: Mutant | None) -> tuple[list[str], Rows]:
        key = (mutant, stage.month, str(stage.case.parameters))
        if key not in self._texts:
            rule = changed(self.rule, mutant) if mutant else self.rule
            self._texts[key] = rule_sql(rule, stage.values(self.rule), stage.workspace.moment)
        relation = stage.workspace.connection.sql(self._texts[key])
        return relation.columns, sorted(relation.fetchall(), key=str)


def suggest(rule_id: str, seconds: float) -> Iterator[str]:
    """Yield the text of each variation that notices a mutant which neither a case nor an earlier variation notices."""
    rule = library().rules[rule_id]
    _, count, alive = judged(rule_id, 10_000, 1)
    yield f"# {rule_id}: {len(alive)} of {count} mutants are noticed by no case"
    judge, end = Judge(rule, alive), time.monotonic() + seconds
    for case in rule.cases:
        for variation in variations(rule, case):
            if not judge.mutants or time.monotonic() > end:
                break
            try:
                with staged(library(), rule, variation.varied_case) as stage:
                    columns, rows, noticed = judge.noticed(stage)
            except (duckdb.Error, JichaError, ValueError):
                continue
            if noticed:
                judge.mutants = [one for one in judge.mutants if one not in noticed]
                yield told(variation, columns, rows, noticed)
    yield f"# {len(judge.mutants)} mutants that no variation tells apart:"
    yield from (f"#   line {one.line}: {text_of(one)}" for one in judge.mutants)


def told(variation: Variation, columns: list[str], rows: Rows, noticed: Sequence[Mutant]) -> str:
    """Return the suggestion as a case to be completed."""
    lines = [f"# notices {len(noticed)}: " + "; ".join(text_of(one) for one in noticed[:3])]
    if variation == Variation(variation.case, {}):
        lines.append(f"# the case {variation.case.name!r} itself, were it to expect more of:")
    else:
        lines.append(variation.told)
    lines += [
        "# the rule says: " + ", ".join(f"{name}={value}" for name, value in zip(columns, row, strict=True))
        for row in rows
    ] or ["# the rule says nothing"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="+")
    parser.add_argument("--seconds", type=float, default=120, help="time for the variations of a rule")
    options = parser.parse_args()
    for rule_id in options.rules:
        for text in suggest(rule_id, options.seconds):
            print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
