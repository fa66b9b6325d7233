"""Puts the bills of a month through both engines and tells where they are not equal to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from jicha.audit.cases import case_defaults
from jicha.audit.fact import load_facts
from jicha.audit.library import Library
from jicha.audit.rebill.session import Rebilling
from jicha.audit.workspace import Moment, fact_sql
from jicha.billing.difference import amounts
from jicha.billing.model import PricedBill
from jicha.contract import contract

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Key = tuple[str, str, str, str]
BILLS_A_BATCH = 20_000
FACTS = ("recomputed_bill", "bill_line_difference")
BY_REGISTER = ("energy", "purchase", "line_loss", "transmission", "system")
REGISTERS = ("total", "sharp", "peak", "flat", "valley", "deep_valley")
SINGLE = {
    "fund_yuan": ("fund", "fund"),
    "step2_yuan": ("step", "step2"),
    "step3_yuan": ("step", "step3"),
    "pf_adjustment_yuan": ("pf_adjustment", ""),
}


class Answer(NamedTuple):
    """What an engine says of a bill: the code of its refusal, or yuan by charge, energy, power factor and percentage."""

    refusal: str | None
    yuan: dict[Key, Decimal]
    kwh: Decimal | None = None
    kvarh: Decimal | None = None
    power_factor: Decimal | None = None
    pf_adjust_pct: Decimal | None = None


class Disagreement(NamedTuple):
    """A bill on which the engines differ."""

    bill_id: str
    decimal: Answer
    sql: Answer | None


class Outcome(NamedTuple):
    """How many bills, charges and refusals both engines agreed on, and where they did not."""

    bills: int
    charges: int
    refusals: dict[str, int]
    disagreements: list[Disagreement]


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every contract table, empty."""
    for definition in contract().tables.values():
        connection.execute(definition.ddl())


def insert(connection: duckdb.DuckDBPyConnection, given: Rows) -> None:
    """Insert the rows given; they take the neutral values of the rules' cases."""
    for name, some in given.items():
        rows = [{**case_defaults().get(name, {}), **row} for row in some]
        fields = [
            f.name for f in contract().table(name).fields if any(r.get(f.name) is not None for r in rows)
        ]
        if fields:
            columns = ", ".join(f'"{field}"' for field in fields)
            connection.register(
                "given_rows", pa.table({field: [row.get(field) for row in rows] for field in fields})
            )
            connection.execute(f'INSERT INTO "{name}" ({columns}) SELECT {columns} FROM given_rows')
            connection.unregister("given_rows")


def fill(connection: duckdb.DuckDBPyConnection, given: Rows) -> None:
    """Create every contract table with the rows given."""
    create_tables(connection)
    insert(connection, given)


