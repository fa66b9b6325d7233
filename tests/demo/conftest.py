"""A small county, once for all tests of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from jicha.contract import contract
from jicha.demo import DemoSummary, build


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    """A county of 300 customers with everything planted."""
    return build(tmp_path_factory.mktemp("county"), customers=300)


@pytest.fixture(scope="session")
def con(county: DemoSummary) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with one table of the contract's types a file."""
    connection = load(county.folder)
    connection.execute(
        f"CREATE TABLE mistaken AS SELECT subject_id AS bill_id, customer_no FROM read_csv('{county.answer_key}', all_varchar=true) WHERE cause <> ''"
    )
    yield connection
    connection.close()


def load(folder: Path) -> duckdb.DuckDBPyConnection:
    """Read every CSV as text and cast it to the contract's types."""
    connection = duckdb.connect()
    for name, table in contract().tables.items():
        columns = ", ".join(f'CAST("{f.name}" AS {f.sql_type}) AS "{f.name}"' for f in table.fields)
        connection.execute(
            f"CREATE TABLE {name} AS SELECT {columns} FROM read_csv('{folder}/{name}.csv', all_varchar=true, header=true)"
        )
    return connection
