"""A DuckDB in the process, bounded in memory, which runs the mart's named SQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from jicha.contract import Table
from jicha.mart.columns import column_types, literal, name_list, quoted
from jicha.mart.queries import named_queries

DEFAULT_MEMORY_LIMIT: Final = "1200MB"


class Engine:
    """Runs the named statements of one .sql file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: str) -> None:
        self.connection = connection
        self._sql = named_queries(file)

    def text(self, name: str, parts: Mapping[str, object]) -> str:
        """Return a statement with its parts filled in; every part is quoted by `columns.py`."""
        return self._sql[name].format(**parts)

    def run(self, name: str, **parts: object) -> None:
        """Run a statement for its effect."""
        self.execute(self.text(name, parts))

    def all(self, name: str, **parts: object) -> list[Any]:
        """Return the rows of a query."""
        return self.connection.execute(self.text(name, parts)).fetchall()

    def one(self, name: str, **parts: object) -> Any:
        """Return the single value of a query."""
        return self.all(name, **parts)[0][0]

    def execute(self, statement: str) -> None:
        """Run a ready statement."""
        self.connection.execute(statement)

    def write(self, rows: str, path: Path, order: str = "") -> int:
        """Write the rows of a query to a Parquet file and return how many there were."""
        return int(self.one("write", rows=rows, path=literal(str(path)), order=order))


@contextlib.contextmanager
def open_engine(file: str, spill: Path, memory_limit: str) -> Iterator[Engine]:
    """Open an engine that spills to `spill` and never loads an extension from the network."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield Engine(connection, file)
    finally:
        connection.close()


def table_parts(table: Table) -> dict[str, str]:
    """Return the SQL parts that depend on a table's columns only."""
    key = table.primary_key
    values = [name for name in table.field_names if name not in key]
    every = [quoted(name) for name in column_types(table)]
    return {
        "columns": name_list(column_types(table)),
        "all": name_list(table.field_names),
        "key": name_list(key),
        "key_d": name_list(key, "d."),
        "key_s": name_list(key, "s."),
        "key_text": "concat_ws('/', " + name_list(key, "s.") + ")",
        "any_key_null": " OR ".join(f"{quoted(name)} IS NULL" for name in key),
        "both": ", ".join(f"s.{c} AS {_of('s', c)}, c.{c} AS {_of('c', c)}" for c in every),
        "chosen": ", ".join(
            f"CASE WHEN is_changed THEN {_of('s', c)} ELSE {_of('c', c)} END AS {c}" for c in every
        ),
        "same_key": " AND ".join(f"s.{quoted(name)} = c.{quoted(name)}" for name in key),
        "differs": " OR ".join(f"s.{quoted(name)} IS DISTINCT FROM c.{quoted(name)}" for name in values)
        or "false",
    }


def _of(side: str, column: str) -> str:
    """Return a name for the column of one side of a pair."""
    return f'"{side}.{column[1:]}'


def month_number(table: Table, prefix: str = "") -> str:
    """Return the expression for the month that a row belongs to, as YYYYMM."""
    if table.month_field is None:
        return "CAST(NULL AS INTEGER)"
    column = prefix + quoted(table.month_field)
    return f"CAST(year({column}) * 100 + month({column}) AS INTEGER)"


def month_filter(table: Table, month: int | None) -> str:
    """Return the condition for the rows of one month, as a range so that row groups of other months are skipped."""
    if table.month_field is None:
        return "true"
    column = quoted(table.month_field)
    if month is None:
        return f"{column} IS NULL"
    following = month + 1 if month % 100 < 12 else month + 89
    return f"{column} >= {_first_day(month)} AND {column} < {_first_day(following)}"


def _first_day(month: int) -> str:
    return f"DATE '{month // 100:04d}-{month % 100:02d}-01'"
