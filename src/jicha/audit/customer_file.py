"""Everything that a snapshot holds of one customer, table by table: what the page of a customer shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from jicha.contract import contract
from jicha.contract.model import Table
from jicha.mart import Snapshot

MOST_ROWS = 200
# The order in which a person reads; tables that are not named follow in the order of the contract.
FIRST = (
    "customer",
    "supply_contract",
    "metering_point",
    "price_scheme",
    "bill",
    "receipt",
    "reading",
    "meter_installation",
)
BY_POINT, BY_BILL = "mp_id", "bill_id"


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """The rows of one table, newest first where it has a month; `more` says whether some were left out."""

    table: Table
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool


def customer_file(snapshot: Snapshot, customer_no: str) -> list[CustomerRows]:
    """Return the customer's rows of every table that knows the customer, a metering point or a bill of theirs."""
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        return [found for table in _tables() if (found := _rows(connection, table, customer_no)).rows]


def customer_name(snapshot: Snapshot, customer_no: str) -> tuple[str, str] | None:
    """Return the name and the organisation of a customer, or None where the snapshot knows no such number."""
    query = (
        exp.select("name", "org_no")
        .from_("customer")
        .where(exp.column("customer_no").eq(customer_no))
        .limit(1)
    )
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        found = connection.execute(query.sql("duckdb", identify=True)).fetchone()
    return None if found is None else (str(found[0] or ""), str(found[1] or ""))


def organisations(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the organisation table as plain rows."""
    names = ("org_no", "parent_org_no", "name", "level")
    query = exp.select(*names).from_("org").order_by("org_no")
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        return [
            dict(zip(names, row, strict=True))
            for row in connection.execute(query.sql("duckdb", identify=True)).fetchall()
        ]


def _tables() -> Iterator[Table]:
    tables = contract().tables
    known = [table for table in tables.values() if _link(table) is not None]
    return iter(
        sorted(known, key=lambda table: FIRST.index(table.name) if table.name in FIRST else len(FIRST))
    )


def _link(table: Table) -> str | None:
    """Return the column by which a table knows the customer."""
    return next((name for name in ("customer_no", BY_POINT, BY_BILL) if name in table.field_names), None)


def _rows(connection: duckdb.DuckDBPyConnection, table: Table, customer_no: str) -> CustomerRows:
    query = exp.select(*table.field_names).from_(table.name).where(_belongs(table, customer_no))
    if table.month_field:
        query = query.order_by(exp.column(table.month_field).desc())
    fetched = connection.execute(query.limit(MOST_ROWS + 1).sql("duckdb", identify=True)).fetchall()
    shown = fetched[:MOST_ROWS]
    filled = [i for i in range(len(table.field_names)) if any(row[i] is not None for row in shown)]
    columns = tuple(table.field_names[i] for i in filled)
    return CustomerRows(
        table, columns, [tuple(row[i] for i in filled) for row in shown], len(fetched) > MOST_ROWS
    )


def _belongs(table: Table, customer_no: str) -> exp.Expression:
    link = _link(table)
    assert link is not None
    if link == "customer_no":
        return exp.column(link).eq(customer_no)
    owner = "metering_point" if link == BY_POINT else "bill"
    keys = exp.select(link).from_(owner).where(exp.column("customer_no").eq(customer_no))
    return exp.column(link).isin(query=keys)