def view_extract(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the Parquet files of an extract, whole or in numbered parts, readable as contract tables."""
    for name, definition in contract().tables.items():
        files = [*folder.glob(f"{name}.parquet"), *folder.glob(f"{name}_[0-9][0-9][0-9].parquet")]
        columns = ", ".join(f'CAST("{f.name}" AS {f.sql_type}) AS "{f.name}"' for f in definition.fields)
        source = f"read_parquet({[str(file) for file in files]})"
        connection.execute(f'CREATE VIEW "{name}" AS SELECT {columns} FROM {source}')


@cache
def fact_texts(month: date) -> tuple[tuple[str, bool, str], ...]:
    """Return name, whether the month changes it, and the engine's text of each fact of re-billing, in building order."""
    library = Library({}, load_facts())
    return tuple(
        (fact.name, fact.uses_month, fact_sql(fact, Moment.of(month))) for fact in library.facts_of(FACTS)
    )


def build_facts(connection: duckdb.DuckDBPyConnection, month: date, *, snapshot_too: bool = True) -> None:
    """Build the facts of re-billing for a month; those that no month changes only when asked for."""
    for name, uses_month, text in fact_texts(month):
        if snapshot_too or uses_month:
            connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS {text}')


def compare_engines(
    connection: duckdb.DuckDBPyConnection, month: date, bills_a_batch: int = BILLS_A_BATCH
) -> Outcome:
    """Compare what both engines say of the month's normal bills; the connection must hold the facts of re-billing."""
    rebilling = Rebilling(connection)
    bills = charges = 0
    refusals: dict[str, int] = defaultdict(int)
    disagreements: list[Disagreement] = []
    wanted = rebilling.bill_ids(month)
    for begin in range(0, len(wanted), bills_a_batch):
        bill_ids = wanted[begin : begin + bills_a_batch]
        sql = sql_answers(connection, bill_ids)
        for bill_id, decimal in decimal_answers(rebilling, bill_ids):
            bills += 1
            charges += len(decimal.yuan)
            if decimal.refusal:
                refusals[decimal.refusal] += 1
            if sql.get(bill_id) != decimal:
                disagreements.append(Disagreement(bill_id, decimal, sql.get(bill_id)))
    return Outcome(bills, charges, dict(refusals), disagreements)


def decimal_answers(rebilling: Rebilling, bill_ids: Iterable[str]) -> Iterator[tuple[str, Answer]]:
    """Yield what lines.py says of each bill."""
    for case in rebilling.cases(bill_ids):
        yield case.bill.bill_id, answer_of(rebilling.price(case))


def answer_of(priced: PricedBill) -> Answer:
    """Return what lines.py says of one bill."""
    if priced.refusal:
        return Answer(priced.refusal, {})
    factor = (priced.power_factor, priced.pf_adjust_pct)
    return Answer(None, amounts(priced.lines), priced.kwh, priced.kvarh, *factor)


def sql_answers(connection: duckdb.DuckDBPyConnection, bill_ids: Sequence[str]) -> dict[str, Answer]:
    """Return what the facts recomputed_bill and recomputed_part say of the bills."""
    connection.execute("CREATE OR REPLACE TEMP TABLE asked AS SELECT unnest(?) AS bill_id", [list(bill_ids)])
    parts: dict[str, dict[Key, Decimal]] = defaultdict(dict)
    for row in _rows(connection, "SELECT p.* FROM recomputed_part AS p SEMI JOIN asked USING (bill_id)"):
        _add_part(parts[row["bill_id"]], row)
    answers: dict[str, Answer] = {}
    for row in _rows(connection, "SELECT b.* FROM recomputed_bill AS b SEMI JOIN asked USING (bill_id)"):
        bill_id = row["bill_id"]
        yuan = {key: value for key, value in parts[bill_id].items() if value}
        if row["refusal"]:
            assert row["total_yuan"] is None, "a refused bill must have no total"
            answers[bill_id] = Answer(row["refusal"], {})
        else:
            assert row["total_yuan"] == sum(yuan.values()), "the total is not the sum of the charges"
            answers[bill_id] = Answer(
                None, yuan, row["kwh"], row["kvarh"], row["power_factor"], row["pf_adjust_pct"]
            )
    return answers


def _add_part(yuan: dict[Key, Decimal], row: dict[str, Any]) -> None:
    for component in BY_REGISTER:
        for register in REGISTERS:
            _add(yuan, (row["mp_id"], "energy", component, register), row[f"{component}_{register}_yuan"])
    for column, (item, component) in SINGLE.items():
        is_adjustment = item == "pf_adjustment"
        key = ("", item, "", "") if is_adjustment else (row["mp_id"], item, component, "any")
        _add(yuan, key, row[column])
    component = "capacity" if row["basic_charge_mode"] == "capacity" else "demand"
    _add(yuan, (row["mp_id"], "basic", component, "any"), row["basic_yuan"])


def _add(yuan: dict[Key, Decimal], key: Key, amount: Decimal | None) -> None:
    if amount is not None:
        yuan[key] = yuan.get(key, Decimal(0)) + amount


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))


def told(outcome: Outcome, most: int = 5) -> str:
    """Return the first disagreements as text for a failing test."""
    return "\n".join(_told(one) for one in outcome.disagreements[:most])


def _told(one: Disagreement) -> str:
    if one.sql is None or one.sql.refusal != one.decimal.refusal:
        return f"{one.bill_id}: Decimal {one.decimal.refusal}, SQL {one.sql and one.sql.refusal}"
    left, right = one.decimal.yuan, one.sql.yuan
    keys = {
        key: (left.get(key), right.get(key)) for key in {*left, *right} if left.get(key) != right.get(key)
    }
    return f"{one.bill_id}: {keys or (one.decimal[2:], one.sql[2:])}"
