"""A snapshot: the files of all tables at one moment, which never change while somebody reads them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from jicha.contract import Contract
from jicha.errors import ExplainedError
from jicha.mart.catalogue import CATALOGUE_NAME, Catalogue, MartFile, fingerprint_of
from jicha.mart.columns import view_statement
from jicha.mart.lock import held_for_reading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All tables of the mart at one moment."""

    id: int
    created_at: datetime
    fingerprint: str
    files: Mapping[str, tuple[MartFile, ...]]
    root: Path
    contract: Contract

    @property
    def tables(self) -> frozenset[str]:
        """Return the names of the tables that hold at least one row."""
        return frozenset(name for name in self.files if self.rows(name))

    def rows(self, table: str) -> int:
        """Return the number of rows of a table, from the catalogue."""
        return sum(file.rows for file in self.files.get(table, ()))

    def months(self, table: str) -> list[date]:
        """Return the first days of the months that a table holds, oldest first; none if it has no months."""
        found = {file.ym for file in self.files.get(table, ()) if file.ym is not None}
        return [date(ym // 100, ym % 100, 1) for ym in sorted(found)]

    def paths(self, table: str) -> list[Path]:
        """Return the Parquet files of a table, for other readers such as Spark."""
        return [self.root / file.path for file in self.files.get(table, ())]

    def fingerprint_of(self, tables: Iterable[str]) -> str:
        """Return the fingerprint of some tables only: equal in two snapshots if those tables did not change."""
        return fingerprint_of(file for table in sorted(set(tables)) for file in self.files.get(table, ()))

    def create_views(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Iterable[str] | None = None,
        schema_missing: bool = True,
    ) -> None:
        """Create a view a contract table; an absent table becomes an empty view unless `schema_missing` is false."""
        for name in self.contract.tables if tables is None else tables:
            if schema_missing or name in self.files:
                connection.execute(self.view_statement(name))

    def view_statement(self, table: str) -> str:
        """Return the statement that creates the view of one table."""
        files = [(self.root / file.path, file.columns) for file in self.files.get(table, ())]
        return view_statement(table, self.contract.table(table), files)

    @contextlib.contextmanager
    def held(self) -> Iterator[Snapshot]:
        """Keep the snapshot from being dropped by another process while this block reads it."""
        with held_for_reading(self.root, self.id):
            row = Catalogue(self.root / CATALOGUE_NAME).snapshot_row(self.id)
            if row is None or row[2] is not None:
                raise ExplainedError(
                    where=f"snapshot {self.id}",
                    found="that it was dropped a moment ago",
                    expected="a kept snapshot",
                    remedy="Take the newest snapshot and start again.",
                )
            yield self
