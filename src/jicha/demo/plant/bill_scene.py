"""The stage on which single bills are priced a second time, wrongly, and put in the place of the right ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from jicha.demo.bills import Bills, Method, price
from jicha.demo.cases import Cases, gather_some
from jicha.demo.grid import Ints
from jicha.demo.plant.causes import CAUSES
from jicha.demo.plant.registry import Job, say
from jicha.demo.readings import Ledger
from jicha.demo.world import Part

COLUMNS = ("kwh", "kvarh", "factor", "adjust", "total")


@dataclass
class Attempt:
    """One bill about to be priced wrongly: its case, the method, and what happens to its lines afterwards."""

    part: Part
    ledger: Ledger
    job: Job
    row: int
    month: int
    cases: Cases
    method: Method = field(default_factory=Method)
    alter: Callable[[dict[str, Ints]], None] | None = None

    @property
    def scheme(self) -> dict[str, Ints]:
        """Return the schemes of the bill's points; the main one is the first."""
        return self.cases.spots.scheme


@dataclass
class BillScene:
    """The bills of a part while some of them are issued wrongly."""

    part: Part
    ledger: Ledger
    bills: Bills
    issued: dict[int, Bills] = field(default_factory=dict)

    def attempt(self, job: Job, row: int, month: int) -> Attempt | None:
        """Return the case of a bill that is there, None if there is none."""
        bill = self.bills.row(row, month)
        if bill < 0:
            return None
        cases = gather_some(self.part, self.ledger, np.array([row]), np.array([month]))
        cases.before = self.bills.before[[bill]]
        return Attempt(self.part, self.ledger, job, row, month, cases)

    def issue(self, attempt: Attempt) -> int:
        """Price the case and issue the result; return issued less right in cents, 0 where nothing changed."""
        wrong = price(attempt.cases, attempt.method)
        if attempt.alter is not None:
            attempt.alter(wrong.lines)
            wrong.total[0] = wrong.lines["amount"].sum()
        bill = self.bills.row(attempt.row, attempt.month)
        difference = int(wrong.total[0] - self.bills.total[bill])
        if difference:
            self.issued[bill] = wrong
        return difference

    def difference(self, attempt: Attempt) -> int:
        """Return the case's price less what is issued, in cents, and issue nothing."""
        bill = self.bills.row(attempt.row, attempt.month)
        return int(price(attempt.cases, attempt.method).total[0] - self.bills.total[bill])

    def tell(self, job: Job, month: int, cause: str, cents: int, *, rule: str | None = None) -> None:
        """Write a wrong bill into the answer key: cents are issued less right."""
        topic, note = CAUSES[cause]
        say(
            self.part.world, job, "bill", f"B{job.number}{month:02d}", rule=rule or topic, spans=((month, month),), note=note,
            yuan=Decimal(abs(cents)).scaleb(-2), direction="customer" if cents > 0 else "company", cause=cause,
        )  # fmt: skip

    def finish(self) -> None:
        """Put the wrong bills in the place of the right ones."""
        if not self.issued:
            return
        lines = self.bills.lines
        kept = ~np.isin(lines["bill"], list(self.issued))
        joined = {name: [values[kept]] for name, values in lines.items()}
        for bill, wrong in sorted(self.issued.items()):
            for name in COLUMNS:
                getattr(self.bills, name)[bill] = getattr(wrong, name)[0]
            for name, values in wrong.lines.items():
                joined[name].append(np.full(len(values), bill) if name == "bill" else values)
        whole = {name: np.concatenate(parts) for name, parts in joined.items()}
        order = np.argsort(whole["bill"], kind="stable")
        self.bills.lines = {name: values[order] for name, values in whole.items()}
