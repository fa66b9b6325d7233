"""All bills of a month recomputed: the population by the SQL engine, the bills that differ once more in Decimal with their cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa

from jicha.audit.kept_facts import build_kept
from jicha.audit.library import Library
from jicha.audit.rebill.session import Rebilling
from jicha.audit.rebill.texts import sql_text
from jicha.audit.workspace import Moment, calendar_span, create_working_day
from jicha.billing.cause import Cause
from jicha.billing.difference import amounts
from jicha.mart import Mart, Snapshot

Progress = Callable[[str, int, int], None]
CHUNK = 5_000

DIFFERENCE_SCHEMA = pa.schema(
    [
        ("bill_id", pa.string()),
        ("customer_no", pa.string()),
        ("org_no", pa.string()),
        ("bill_month", pa.date32()),
        ("issued_yuan", pa.decimal128(18, 2)),
        ("due_yuan", pa.decimal128(18, 2)),
        ("difference_yuan", pa.decimal128(18, 2)),
        ("direction", pa.string()),
        ("topic", pa.string()),
        ("cause", pa.string()),
        ("message_zh", pa.string()),
        ("message_en", pa.string()),
        ("also", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class RebilledMonth:
    """What re-billing a month came to; `differences` has one row a differing bill (DIFFERENCE_SCHEMA)."""

    month: date
    bills: int
    refused: dict[str, int]
    issued_yuan: Decimal
    due_yuan: Decimal
    differences: pa.Table
    disagreements: tuple[str, ...]

    @property
    def equal(self) -> int:
        """The bills whose every line is equal to the cent."""
        return self.bills - sum(self.refused.values()) - int(self.differences.num_rows)


FACTS = ("recomputed_bill", "bill_line_difference")


def open_month(
    rebilling: Rebilling, mart: Mart, snapshot: Snapshot, library: Library, month: date, progress: Progress
) -> None:
    """Create the facts of re-billing for a month, each read from its kept file or built and kept now."""
    create_working_day(rebilling.connection, *calendar_span([month]))
    build_kept(rebilling.connection, mart, snapshot, library, Moment.of(month), FACTS, progress)


def rebill_month(rebilling: Rebilling, month: date, progress: Progress) -> RebilledMonth:
    """Return the month recomputed; the connection must hold the facts recomputed_bill and bill_line_difference."""
    connection = rebilling.connection
    totals = connection.execute(sql_text("month_totals")).fetchall()
    differing = [row[0] for row in connection.execute(sql_text("differing_bills")).fetchall()]
    rows, disagreements = explain_differences(rebilling, differing, progress)
    refused = {row[0]: row[1] for row in totals if row[0] is not None}
    counted = [row for row in totals if row[0] is None]
    issued, due = (sum((row[place] or Decimal(0) for row in counted), Decimal(0)) for place in (2, 3))
    bills = sum(row[1] for row in totals)
    return RebilledMonth(
        month, bills, refused, issued, due, _with_organisation(connection, rows), disagreements
    )


def explain_differences(
    rebilling: Rebilling, bill_ids: Iterable[str], progress: Progress
) -> tuple[pa.Table, tuple[str, ...]]:
    """Return one row a bill with its cause, and the bills on which the Decimal engine sees no difference."""
    wanted = sorted(bill_ids)
    rows: list[dict[str, object]] = []
    disagreements: list[str] = []
    for begin in range(0, len(wanted), CHUNK):
        for case in rebilling.cases(wanted[begin : begin + CHUNK]):
            progress("cause", begin + len(rows) % CHUNK, len(wanted))
            priced = rebilling.price(case)
            if priced.refusal or amounts(priced.lines) == amounts(case.issued.lines):
                disagreements.append(case.bill.bill_id)
                continue
            rows.append(
                _row(
                    case.bill.bill_id,
                    case.issued.customer_no,
                    case.bill.bill_month,
                    rebilling.cause(case, priced),
                )
            )
    return pa.Table.from_pylist(rows, schema=DIFFERENCE_SCHEMA), tuple(disagreements)


def _row(bill_id: str, customer_no: str, month: date, cause: Cause) -> dict[str, object]:
    difference = cause.issued_yuan - cause.due_yuan
    return {
        "bill_id": bill_id,
        "customer_no": customer_no,
        "bill_month": month,
        "issued_yuan": cause.issued_yuan,
        "due_yuan": cause.due_yuan,
        "difference_yuan": difference,
        "direction": "company" if difference < 0 else "customer" if difference > 0 else "none",
        "topic": cause.topic,
        "cause": cause.code,
        "message_zh": cause.message["zh"],
        "message_en": cause.message["en"],
        "also": " ".join(cause.also),
    }


def _with_organisation(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.Table:
    connection.register("explained_bill", rows)
    try:
        return connection.sql(sql_text("with_organisation")).to_arrow_table()
    finally:
        connection.unregister("explained_bill")
