"""Insufficient data (数据不足) is told for each organisation, table, column and month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from jicha.audit.sufficiency import measure
from jicha.contract import contract

OCTOBER = date(2026, 10, 1)
NEEDS = {"reading": ("value",), "customer": ("org_no",), "meter_event": ("code",)}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two organisations; only the first has readings of October."""
    with duckdb.connect() as made:
        for name in ("customer", "metering_point", "reading", "meter_event"):
            made.execute(contract().table(name).ddl().replace(" NOT NULL", ""))
        made.execute("INSERT INTO customer (customer_no, org_no) VALUES ('C1', 'A'), ('C2', 'B')")
        made.execute(
            "INSERT INTO metering_point (mp_id, customer_no, org_no) VALUES ('M1', 'C1', 'A'), ('M2', 'C2', 'B')"
        )
        for point, month, value in (
            ("M1", "2026-09-01", 1),
            ("M1", "2026-10-01", 2),
            ("M2", "2026-09-01", 3),
        ):
            made.execute(
                "INSERT INTO reading (mp_id, meter_id, bill_month, register, value) VALUES (?, 'A1', ?, 'total', ?)",
                [point, month, value],
            )
        yield made


def gaps(connection: duckdb.DuckDBPyConnection, org_no: str, history: int = 1) -> list[str]:
    presence = measure(connection, {table: set(columns) for table, columns in NEEDS.items()})
    assert presence.organisations == ["A", "B"]
    return presence.missing(NEEDS, history, OCTOBER, org_no)


def test_gaps_are_told_for_each_organisation(connection: duckdb.DuckDBPyConnection) -> None:
    assert gaps(connection, "A") == ["meter_event"]
    assert gaps(connection, "B") == ["reading of 2026-10", "meter_event"]


def test_one_event_anywhere_proves_that_events_are_delivered(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO meter_event (event_id, mp_id, code) VALUES ('E1', 'M1', '3105')")
    assert gaps(connection, "A") == []
    assert gaps(connection, "B") == ["reading of 2026-10"]


def test_history_is_counted_in_months(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO meter_event (event_id, mp_id, code) VALUES ('E1', 'M1', '3105')")
    assert gaps(connection, "A", 2) == []
    assert gaps(connection, "A", 3) == ["3 months of reading (there are 2)"]


def test_an_empty_column_is_a_gap(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE reading SET value = NULL")
    assert "reading.value" in gaps(connection, "A")


def test_an_organisation_without_customers_is_one(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM customer")
    connection.execute("DELETE FROM metering_point")
    assert measure(connection, {"customer": {"org_no"}}).organisations == [""]
