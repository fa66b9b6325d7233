"""A difference without a known cause, split into quantity, price, multiplier, period, power factor and rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from jicha.billing.difference import LineDifference, compare
from jicha.billing.model import IssuedBill, PricedBill

PARTS = ("quantity", "price", "multiplier", "period", "power_factor", "rounding")
TITLES: dict[str, tuple[str, str]] = {
    "quantity": ("电量", "quantity"),
    "price": ("电价", "price"),
    "multiplier": ("倍率", "multiplier"),
    "period": ("天数", "period"),
    "power_factor": ("力调", "power factor"),
    "rounding": ("尾差", "rounding"),
}
CENT = Decimal("0.01")
NOTHING = Decimal(0)
# Two quantities in one ratio: whole kWh are at most half a kWh off, so the cross product is off by at most half their sum.
HALF = Decimal("0.5")
LEAST_REGISTERS = 2


@dataclass(frozen=True, slots=True)
class Attribution:
    """Yuan by part, in the fixed order of PARTS; they add up to the difference exactly."""

    yuan: dict[str, Decimal]

    @property
    def total_yuan(self) -> Decimal:
        """The whole difference, issued minus due."""
        return sum(self.yuan.values(), NOTHING)

    def text(self, language: str = "zh") -> str:
        """Return the parts that are not zero as a sum."""
        place = 0 if language == "zh" else 1
        shown = [f"{TITLES[name][place]} {amount:+,.2f}" for name, amount in self.yuan.items() if amount]
        return " ".join(shown) or "0.00"


def attribute(issued: IssuedBill, due: PricedBill) -> Attribution:
    """Split the difference of two bills.

    On each charge the quantity is substituted first (at the due price and share of the month), then the price, then
    the share of the month; the difference of the adjustment is the power factor's. A quantity that is off by one ratio
    at every register of a point is the multiplier's. What is left after rounding each part to the cent, and what the
    issued total is beside its lines, is rounding.
    """
    yuan = dict.fromkeys(PARTS, NOTHING)
    lines = compare(issued.lines, due.lines)
    scaled = _scaled_points(lines)
    for line in lines:
        if line.item == "pf_adjustment":
            yuan["power_factor"] += line.difference_yuan
            continue
        quantity, price, period = _split(line, lines)
        part = "multiplier" if line.mp_id in scaled and line.item in ("energy", "fund") else "quantity"
        yuan[part] += quantity
        yuan["price"] += price
        yuan["period"] += period
    whole = issued.total_yuan - due.total_yuan
    yuan["rounding"] = whole - sum(yuan.values(), NOTHING)
    return Attribution(yuan)


def _split(line: LineDifference, lines: list[LineDifference]) -> tuple[Decimal, Decimal, Decimal]:
    """Return the parts of quantity, price and period of one charge, each rounded half up to the cent."""
    before = _side(line.due_quantity, line.due_price, line.due_yuan)
    after = _side(line.issued_quantity, line.issued_price, line.issued_yuan)
    if after is None and before is not None:
        after = (_energy_of(line, lines, issued=True), before[1], before[2])
        after = (
            after
            if line.item in ("energy", "fund") and after[0] == before[0]
            else (NOTHING, before[1], before[2])
        )
    if before is None and after is not None:
        before = (NOTHING, after[1], after[2])
    if before is None or after is None:
        return NOTHING, NOTHING, NOTHING
    quantity = (after[0] - before[0]) * before[1] * before[2]
    price = after[0] * (after[1] - before[1]) * before[2]
    period = after[0] * after[1] * (after[2] - before[2])
    return _cents(quantity), _cents(price), _cents(period)
