"""What a reader hands on: typed rows, bad rows and warnings, for any kind of source."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pyarrow as pa

from jicha.contract import Field, Table
from jicha.intake.careful import Problem, Value, read_row
from jicha.intake.cells import decimal_shape

# pyarrow ships no types.
ArrowTable: TypeAlias = Any
ArrowSchema: TypeAlias = Any

_ARROW_TYPES: Final[Mapping[str, Any]] = {
    "text": pa.string(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "month": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row for the quarantine: where it stood, what is wrong with it, and what it said."""

    line: int
    problems: tuple[Problem, ...]
    raw: str
    texts: Mapping[str, str | None]


@dataclass(slots=True)
class TypedRows:
    """Rows of one source for one table: `good` has the contract's columns and `_line`."""

    good: list[ArrowTable] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows_read: int = 0
    lines_read: int = 0
    blank_lines: int = 0

    @property
    def good_rows(self) -> int:
        """Return the number of rows that can be loaded."""
        return sum(part.num_rows for part in self.good)


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row as texts by field name, for the careful reader."""

    line: int
    texts: Mapping[str, str | None]
    raw: str


def arrow_type(one: Field) -> Any:
    """Return the Arrow type of a field."""
    shape = decimal_shape(one)
    return pa.decimal128(*shape) if shape else _ARROW_TYPES[one.kind]


def arrow_schema(table: Table) -> ArrowSchema:
    """Return the Arrow schema of typed rows: the contract's columns and `_line`."""
    return pa.schema([(one.name, arrow_type(one)) for one in table.fields] + [("_line", pa.int64())])


def read_carefully(table: Table, rows: Iterable[TextRow], into: TypedRows) -> None:
    """Type rows one by one: the good ones become columns, the others go to the quarantine with their reasons."""
    good: list[tuple[int, Mapping[str, Value]]] = []
    for row in rows:
        values, problems, warnings = read_row(table, row.texts)
        if problems:
            into.bad.append(BadRow(row.line, tuple(problems), row.raw, row.texts))
            continue
        into.warnings.update(warnings)
        good.append((row.line, values))
    if good:
        into.good.append(_columns(table, good))


def _columns(table: Table, rows: Sequence[tuple[int, Mapping[str, Value]]]) -> ArrowTable:
    columns = [pa.array([values[one.name] for _, values in rows], arrow_type(one)) for one in table.fields]
    columns.append(pa.array([line for line, _ in rows], pa.int64()))
    return pa.table(columns, schema=arrow_schema(table))


def as_raw(texts: Iterable[str | None]) -> str:
    """Return values as one CSV line, for sources that have no text of their own."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(["" if text is None else text for text in texts])
    return out.getvalue()
