"""The rows of one organisation and all below it: what a user's rule may read when only they are audited.

Whose a row is follows from the foreign keys of the contract: its own org_no, else that of what it speaks of (a customer,
a metering point, a district …), else that of who did it. A row of which the organisation cannot be told is nobody's.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
from sqlglot import exp

from jicha.contract import Table, contract

_ORG: Final = "org"
Key = tuple[str, str]  # a column, and the table that it is the key of


@functools.cache
def distance(name: str) -> int | None:
    """Return how many foreign keys lie between a table and its organisation; None where no path leads there."""
    if name == _ORG:
        return 0
    ways = [distance(key.table) for key in contract().table(name).foreign_keys if key.table != name]
    known = [way for way in ways if way is not None]
    return min(known) + 1 if known else None


def owning_keys(name: str) -> list[Key]:
    """Return the keys that tell whose a row of the table is, the best first, up to one that is always filled.

    What the row is a part of (the transformer of its state) comes before what lies nearest to an organisation.
    """
    table = contract().table(name)
    if name == _ORG:
        return [(table.primary_key[0], _ORG)]
    found = [
        (key.fields[0] not in table.primary_key, way, key.fields[0], key.table)
        for key in table.foreign_keys
        if key.table != name and (way := distance(key.table)) is not None
    ]
    keys: list[Key] = []
    for _, _, column, parent in sorted(found, key=lambda one: one[:2]):
        keys.append((column, parent))
        if table.field(column).required:
            break
    return keys


def owning_keys_of_fact(columns: Iterable[str]) -> list[Key]:
    """Return the nearest column of a fact that is named as the key of a table that belongs to somebody."""
    keyed = {t.primary_key[0]: t.name for t in contract().tables.values() if len(t.primary_key) == 1}
    found = [(way, c) for c in columns if c in keyed and (way := distance(keyed[c])) is not None]
    return [(column, keyed[column]) for _, column in sorted(found, key=lambda one: one[0])[:1]]


def referring(name: str) -> list[Key]:
    """Return the tables, with their column, whose rows show who uses a row that itself belongs to nobody (a meter)."""
    return [
        (key.fields[0], table.name)
        for table in contract().tables.values()
        for key in table.foreign_keys
        if key.table == name and distance(table.name) is not None and table.month_field is None
    ]


class OwnRows:
    """Writes, table by table and once each, the rows of some organisations as files for the worker behind the fence."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, organisations: Sequence[str], folder: Path
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._owned: set[str] = {_ORG}
        self._name_organisations(organisations)

    def file(self, name: str, columns: Mapping[str, str], fact_key: str = "") -> Path | None:
        """Return the file with the own rows of a table or fact; None where it belongs to nobody (prices, calendar)."""
        is_table = name in contract().tables
        keys = owning_keys(name) if is_table else owning_keys_of_fact(columns)
        if not keys and not (is_table and referring(name)):
            return None
        path = self._folder / f"{name}-{fact_key}.parquet"
        if name not in self._files or self._files[name] != path:
            query = (
                _own_rows(name, columns, keys) if keys else self._used_rows(contract().table(name), columns)
            )
            for _, parent in keys:
                self._own(parent)
            self._connection.sql(query.sql("duckdb", identify=True)).write_parquet(str(path))
            self._files[name] = path
        return path

    def _name_organisations(self, organisations: Sequence[str]) -> None:
        known = [org_no for (org_no,) in self._connection.execute("SELECT org_no FROM org").fetchall()]
        names = sorted({*known, *organisations})
        own = set(organisations)
        table = pa.table({"key": pa.array(names, pa.string()), "is_own": pa.array([n in own for n in names])})
        self._connection.register("own_organisations", table)
        _create(self._connection, _ORG, exp.select("key", "is_own").from_("own_organisations"))
        self._connection.unregister("own_organisations")

    def _own(self, name: str) -> None:
        """Create the table that says of each row of a contract table, by its key, whether it is one of the own."""
        if name in self._owned:
            return
        keys = owning_keys(name)
        for _, parent in keys:
            self._own(parent)
        key = contract().table(name).primary_key[0]
        query, is_own = _joined(name, keys)
        _create(self._connection, name, query.select(exp.column(key, "t").as_("key"), is_own.as_("is_own")))
        self._owned.add(name)

    def _used_rows(self, table: Table, columns: Iterable[str]) -> exp.Select:
        """Return the rows of a table without an owner that an own row of another table names."""
        uses: list[exp.Select] = []
        for column, name in referring(table.name):
            keys = owning_keys(name)
            for _, parent in keys:
                self._own(parent)
            query, is_own = _joined(name, keys)
            uses.append(query.select(exp.column(column, "t").as_("key")).where(is_own))
        used = functools.reduce(lambda one, other: exp.union(one, other, distinct=True), uses)  # type: ignore[arg-type, return-value]
        rows = _from(table.name).select(*(exp.column(column, "t") for column in columns))
        return rows.where(exp.column(table.primary_key[0], "t").isin(query=used))


def _own_rows(name: str, columns: Iterable[str], keys: Sequence[Key]) -> exp.Select:
    query, is_own = _joined(name, keys)
    return query.select(*(exp.column(column, "t") for column in columns)).where(is_own)


def _joined(name: str, keys: Sequence[Key]) -> tuple[exp.Select, exp.Expr]:
    """Return the table joined with the owners that its keys name, and whether the first known one is one of the own."""
    query = _from(name)
    for alias, column, parent in _numbered(keys):
        owner = exp.alias_(exp.to_table(_owner(parent)), alias, table=True)
        query = query.join(owner, on=exp.column(column, "t").eq(exp.column("key", alias)), join_type="left")
    known = [exp.column("is_own", alias) for alias, _, _ in _numbered(keys)]
    return query, exp.func("coalesce", *known, exp.false())


def _numbered(keys: Sequence[Key]) -> Iterator[tuple[str, str, str]]:
    for number, (column, parent) in enumerate(keys):
        yield f"o{number}", column, parent


def _from(name: str) -> exp.Select:
    return exp.select().from_(exp.alias_(exp.to_table(name), "t", table=True))


def _owner(name: str) -> str:
    return f"owner_of_{name}"


def _create(connection: duckdb.DuckDBPyConnection, name: str, query: exp.Select) -> None:
    table = exp.Create(
        this=exp.to_table(_owner(name)),
        kind="TABLE",
        replace=True,
        expression=query,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )
    connection.execute(table.sql("duckdb", identify=True))
