"""A snapshot opened for re-billing: its prices, its rules, its bills one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from jicha.audit.connection import connect
from jicha.audit.rebill.inputs import BillCase, read_cases
from jicha.audit.rebill.price_list import read_price_list
from jicha.audit.rebill.problems import no_bill
from jicha.audit.rebill.texts import sql_text
from jicha.billing.cause import Cause, find_cause
from jicha.billing.difference import LineDifference, amounts, compare
from jicha.billing.lines import price_bill
from jicha.billing.model import PricedBill
from jicha.billing.policies import BillingPolicies, shipped_policies
from jicha.billing.price_list import PriceList
from jicha.billing.sheet import Sheet
from jicha.mart import Mart, Snapshot


@dataclass(frozen=True, slots=True)
class BillSheet:
    """The calculation sheet (算费过程) of one bill: as issued, as recomputed, every step between."""

    case: BillCase
    priced: PricedBill
    sheet: Sheet
    differences: tuple[LineDifference, ...]
    cause: Cause | None = None


class Rebilling:
    """Recomputes bills over a connection that holds the contract tables."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, policies: BillingPolicies | None = None
    ) -> None:
        policies = policies or shipped_policies()
        self.connection = connection
        self.rules = policies.rules
        self.prices: PriceList = read_price_list(connection, policies)

    def cases(self, bill_ids: Iterable[str]) -> Iterator[BillCase]:
        """Yield the chosen normal bills with what they are recomputed from."""
        return read_cases(self.connection, bill_ids)

    def price(self, case: BillCase, sheet: Sheet | None = None) -> PricedBill:
        """Return the bill as it should have been."""
        return price_bill(case.bill, self.prices, self.rules.on(case.bill.period_from), sheet)

    def sheet(self, bill_id: str) -> BillSheet:
        """Return the calculation sheet of one normal bill."""
        case = next(self.cases([bill_id]), None)
        if case is None:
            kind = self.connection.execute(sql_text("bill_kind"), {"bill_id": bill_id}).fetchone()
            raise no_bill(bill_id, None if kind is None else kind[0])
        return self.sheet_of(case)

    def sheet_of(self, case: BillCase) -> BillSheet:
        """Return the calculation sheet of a bill that was read already."""
        sheet = Sheet(case.bill.period_from, self.rules)
        priced = self.price(case, sheet)
        if priced.refusal:
            return BillSheet(case, priced, sheet, ())
        differs = amounts(case.issued.lines) != amounts(priced.lines)
        cause = self.cause(case, priced) if differs else None
        return BillSheet(case, priced, sheet, tuple(compare(case.issued.lines, priced.lines)), cause)

    def cause(self, case: BillCase, priced: PricedBill) -> Cause:
        """Return by which mistake the issued bill came about."""
        return find_cause(case.bill, case.issued, priced, self.prices, self.rules)

    def bill_ids(self, month: date) -> list[str]:
        """Return the normal bills of a month."""
        rows = self.connection.execute(sql_text("bill_ids"), {"month": month}).fetchall()
        return [row[0] for row in rows]


def sheet_links(sheet: BillSheet) -> dict[str, Any]:
    """Return the source rows that a calculation sheet stands on, as a finding's links name them."""
    bill = sheet.case.bill
    month = {"bill_month": bill.bill_month.isoformat()}
    mp_ids = [point.mp_id for point in bill.points]
    links = [
        {"table": "bill", "key": {"bill_id": bill.bill_id}},
        *({"table": "reading", "key": {"mp_id": mp_id, **month}} for mp_id in mp_ids),
        *({"table": "price_scheme", "key": {"mp_id": mp_id}} for mp_id in mp_ids),
        *({"table": "meter_installation", "key": {"mp_id": mp_id}} for mp_id in mp_ids),
    ]
    if bill.transformers:
        links.append({"table": "transformer", "key": {"customer_no": bill.customer.customer_no}})
    return {"evidence": json.dumps({"sources": links}), "bill_month": bill.bill_month}


def has_bill(mart: Mart, snapshot: Snapshot, bill_id: str, memory_limit: str = "2GB") -> bool:
    """Return whether the snapshot holds a bill of this number."""
    with snapshot.held(), connect(mart, memory_limit) as connection:
        snapshot.create_views(connection)
        return connection.execute(sql_text("has_bill"), {"bill_id": bill_id}).fetchone() is not None


@contextmanager
def open_rebilling(
    mart: Mart,
    snapshot: Snapshot,
    policies: BillingPolicies,
    memory_limit: str = "2GB",
    threads: int | None = None,
) -> Iterator[Rebilling]:
    """Open a snapshot for re-billing; it is held against deletion while the block runs."""
    with snapshot.held(), connect(mart, memory_limit, threads) as connection:
        snapshot.create_views(connection)
        yield Rebilling(connection, policies)
