"""Which bills jump (BL-27) or have an odd average price (BL-28): told by the arithmetic of all issued bills."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.answer_key import FAULT
from jicha.demo.bills import Bills
from jicha.demo.grid import LAST, Ints
from jicha.demo.segments import FIRST_HV, SEGMENTS

if TYPE_CHECKING:
    from jicha.demo.world import Part, World

JUMP_PCT, JUMP_CENTS, HOME_JUMP_CENTS = 50, 50_000, 20_000
LOW_PCT, HIGH_PCT = 20, 30
PRICE_SCALE = 10_000_000  # cents per kWh to 10⁻⁹ yuan per kWh


@dataclass
class Fees:
    """The audited month's fees of all parts: customer, class, cents and kWh of each bill."""

    columns: list[tuple[Ints, Ints, Ints, Ints]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def add(self, part: Part, bills: Bills) -> None:
        """Take a part's bills in, and tell those that jump against the mean of the three before."""
        owner = part.owner[bills.main]
        table = np.full((len(part.owner), LAST + 1), -1, dtype=np.int64)
        table[bills.main, bills.month] = bills.total
        recent = table[bills.main, LAST - 3 : LAST]
        home = np.array([s.kind == "lv_res" for s in SEGMENTS])[part.world.customers.segment[owner]]
        before = recent.sum(axis=1)
        rise = np.abs(3 * bills.total - before)
        jumps = (bills.month == LAST) & (recent >= 0).all(axis=1) & (before > 0)
        jumps &= (rise * 100 > before * JUMP_PCT) & (rise > 3 * np.where(home, HOME_JUMP_CENTS, JUMP_CENTS))
        for bill in np.flatnonzero(jumps):
            self._tell(part.world, "BL-27", int(owner[bill]), "fee jumps against the mean of three months")
        now = np.flatnonzero((bills.month == LAST) & (bills.kwh > 0))
        tariff = part.get("tariff")[bills.main[now]]
        kind = np.where(part.world.customers.segment[owner[now]] >= FIRST_HV, 2, np.where(home[now], 0, 1))
        self.columns.append((owner[now], tariff * 3 + kind, bills.total[now], bills.kwh[now]))

    def finish(self, world: World) -> None:
        """Tell the bills whose yuan per kWh leave the middle of their class: kind of customer and tariff.

        The middle is the median: one impossible energy would move a mean of the class off all its members.
        """
        if not self.columns:
            return
        owner, group, cents, kwh = (np.concatenate(parts) for parts in zip(*self.columns, strict=True))
        price = cents * PRICE_SCALE // kwh
        for value in np.unique(group):
            rows = np.flatnonzero(group == value)
            middle = int(np.median(price[rows]))
            percent = HIGH_PCT if value % 3 == 2 else LOW_PCT
            for row in rows[np.abs(price[rows] - middle) * 100 > middle * percent]:
                self._tell(world, "BL-28", int(owner[row]), "average price off the middle of its class")

    def _tell(self, world: World, rule: str, customer: int, note: str) -> None:
        subject = f"B{customer + 3_401_000_001}{LAST:02d}"
        if rule + subject not in self.told:
            self.told.add(rule + subject)
            world.plan.key.add(rule, FAULT, ("bill", subject), customer, LAST, LAST, note=note)
