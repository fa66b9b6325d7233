"""All bills of a month recomputed: the population by the SQL engine, the bills that differ once more in Decimal with their cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from jicha.audit.kept_facts import build_kept
from jicha.audit.library import Library
from jicha.audit.rebill.causes import DISAGREEMENT
from jicha.audit.rebill.session import Rebilling
from jicha.audit.rebill.texts import sql_text
from jicha.audit.workspace import Moment
from jicha.mart import Mart, Snapshot

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RebilledMonth:
    """What re-billing a month came to.

    `differences` has one row a differing bill: bill_id, customer_no, org_no, bill_month, issued_yuan, due_yuan, difference_yuan,
    direction, topic, cause, message_zh, message_en, also. `disagreements` are bills on which the Decimal engine sees no difference.
    """

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


FACTS = ("recomputed_bill", "wrong_bill")


def open_month(
    rebilling: Rebilling, mart: Mart, snapshot: Snapshot, library: Library, month: date, progress: Progress
) -> None:
    """Create the facts of re-billing for a month, each read from its kept file or built and kept now."""
    build_kept(rebilling.connection, mart, snapshot, library, Moment.of(month), FACTS, progress)


def rebill_month(rebilling: Rebilling, month: date) -> RebilledMonth:
    """Return the month recomputed; the connection must hold the facts of re-billing."""
    connection = rebilling.connection
    totals = connection.execute(sql_text("month_totals")).fetchall()
    parameters = {"disagreement": DISAGREEMENT}
    differences = connection.sql(sql_text("told_bills"), params=parameters).to_arrow_table()
    disagreements = connection.execute(sql_text("disagreements"), parameters).fetchall()
    refused = {row[0]: row[1] for row in totals if row[0] is not None}
    counted = [row for row in totals if row[0] is None]
    issued, due = (sum((row[place] or Decimal(0) for row in counted), Decimal(0)) for place in (2, 3))
    return RebilledMonth(
        month,
        sum(row[1] for row in totals),
        refused,
        issued,
        due,
        differences,
        tuple(row[0] for row in disagreements),
    )
