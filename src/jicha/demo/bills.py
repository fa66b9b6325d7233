"""Bills (电费发行): priced from the price books in whole numbers, an account of its own beside the engines' ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jicha.demo.cases import Cases, gather
from jicha.demo.charges import (
    BasicRule,
    Lines,
    Sheet,
    charge_basic,
    charge_energy,
    charge_factor,
    charge_steps,
    energy_before,
)
from jicha.demo.cuts import cut
from jicha.demo.grid import MONTH_START, Ints
from jicha.demo.losses import measure
from jicha.demo.readings import Ledger
from jicha.demo.world import Part


@dataclass
class Bills:
    """The bills of a part: arrays with one entry a bill, and their lines."""

    main: Ints
    month: Ints
    period_from: Ints
    period_to: Ints
    kwh: Ints
    kvarh: Ints
    factor: Ints
    adjust: Ints
    total: Ints
    lines: dict[str, Ints]
    before: Ints

    def row(self, main: int, month: int) -> int:
        """Return the row of a main point's bill of a month, −1 if there is none."""
        found = np.flatnonzero((self.main == main) & (self.month == month))
        return int(found[0]) if len(found) else -1


@dataclass(frozen=True)
class Method:
    """How bills are worked out; as it stands it is right, and a planted mistake changes one field."""

    always_full_hours: bool = False
    loss_in_factor: bool = True
    fund_in_base: bool = False
    by_scheme: bool = True
    basic: BasicRule = field(default_factory=BasicRule)


def bill_numbers(customer: Ints, month: Ints) -> Ints:
    """Return the numbers in bill identifiers: customer number and billing month."""
    return (customer + 3_401_000_001) * 100 + month


def make_bills(part: Part, ledger: Ledger) -> Bills:
    """Price every month of every customer of the part."""
    return price(gather(part, ledger), Method())


def price(cases: Cases, method: Method) -> Bills:
    """Return the bills of the cases: energy, segments, charges, lines, totals."""
    billed = measure(cases, always_full=method.always_full_hours)
    if not method.loss_in_factor:
        billed.active, billed.reactive = billed.metered, cases.spots.kvarh
    pieces = cut(cases, by_scheme=method.by_scheme)
    sheet = Sheet(cases, pieces, billed, Lines(), np.zeros(len(pieces), dtype=np.int64))
    kwh = np.zeros(len(cases), dtype=np.int64)
    np.add.at(kwh, cases.spots.bill, billed.total(cases.spots.scheme["registers"]))
    before = energy_before(cases, kwh) if cases.before is None else cases.before
    charge_energy(sheet, fund_in_base=method.fund_in_base)
    charge_steps(sheet, before)
    charge_basic(sheet, kwh, method.basic)
    factor, adjust, kvarh = charge_factor(sheet)
    joined = sheet.lines.joined()
    total = np.zeros(len(cases), dtype=np.int64)
    np.add.at(total, joined["bill"], joined["amount"])
    return Bills(
        cases.main, cases.month, cases.begin, cases.end, kwh, kvarh, factor, adjust, total, joined, before
    )


def due_days(bills: Bills) -> Ints:
    """Return the due date of each bill: the 28th of its month."""
    return MONTH_START[bills.month] + 27
