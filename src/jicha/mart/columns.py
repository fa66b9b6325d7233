"""The shape of a mart table: the contract's columns, then where each row came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from jicha.contract import Table
from jicha.mart.queries import named_queries

SOURCE_COLUMNS: Final = {"_file": "INTEGER", "_line": "BIGINT"}


def column_types(table: Table) -> dict[str, str]:
    """Return the SQL type of every column of a mart table, in order."""
    return {field.name: field.sql_type for field in table.fields} | SOURCE_COLUMNS


def quoted(name: str) -> str:
    """Return a column or table name quoted for SQL (`at`, `usage` and others are words of SQL)."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text literal for SQL."""
    return "'" + text.replace("'", "''") + "'"


def name_list(names: Iterable[str], prefix: str = "") -> str:
    """Return quoted names separated by commas."""
    return ", ".join(prefix + quoted(name) for name in names)


def path_list(paths: Iterable[Path]) -> str:
    """Return paths as text literals separated by commas."""
    return ", ".join(literal(str(path)) for path in paths)


def typed_columns(table: Table, stored: Iterable[Mapping[str, str]]) -> str:
    """Return the select list that gives the contract's columns from files of this or an older contract."""
    known = list(stored)
    return ", ".join(_column(name, sql_type, known) for name, sql_type in column_types(table).items())


def _column(name: str, sql_type: str, stored: list[Mapping[str, str]]) -> str:
    """Return one column: as stored, cast, or null where no file has it yet."""
    found = {columns[name] for columns in stored if name in columns}
    if not found:
        return f"CAST(NULL AS {sql_type}) AS {quoted(name)}"
    return quoted(name) if found == {sql_type} else f"CAST({quoted(name)} AS {sql_type}) AS {quoted(name)}"


def view_statement(name: str, table: Table, files: Iterable[tuple[Path, Mapping[str, str]]]) -> str:
    """Return the statement that makes `name` a view of the contract's shape over Parquet files."""
    found = list(files)
    stored = [columns for _, columns in found]
    # Joining by name opens the footer of every file for every query, so it is asked for only where files differ.
    differ = len({tuple(columns.items()) for columns in stored}) > 1
    template = named_queries("views.sql")["view" if found else "empty_view"]
    return template.format(
        table=quoted(name),
        columns=typed_columns(table, stored),
        paths=path_list(path for path, _ in found),
        union_by_name=str(differ).lower(),
    )
