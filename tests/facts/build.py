"""Builds one fact over an empty utility that holds only the given rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from jicha.audit.cases import case_defaults
from jicha.audit.library import load_library
from jicha.audit.workspace import Moment, Workspace
from jicha.contract import contract

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
OCTOBER = date(2026, 10, 1)


def build(name: str, given: Rows, month: date = OCTOBER) -> list[dict[str, Any]]:
    """Return the rows of the fact, ordered by its columns; rows given take the neutral values of the rules' cases."""
    library = load_library(strict=False)
    facts = library.facts_of([name])
    with duckdb.connect(config={"threads": 1}) as connection:
        for table in sorted({table for fact in facts for table in (*fact.needs, *fact.uses)}):
            _create(connection, table, given.get(table, ()))
        Workspace(connection, Moment.of(month)).build(facts)
        rows: list[dict[str, Any]] = (
            connection.sql(f'SELECT * FROM "{name}" ORDER BY ALL').to_arrow_table().to_pylist()
        )
    return rows


def _create(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    definition = contract().table(table)
    connection.execute(definition.ddl())
    marks = ", ".join("?" * len(definition.fields))
    for row in rows:
        complete = {**case_defaults().get(table, {}), **row}
        values = [complete.get(field.name) for field in definition.fields]
        connection.execute(f'INSERT INTO "{table}" VALUES ({marks})', values)
