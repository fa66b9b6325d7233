"""What a load did, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

# pyarrow ships no types; the table has the columns _file, _line and key.
ConflictTable: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class StagedTable:
    """Rows of one table ready to be merged: Parquet with the contract's columns, `_file` and `_line`."""

    table: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class TableSummary:
    """What a load did to one table; delivered = added + repeated + corrected + conflict_rows."""

    table: str
    delivered: int = 0
    added: int = 0
    repeated: int = 0
    corrected: int = 0
    conflict_rows: int = 0
    removed: int = 0
    changed_columns: Mapping[str, int] = field(default_factory=dict)
    deltas: Mapping[str, Decimal] = field(default_factory=dict)
    conflicts: ConflictTable = None

    @property
    def changes_anything(self) -> bool:
        """Tell whether the table differs after the load."""
        return bool(self.added or self.corrected or self.removed)

    def conflict_places(self) -> Iterator[tuple[int, int, str]]:
        """Yield source file id, line and key of each row whose key came with different values in one delivery."""
        for batch in self.conflicts.to_batches() if self.conflicts is not None else ():
            yield from zip(
                *(batch.column(name).to_pylist() for name in ("_file", "_line", "key")), strict=True
            )

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain data, money and energy as text."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        deltas = {name: str(value) for name, value in self.deltas.items()}
        return {
            "table": self.table,
            **counts,
            "changed_columns": dict(self.changed_columns),
            "deltas": deltas,
        }


_COUNTS = ("delivered", "added", "repeated", "corrected", "conflict_rows", "removed")


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a load did; `snapshot_id` is none if nothing changed, `already_committed` names the earlier batch."""

    tables: tuple[TableSummary, ...]
    batch_id: int | None = None
    snapshot_id: int | None = None
    already_committed: int | None = None

    def table(self, name: str) -> TableSummary:
        """Return the summary of one table; a table that was not delivered has zeros."""
        return next((entry for entry in self.tables if entry.table == name), TableSummary(name))

    def as_json(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {"tables": [entry.as_json() for entry in self.tables]}


def repeated_summary(record_id: int, stored: Mapping[str, Any]) -> LoadSummary:
    """Return the summary of a delivery that was committed before: all its good rows are there already."""
    tables = tuple(
        TableSummary(
            table=entry["table"],
            delivered=entry["delivered"],
            repeated=entry["delivered"] - entry["conflict_rows"],
            conflict_rows=entry["conflict_rows"],
        )
        for entry in stored["tables"]
    )
    return LoadSummary(tables=tables, already_committed=record_id)
