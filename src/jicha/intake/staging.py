"""Keeps what was read on the mart's disk until it is merged: good rows, and rows for the quarantine."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jicha.contract import Table
from jicha.intake.batches import ArrowSchema, ArrowTable, BadRow, TypedRows

# The counter is shared by threads: next() on it is one step for the interpreter.
_numbers: Iterator[int] = itertools.count()

_MOST_MONTHS: Final = 3

BAD_SCHEMA: Final[ArrowSchema] = pa.schema(
    [
        ("table", pa.string()),
        ("file", pa.string()),
        ("file_id", pa.int32()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("expected", pa.string()),
        ("raw", pa.string()),
        ("row", pa.string()),
        ("more", pa.string()),
    ]
)


@dataclass(slots=True)
class StagedUnit:
    """What was read from one file, sheet or database table for one contract table."""

    file_id: int
    place: str
    table: Table
    encoding: str | None = None
    sha256: str = ""
    bytes: int = 0
    rows_read: int = 0
    good: int = 0
    bad: int = 0
    left_out: int = 0
    good_paths: list[Path] = field(default_factory=list)
    bad_paths: list[Path] = field(default_factory=list)
    warnings: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    bad_lines: frozenset[int] = frozenset()

    def take(self, part: StagedPart) -> None:
        """Add one written part."""
        self.rows_read += part.rows_read
        self.good += part.good
        self.bad += part.bad
        self.good_paths += part.good_paths
        self.bad_paths += [part.bad_path] if part.bad_path else []
        self.warnings.update(part.warnings)


@dataclass(frozen=True, slots=True)
class StagedPart:
    """Rows of one chunk, written to files."""

    rows_read: int
    good: int
    bad: int
    good_paths: tuple[Path, ...]
    bad_path: Path | None
    warnings: Counter[tuple[str, str]]


def write_part(folder: Path, unit: StagedUnit, rows: TypedRows) -> StagedPart:
    """Write the rows of one chunk and return where they are."""
    good_paths = tuple(_write_all_good(folder, unit, rows.good)) if rows.good_rows else ()
    bad_path = None
    if rows.bad:
        bad_path = folder / f"bad-{next(_numbers)}.parquet"
        pq.write_table(bad_table(unit, rows.bad), bad_path, compression="zstd")
    return StagedPart(rows.rows_read, rows.good_rows, len(rows.bad), good_paths, bad_path, rows.warnings)


def _write_all_good(folder: Path, unit: StagedUnit, parts: Sequence[ArrowTable]) -> Iterator[Path]:
    """Write rows with their file; where a chunk passes from one month to the next, a file a month."""
    for rows in _by_month(unit.table, pa.concat_tables(parts)):
        path = folder / f"{unit.table.name}-{next(_numbers)}.parquet"
        _write_good(path, rows, unit.file_id)
        yield path


def _by_month(table: Table, rows: ArrowTable) -> list[ArrowTable]:
    """Return the rows of each month, so that the mart can take the files over as they are.

    Rows that mix many months stay together: the mart sorts them out better than many small files would.
    """
    if table.month_field is None:
        return [rows]
    day = rows.column(table.month_field)
    months = pc.add(pc.multiply(pc.year(day), 100), pc.month(day))
    found = pc.unique(months)
    if not 1 < len(found) <= _MOST_MONTHS or found.null_count:
        return [rows]
    return [rows.filter(pc.equal(months, month)) for month in found]


def _write_good(path: Path, table: ArrowTable, file_id: int) -> None:
    place = table.schema.get_field_index("_line")
    files = pa.repeat(pa.scalar(file_id, pa.int32()), table.num_rows)
    table = table.add_column(place, pa.field("_file", pa.int32()), files)
    # Numbers hardly repeat: a dictionary of them costs time and saves nothing.
    repeating = [
        one.name for one in table.schema if not pa.types.is_decimal(one.type) and one.name != "_line"
    ]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        store_decimal_as_integer=True,
        use_dictionary=repeating,
    )


def bad_table(unit: StagedUnit, rows: Sequence[BadRow]) -> ArrowTable:
    """Return rows for the quarantine as columns."""
    records = [_bad_record(unit, row) for row in rows]
    return pa.Table.from_pylist(records, schema=BAD_SCHEMA)


def _bad_record(unit: StagedUnit, row: BadRow) -> dict[str, object]:
    first, *others = row.problems
    more = [[one.column, one.value, one.reason, one.expected] for one in others]
    return {
        "table": unit.table.name,
        "file": unit.place,
        "file_id": unit.file_id,
        "line": row.line,
        "column": first.column,
        "value": first.value,
        "reason": first.reason,
        "expected": first.expected,
        "raw": row.raw,
        "row": json.dumps(dict(row.texts), ensure_ascii=False),
        "more": json.dumps(more, ensure_ascii=False) if more else None,
    }
