"""The late fee by rule CL-04's SQL and by settle.late_fee: equal to the cent on drawn bills."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jicha.audit.cases import case_defaults
from jicha.audit.finding import rows_of
from jicha.audit.library import Library, load_library
from jicha.audit.workspace import Moment, Workspace
from jicha.contract import contract
from jicha.periods import add_months
from jicha.settle.late_fee import LateBill, Payment, late_fee

# Months around the change of the rule, the end of a year, a leap day, and an ordinary one.
MONTHS = (date(2024, 2, 1), date(2024, 5, 1), date(2024, 6, 1), date(2025, 1, 1), date(2026, 10, 1))
TABLES = ("bill", "customer", "receipt", "refund", "late_fee_waiver")
FAR_TOO_MUCH = Decimal(10_000_000)  # taken with the last payment, so that every bill becomes a finding


@dataclass(frozen=True)
class Drawn:
    """One bill that its last payment settles in the audited month."""

    residential: bool
    bill: LateBill


@pytest.fixture(scope="module")
def library() -> Library:
    """Return the rules as they stand."""
    return load_library(strict=False)


def _split(total: int, cuts: Sequence[int]) -> list[Decimal]:
    edges = sorted({0, total, *(cut % total for cut in cuts)})
    return [Decimal(later - earlier).scaleb(-2) for earlier, later in pairwise(edges)]


@st.composite
def drawn_bills(draw: st.DrawFn, month: date) -> Drawn:
    """Draw an amount, its parts, and days of payment of which the last lies in the month."""
    last = month + timedelta(days=draw(st.integers(0, (add_months(month, 1) - month).days - 1)))
    due = last - timedelta(days=draw(st.integers(-3, 900)))
    amounts = _split(draw(st.integers(1, 90_000_000)), draw(st.lists(st.integers(1, 90_000_000), max_size=3)))
    gaps = draw(st.lists(st.integers(0, 200), min_size=len(amounts) - 1, max_size=len(amounts) - 1))
    days = [last - timedelta(days=back) for back in reversed([*accumulate(gaps, initial=0)])]
    payments = tuple(Payment(day, amount) for day, amount in zip(days, amounts, strict=True))
    return Drawn(draw(st.booleans()), LateBill(sum(amounts, Decimal(0)), due, payments))


def _rows(number: int, drawn: Drawn) -> dict[str, list[dict[str, Any]]]:
    customer_no, bill_id = f"C{number}", f"B{number}"
    last = len(drawn.bill.payments) - 1
    receipts = [
        {
            "receipt_id": f"R{number}.{order}", "customer_no": customer_no, "bill_id": bill_id, "amount_yuan": payment.amount_yuan,
            "late_fee_yuan": FAR_TOO_MUCH if order == last else Decimal(0), "received_at": f"{payment.paid_on} 10:0{order}:00",
        }
        for order, payment in enumerate(drawn.bill.payments)
    ]  # fmt: skip
    return {
        "customer": [{"customer_no": customer_no, "kind": "lv_res" if drawn.residential else "hv"}],
        "bill": [
            {"bill_id": bill_id, "customer_no": customer_no, "total_yuan": drawn.bill.amount_yuan, "due_on": drawn.bill.due_date}
        ],
        "receipt": receipts,
    }  # fmt: skip


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    definition = contract().table(table)
    marks = ", ".join("?" * len(definition.fields))
    for row in rows:
        complete = {**case_defaults()[table], **row}
        connection.execute(
            f'INSERT INTO "{table}" VALUES ({marks})',
            [complete.get(field.name) for field in definition.fields],
        )


def _by_rule(library: Library, month: date, bills: Sequence[Drawn]) -> dict[str, Decimal]:
    """Return the late fee due of each bill as the rule's findings state it."""
    rule = library.rule("CL-04")
    with duckdb.connect(config={"threads": 1}) as connection:
        for table in TABLES:
            connection.execute(contract().table(table).ddl())
        for number, drawn in enumerate(bills):
            for table, rows in _rows(number, drawn).items():
                _insert(connection, table, rows)
        workspace = Workspace(connection, Moment.of(month))
        workspace.build(library.facts_of(rule.facts))
        found = [*rows_of(rule, workspace.rows(rule, rule.defaults), 0, month)]
    columns = [json.loads(row["evidence"])["columns"] for row in found]
    assert all(
        row["yuan_at_stake"] == FAR_TOO_MUCH - Decimal(str(column["due_yuan"]))
        for row, column in zip(found, columns, strict=True)
    )
    return {column["bill_id"]: Decimal(str(column["due_yuan"])) for column in columns}


def _by_settlement(drawn: Drawn) -> Decimal:
    lines = late_fee([drawn.bill], residential=drawn.residential).lines
    return sum((line.amount_yuan or Decimal(0) for line in lines), Decimal(0))


@pytest.mark.parametrize("month", MONTHS, ids=str)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_rule_and_the_settlement_charge_the_same(
    library: Library, month: date, data: st.DataObject
) -> None:
    """Part payments, both rates, the end of the year, the change of the rule and its minimum."""
    bills = data.draw(st.lists(drawn_bills(month), min_size=1, max_size=8))
    expected = {f"B{number}": _by_settlement(drawn) for number, drawn in enumerate(bills)}
    assert _by_rule(library, month, bills) == expected


def test_a_payment_over_the_end_of_the_year(library: Library) -> None:
    """10,000 yuan due on 20 December, paid on 15 January: 11 d × 2 ‰ + 15 d × 3 ‰ = 670.00 (worked by hand)."""
    bill = LateBill(Decimal(10_000), date(2025, 12, 20), (Payment(date(2026, 1, 15), Decimal(10_000)),))
    assert _by_rule(library, date(2026, 1, 1), [Drawn(False, bill)]) == {"B0": Decimal(670)}
