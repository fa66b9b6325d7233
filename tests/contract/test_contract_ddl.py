"""The DDL of the contract runs in DuckDB and means what the contract says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from jicha.contract import contract
from jicha.contract.export import write_ddl


@pytest.mark.parametrize("checks", [False, True])
def test_all_tables_are_created_with_the_types_of_the_contract(tmp_path: Path, checks: bool) -> None:
    script = write_ddl(tmp_path / "deep" / "contract.sql", checks=checks)
    with duckdb.connect() as connection:
        connection.execute(script.read_text(encoding="utf-8"))
        for table in contract().tables.values():
            described = connection.execute(f'DESCRIBE "{table.name}"').fetchall()
            assert [(row[0], row[1]) for row in described] == [(f.name, f.sql_type) for f in table.fields]
            nullable = {row[0] for row in described if row[2] == "YES"}
            assert nullable == {f.name for f in table.fields if not f.required}


def test_check_refuses_a_value_that_is_not_listed() -> None:
    with duckdb.connect() as connection:
        connection.execute(contract().table("seal").ddl(checks=True))
        connection.execute("INSERT INTO seal VALUES ('S1', 'reading', NULL, NULL, 'issued')")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("INSERT INTO seal VALUES ('S2', 'reading', NULL, NULL, 'eaten')")


def test_without_checks_any_value_is_taken() -> None:
    with duckdb.connect() as connection:
        connection.execute(contract().table("seal").ddl())
        connection.execute("INSERT INTO seal VALUES ('S2', 'reading', NULL, NULL, 'eaten')")


def test_key_is_not_null() -> None:
    with duckdb.connect() as connection:
        connection.execute(contract().table("working_calendar").ddl())
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("INSERT INTO working_calendar VALUES (NULL, true)")
