"""Reads the tables of a database that a delivery needs, all as of one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from jicha.contract import Table
from jicha.errors import ExplainedError
from jicha.intake.database_kinds import Database, DatabaseTable, MySQL, Oracle, PostgreSQL
from jicha.intake.sources import table_of
from jicha.intake.staging import StagedUnit
from jicha.intake.text_files import Settings

_KINDS: Final[Mapping[str, type[Database]]] = {
    "postgresql": PostgreSQL,
    "postgres": PostgreSQL,
    "mysql": MySQL,
    "mariadb": MySQL,
    "oracle": Oracle,
}


def open_database(url: str) -> Database:
    """Return the database that a URL names."""
    parts: SplitResult = urlsplit(url)
    return _KINDS[parts.scheme.partition("+")[0]](url)


def read_database(
    url: str,
    settings: Settings,
    names: Sequence[str],
    unit_of: Callable[[str, str], StagedUnit],
    wanted: Callable[[Table], Sequence[str] | None],
) -> list[StagedUnit]:
    """Read the tables of a database that go by one of the names, all as of one moment."""
    database = open_database(url)
    units: list[StagedUnit] = []
    with database.connect() as connection:
        for table, name in _matching(database.tables(connection), names, database.place):
            unit = unit_of(f"{database.place}#{table.name}", name)
            unit.encoding = type(database).__name__
            database.read(connection, table, _columns(table, wanted(unit.table)), unit, settings)
            units.append(unit)
    return units


def _matching(
    tables: Sequence[DatabaseTable], names: Sequence[str], place: str
) -> list[tuple[DatabaseTable, str]]:
    """Return the tables that are looked for; of two schemas with the same table the first counts."""
    found: dict[str, tuple[DatabaseTable, str]] = {}
    for table in tables:
        name = table_of(Path(table.name), names)
        if name is not None:
            found.setdefault(table.name.lower(), (table, name))
    if found:
        return list(found.values())
    seen = ", ".join(table.name for table in tables[:20]) or "no table that this user may read"
    raise ExplainedError(
        where=place,
        found=seen,
        expected="tables of the contract, or of the profile",
        remedy="Name a profile for this system, or grant the user the right to read its tables.",
    )


def _columns(table: DatabaseTable, wanted: Sequence[str] | None) -> list[str]:
    """Return the columns to read: all of them, or those that a profile reads."""
    if wanted is None:
        return list(table.columns)
    low = {name.lower() for name in wanted}
    return [name for name in table.columns if name.lower() in low]
