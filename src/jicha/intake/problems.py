"""What is wrong with a delivery, kind by kind: how often, where first, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jicha.intake.engine import open_engine
from jicha.intake.quarantine import create_bad_rows
from jicha.intake.queries import named_queries
from jicha.intake.reasons import REASONS, title
from jicha.intake.staging import StagedUnit
from jicha.mart import LoadSummary, Mart

MOST_SHOWN: Final = 20
_BATCH_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One value (or row) that cannot be loaded: where, what was found, what was expected."""

    table: str
    file: str
    line: int
    column: str | None
    value: str | None
    reason: str
    expected: str

    @property
    def remedy(self) -> str:
        """Return what to do about it."""
        return REASONS[self.reason].remedy if self.reason in REASONS else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as plain data."""
        names = ("table", "file", "line", "column", "value", "reason", "expected", "remedy")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class ProblemKind:
    """All problems of one reason in one column of a table: how many, and the first of them."""

    table: str
    column: str | None
    reason: str
    total: int = 0
    first: list[Problem] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Return the reason in both languages."""
        return title(self.reason)

    @property
    def remedy(self) -> str:
        """Return what to do about it."""
        return self.first[0].remedy

    def take(self, problem: Problem) -> None:
        """Count a problem; keep it if it is one of the first."""
        self.total += 1
        if self.total <= MOST_SHOWN:
            self.first.append(problem)

    def to_dict(self) -> dict[str, Any]:
        """Return the kind as plain data, without its rows."""
        names = ("table", "column", "reason", "title", "remedy", "total")
        return {name: getattr(self, name) for name in names}


def kinds_of(
    mart: Mart, units: Sequence[StagedUnit], summary: LoadSummary, each: Callable[[Problem], None] | None
) -> tuple[ProblemKind, ...]:
    """Return the kinds of problems of a delivery, the most frequent first; `each` is told every single one.

    A row with two wrong values counts in both kinds.
    """
    kinds: dict[tuple[str, str | None, str], ProblemKind] = {}
    for problem in _problems(mart, units, summary):
        if each is not None:
            each(problem)
        key = (problem.table, problem.column, problem.reason)
        kinds.setdefault(key, ProblemKind(*key)).take(problem)
    return tuple(sorted(kinds.values(), key=lambda kind: -kind.total))


def _problems(mart: Mart, units: Sequence[StagedUnit], summary: LoadSummary) -> Iterator[Problem]:
    spill = mart.root / "tmp"
    with open_engine(mart.memory_limit, spill=spill) as connection:
        create_bad_rows(connection, units, summary)
        text = named_queries("quarantine.sql")["problems"]
        for batch in connection.sql(text).to_arrow_reader(_BATCH_ROWS):
            for row in batch.to_pylist():
                yield from _problems_of(row)


def _problems_of(row: dict[str, Any]) -> Iterator[Problem]:
    first = [row[name] for name in ("column", "value", "reason", "expected")]
    for column, value, reason, expected in [first, *json.loads(row["more"] or "[]")]:
        yield Problem(row["table"], row["file"], row["line"], column, value, reason, expected)
