"""Deliveries written by hand, loaded into a mart and read back."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from jicha.contract import contract
from jicha.mart import BatchInfo, LoadSummary, Mart, Snapshot, StagedTable
from jicha.mart.columns import column_types, name_list

Row = Mapping[str, Any]
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def stage(
    path: Path, table: str, rows: Sequence[Row], file: int = 1, columns: Mapping[str, str] | None = None
) -> Path:
    """Write rows as a staged Parquet file; fields not given are null, lines count from 2."""
    types = columns or column_types(contract().table(table))
    with duckdb.connect() as connection:
        shape = ", ".join(f'"{name}" {sql_type}' for name, sql_type in types.items())
        connection.execute(f"CREATE TABLE staged ({shape})")
        values = [
            [({"_file": file, "_line": line} | row).get(name) for name in types]
            for line, row in enumerate(rows, start=2)
        ]
        if values:
            marks = ", ".join("?" for _ in types)
            connection.executemany(f"INSERT INTO staged ({name_list(types)}) VALUES ({marks})", values)
        connection.execute(f"COPY staged TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


class Desk:
    """Loads hand-written deliveries into a mart and reads tables back."""

    def __init__(self, mart: Mart, folder: Path) -> None:
        self.mart = mart
        self._folder = folder
        self._numbers = itertools.count(1)

    def load(
        self, tables: Mapping[str, Sequence[Row]], content: str | None = None, **options: Any
    ) -> LoadSummary:
        """Deliver rows of some tables; each call is other content unless `content` says so."""
        number = next(self._numbers)
        staged = [
            StagedTable(name, (stage(self._folder / f"{number}-{name}.parquet", name, rows, number),))
            for name, rows in tables.items()
        ]
        digest = hashlib.sha256((content or f"delivery {number}").encode()).hexdigest()
        return self.mart.merge(BatchInfo(digest, f"delivery {number}"), staged, **options)

    def rows(self, table: str, columns: str = "*", snapshot: Snapshot | None = None) -> list[tuple[Any, ...]]:
        """Return rows of a table in a fixed order."""
        chosen = snapshot or self.mart.latest()
        assert chosen is not None
        with duckdb.connect() as connection:
            chosen.create_views(connection, [table])
            return connection.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()


def reading(mp_id: str, value: str, month: date = OCTOBER, register: str = "total") -> dict[str, Any]:
    return {
        "mp_id": mp_id,
        "meter_id": "E1",
        "bill_month": month,
        "register": register,
        "value": Decimal(value),
        "status": "read",
    }


def bill(bill_id: str, kwh: str, yuan: str, month: date | None = OCTOBER) -> dict[str, Any]:
    return {
        "bill_id": bill_id,
        "customer_no": "C1",
        "bill_month": month,
        "kwh": Decimal(kwh),
        "total_yuan": Decimal(yuan),
    }
