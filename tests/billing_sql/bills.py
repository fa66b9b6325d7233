"""Rows of one customer with one bill, and the facts that recompute it."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

import duckdb

from jicha.audit.cases import case_defaults
from jicha.audit.fact import Fact, load_facts
from jicha.audit.workspace import Moment, fact_sql
from jicha.contract import contract

Row = dict[str, Any]
Given = dict[str, list[Row]]
OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)
LONG_AGO = date(2018, 1, 1)


@cache
def _facts() -> dict[str, Fact]:
    return load_facts()


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    return case_defaults()


@cache
def texts(name: str, month: date) -> tuple[tuple[str, str], ...]:
    """Return the names and the engine's texts of a fact and of all that it reads, in building order."""
    wanted = {name}
    for fact in reversed(list(_facts().values())):
        if fact.name in wanted:
            wanted.update(fact.facts)
    return tuple(
        (fact.name, fact_sql(fact, Moment.of(month))) for fact in _facts().values() if fact.name in wanted
    )


def build(name: str, given: Given, month: date) -> list[Row]:
    """Return the rows of a fact over an empty utility that holds only the given rows, ordered by its columns."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for table in contract().tables.values():
            connection.execute(table.ddl())
            _insert(connection, table.name, given.get(table.name, []))
        for fact, text in texts(name, month):
            connection.execute(f'CREATE TABLE "{fact}" AS {text}')
        rows: list[Row] = connection.sql(f'SELECT * FROM "{name}" ORDER BY ALL').to_arrow_table().to_pylist()
    return rows


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    for row in rows:
        complete = {
            key: value for key, value in {**_defaults().get(table, {}), **row}.items() if value is not None
        }
        columns, marks = ", ".join(f'"{key}"' for key in complete), ", ".join("?" * len(complete))
        connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', list(complete.values()))


def reading(register: str, value: object, **more: Any) -> Row:
    """Return a reading of the month; the register stood at zero, unless said otherwise."""
    demand = register == "max_demand"
    row: Row = {"register": register, "value": value, "previous_value": None if demand else 0}
    return {
        **row,
        "previous_at": None if demand else datetime(2026, 10, 1),
        "read_at": datetime(2026, 11, 1),
        **more,
    }


def readings(**values: object) -> list[Row]:
    """Return a reading of each register."""
    return [reading(register, value) for register, value in values.items()]


def bill(begin: date = OCTOBER, end: date = NOVEMBER, **more: Any) -> Row:
    """Return the bill of October 2026, or another one."""
    return {"bill_month": OCTOBER, "period_from": begin, "period_to": end, **more}


def scheme(tariff: str, voltage: str = "lt1", **more: Any) -> Row:
    """Return a price scheme that has been valid for long."""
    return {"tariff_code": tariff, "voltage_code": voltage, "valid_from": LONG_AGO, **more}


def price(component: str, unit_price: str, register: str = "any", tariff: str = "OWN", **more: Any) -> Row:
    """Return a price of the extract's own book."""
    return {
        "tariff_code": tariff,
        "component": component,
        "register": register,
        "unit_price": unit_price,
        **more,
    }


def one_customer(**tables: list[Row]) -> Given:
    """Return a utility of one customer with one point, one meter and one bill, some tables given."""
    usual: Given = {
        "customer": [{}],
        "metering_point": [{}],
        "meter": [{}],
        "meter_installation": [{}],
        "bill": [bill()],
    }
    return {**usual, **tables}


def recomputed(given: Given, month: date = OCTOBER) -> list[Row]:
    """Return the fact recomputed_bill."""
    return build("recomputed_bill", given, month)


def only(given: Given, month: date = OCTOBER) -> Row:
    """Return the one recomputed bill; it must not be refused."""
    (row,) = recomputed(given, month)
    assert row["refusal"] is None
    return row


def refusal(given: Given) -> str | None:
    """Return why the only bill is refused."""
    (row,) = recomputed(given)
    amounts = [row[name] for name in row if name.endswith("_yuan") and not name.startswith("issued")]
    assert (row["refusal"] is None) == (None not in amounts)
    return None if row["refusal"] is None else str(row["refusal"])


def amounts(row: Row) -> dict[str, str]:
    """Return the amounts of a recomputed bill that are not zero, as text."""
    items = ("energy", "step", "basic", "pf_adjustment", "fund", "total")
    return {item: str(row[f"{item}_yuan"]) for item in items if row[f"{item}_yuan"]}


def differences(given: Given, month: date = OCTOBER) -> list[Row]:
    """Return the fact bill_line_difference."""
    return build("bill_line_difference", given, month)


def parts(given: Given, month: date = OCTOBER) -> list[Row]:
    """Return the fact recomputed_part, in the order of points and segments."""
    rows = build("recomputed_part", given, month)
    return sorted(rows, key=lambda row: (row["mp_id"], row["segment_from"]))
