"""The bills that differ, each priced once more by the Decimal engine and told by which mistake it came about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from jicha.audit.rebill.inputs import BillCase
from jicha.audit.rebill.session import Rebilling
from jicha.audit.rebill.texts import sql_text
from jicha.billing.difference import amounts
from jicha.billing.hypotheses.catalogue import catalogue, direction, examined_bills
from jicha.billing.policies import BillingPolicies

Progress = Callable[[str, int, int], None]
Row = dict[str, Any]
CHUNK = 2_000
NOT_EXAMINED, DISAGREEMENT = "not_examined", "engines_disagree"
# Held to the columns of the fact bill_cause by a test.
SCHEMA = pa.schema(
    [
        ("bill_id", pa.string()),
        ("issued_yuan", pa.decimal128(18, 2)),
        ("due_yuan", pa.decimal128(18, 2)),
        ("difference_yuan", pa.decimal128(18, 2)),
        *((name, pa.string()) for name in ("topic", "cause", "also", "look_at", "message_zh", "message_en")),
    ]
)


def bill_causes(
    policies: BillingPolicies, connection: duckdb.DuckDBPyConnection, progress: Progress
) -> pa.Table:
    """Return one row a bill that differs in a charge or in its total, with columns as SCHEMA.

    The connection must hold the contract tables and the facts recomputed_bill and bill_line_difference.
    Of more bills than policies/causes/causes.yaml lets be examined, those with the largest differences are.
    """
    differing = connection.execute(sql_text("differing_bills")).fetchall()
    examined = [row[0] for row in differing[: examined_bills()]]
    rows = [_row(NOT_EXAMINED, *row) for row in differing[len(examined) :]]
    for number, row in enumerate(_examined(Rebilling(connection, policies), examined), 1):
        progress("cause", number, len(examined))
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _examined(rebilling: Rebilling, bill_ids: Iterable[str]) -> Iterator[Row]:
    ordered = sorted(bill_ids)
    for begin in range(0, len(ordered), CHUNK):
        yield from (_cause(rebilling, case) for case in rebilling.cases(ordered[begin : begin + CHUNK]))


def _cause(rebilling: Rebilling, case: BillCase) -> Row:
    issued, priced = case.issued, rebilling.price(case)
    if priced.refusal or (
        amounts(priced.lines) == amounts(issued.lines) and priced.total_yuan == issued.total_yuan
    ):
        return _row(DISAGREEMENT, issued.bill_id, issued.total_yuan, priced.total_yuan)
    cause = rebilling.cause(case, priced)
    return {
        **_sums(issued.bill_id, cause.issued_yuan, cause.due_yuan),
        "topic": cause.topic,
        "cause": cause.code,
        "also": " ".join(cause.also),
        "look_at": " ".join(cause.look_at),
        "message_zh": cause.message["zh"],
        "message_en": cause.message["en"],
    }


def _row(code: str, bill_id: str, issued_yuan: Decimal, due_yuan: Decimal) -> Row:
    """Return the row of a bill of which no cause was found out."""
    entry, ends = catalogue()[code], direction(issued_yuan - due_yuan)
    return {
        **_sums(bill_id, issued_yuan, due_yuan),
        "topic": entry.topic,
        "cause": code,
        "also": "",
        "look_at": entry.look_at,
        "message_zh": f"{entry.message['zh']}，{ends['zh']}",
        "message_en": f"{entry.message['en']}: {ends['en']}",
    }


def _sums(bill_id: str, issued_yuan: Decimal, due_yuan: Decimal) -> Row:
    return {
        "bill_id": bill_id,
        "issued_yuan": issued_yuan,
        "due_yuan": due_yuan,
        "difference_yuan": issued_yuan - due_yuan,
    }
