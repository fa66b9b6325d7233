"""The quarantine: rows that could not be loaded, kept with their reason until they are fixed and replayed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jicha.contract import Table
from jicha.intake.batches import as_raw
from jicha.intake.engine import open_engine
from jicha.intake.queries import literal, literals, named_queries, quoted
from jicha.intake.reasons import REASONS, title
from jicha.intake.staging import BAD_SCHEMA, StagedUnit
from jicha.mart import LoadSummary, Mart, TableSummary

_KEY_EXPECTED = "one row for the key {key}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row in quarantine."""

    id: str
    batch: str
    table: str
    file: str
    line: int
    column: str | None
    value: str | None
    reason: str
    expected: str
    raw: str
    row: dict[str, str | None]
    more: tuple[tuple[str | None, str | None, str, str], ...] = ()

    @property
    def message(self) -> str:
        """Return where, what, what was expected and what to do, in one sentence each."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        remedy = REASONS[self.reason].remedy if self.reason in REASONS else ""
        found = title(self.reason) + ("" if self.value is None else f" {self.value!r}")
        return f"{place}: found {found}; expected {self.expected}. {remedy}"


def folder_of(mart: Mart) -> Path:
    """Return the folder of the quarantine."""
    return mart.root / "quarantine"


def write(mart: Mart, content: str, mode: str, units: Sequence[StagedUnit], summary: LoadSummary) -> int:
    """Write the bad rows of a delivery, and the rows in conflict that the mart has found; return how many."""
    conflicts = conflict_table(units, summary)
    paths = [path for unit in units for path in unit.bad_paths]
    target = folder_of(mart) / f"{content}-{mode}.parquet"
    if not paths and not conflicts.num_rows:
        target.unlink(missing_ok=True)
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    sql = named_queries("quarantine.sql")
    sources = pa.table({"id": [unit.file_id for unit in units], "sha256": [unit.sha256 for unit in units]})
    with open_engine(mart.memory_limit) as connection:
        create_bad_rows(connection, units, summary, conflicts)
        connection.register("sources", sources)
        part = target.with_suffix(".part")
        connection.execute(sql["write"].format(path=literal(str(part)), content=literal(content)))
    part.replace(target)
    return int(pq.read_metadata(target).num_rows)


def create_bad_rows(
    connection: duckdb.DuckDBPyConnection,
    units: Sequence[StagedUnit],
    summary: LoadSummary,
    conflicts: Any = None,
) -> None:
    """Create the view `bad` over all rows of a delivery that cannot be loaded."""
    connection.register("conflicts", conflict_table(units, summary) if conflicts is None else conflicts)
    paths = [str(path) for unit in units for path in unit.bad_paths]
    sql = named_queries("quarantine.sql")
    connection.execute(sql["bad_parts"].format(paths=literals(paths)) if paths else sql["no_bad_parts"])


def conflict_table(units: Sequence[StagedUnit], summary: LoadSummary) -> Any:
    """Return the rows whose key came with different values, as rows for the quarantine."""
    records = [
        record for table in summary.tables if table.conflict_rows for record in _conflicts(units, table)
    ]
    return pa.Table.from_pylist(records, schema=BAD_SCHEMA)


def _conflicts(units: Sequence[StagedUnit], summary: TableSummary) -> Iterable[dict[str, Any]]:
    mine = [unit for unit in units if unit.table.name == summary.table]
    by_id = {unit.file_id: unit for unit in mine}
    keys = {(file, line): key for file, line, key in summary.conflict_places()}
    places = pa.table(
        {
            "_file": pa.array([f for f, _ in keys], pa.int32()),
            "_line": pa.array([n for _, n in keys], pa.int64()),
        }
    )
    for row in _staged_rows(mine[0].table, [path for unit in mine for path in unit.good_paths], places):
        file, line = row.pop("_file"), row.pop("_line")
        yield {
            "table": summary.table,
            "file": by_id[file].place,
            "file_id": file,
            "line": line,
            "column": ", ".join(mine[0].table.primary_key),
            "value": keys[(file, line)],
            "reason": "duplicate_key_conflict",
            "expected": _KEY_EXPECTED.format(key=keys[(file, line)]),
            "raw": as_raw(row.values()),
            "row": json.dumps(row, ensure_ascii=False),
            "more": None,
        }


def _staged_rows(table: Table, paths: Sequence[Path], places: Any) -> Iterable[dict[str, Any]]:
    columns = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in table.field_names)
    statement = named_queries("quarantine.sql")["conflict_rows"]
    with open_engine("500MB") as connection:
        connection.register("places", places)
        text = statement.format(columns=columns, paths=literals([str(path) for path in paths]))
        rows: list[dict[str, Any]] = connection.sql(text).to_arrow_table().to_pylist()
    return rows


def conflicts_of(mart: Mart, content: str, mode: str) -> Counter[tuple[str, str]]:
    """Return how many rows of each (table, file) of a committed delivery stand aside for a conflict of keys."""
    path = folder_of(mart) / f"{content}-{mode}.parquet"
    if not path.exists():
        return Counter()
    with open_engine("500MB") as connection:
        text = named_queries("quarantine.sql")["conflict_counts"].format(path=literal(str(path)))
        return Counter({(table, file): count for table, file, count in connection.execute(text).fetchall()})
