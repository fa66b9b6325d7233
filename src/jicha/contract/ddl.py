"""CREATE TABLE statements of the contract, in the dialect of DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jicha.contract.model import Field, Table


def create_table(table: Table, *, checks: bool = False) -> str:
    """Return the CREATE TABLE statement of one table; its key is NOT NULL, not unique."""
    # Uniqueness is the loader's business: it sorts out doubles with a report, an index would only fail.
    columns = ",\n".join(f"    {_column(table, field, checks=checks)}" for field in table.fields)
    return f"CREATE TABLE {quoted(table.name)} (\n{columns}\n);\n"


def create_all(tables: Iterable[Table], *, checks: bool = False) -> str:
    """Return the statements of many tables as one script."""
    return "\n".join(create_table(table, checks=checks) for table in tables)


def quoted(name: str) -> str:
    """Return the name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def _column(table: Table, field: Field, *, checks: bool) -> str:
    """Return one column definition."""
    parts = [quoted(field.name), field.sql_type]
    if field.required or field.name in table.primary_key:
        parts.append("NOT NULL")
    if checks and field.enum:
        parts.append(f"CHECK ({quoted(field.name)} IN ({_literals(field.enum)}))")
    return " ".join(parts)


def _literals(values: tuple[str, ...]) -> str:
    """Return the values as SQL string literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
