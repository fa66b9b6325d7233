"""The county keeps the contract: filled tables, required values, listed values, keys and foreign keys."""

from __future__ import annotations

import duckdb
import pytest

from jicha.contract import contract

TABLES = list(contract().tables)


def count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """Return the single number a query gives."""
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_every_table_is_filled(con: duckdb.DuckDBPyConnection) -> None:
    empty = [name for name in TABLES if count(con, f"SELECT count(*) FROM {name}") == 0]
    assert empty == []


@pytest.mark.parametrize("name", TABLES)
def test_required_and_listed_values(con: duckdb.DuckDBPyConnection, name: str) -> None:
    problems = []
    for field in contract().table(name).fields:
        if field.required and (
            missing := count(con, f'SELECT count(*) FROM {name} WHERE "{field.name}" IS NULL')
        ):
            problems.append(f"{field.name}: {missing} missing")
        if field.enum:
            listed = ", ".join(f"'{value}'" for value in field.enum)
            if other := count(con, f'SELECT count(*) FROM {name} WHERE "{field.name}" NOT IN ({listed})'):
                problems.append(f"{field.name}: {other} not listed")
    assert problems == []


@pytest.mark.parametrize("name", TABLES)
def test_keys_are_unique(con: duckdb.DuckDBPyConnection, name: str) -> None:
    key = ", ".join(f'"{field}"' for field in contract().table(name).primary_key)
    assert (
        con.execute(f"SELECT {key}, count(*) FROM {name} GROUP BY ALL HAVING count(*) > 1 LIMIT 3").fetchall()
        == []
    )


@pytest.mark.parametrize("name", TABLES)
def test_foreign_keys_resolve(con: duckdb.DuckDBPyConnection, name: str) -> None:
    for key in contract().table(name).foreign_keys:
        on = " AND ".join(f"a.{x} = b.{y}" for x, y in zip(key.fields, key.references, strict=True))
        given = " AND ".join(f"a.{x} IS NOT NULL" for x in key.fields)
        lost = con.execute(
            f"SELECT {', '.join('a.' + x for x in key.fields)} FROM {name} a ANTI JOIN {key.table} b ON {on} WHERE {given} LIMIT 3"
        ).fetchall()
        assert lost == [], f"{name} {key.fields} → {key.table}"
