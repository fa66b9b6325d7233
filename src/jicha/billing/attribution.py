"""A difference without a known cause, split into quantity, price, multiplier, period, power factor and rounding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

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
ONE = Decimal(1)
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


class Side(NamedTuple):
    """One side of a charge: amount = quantity × price × share of the month, but for the rounding."""

    quantity: Decimal
    unit_price: Decimal
    share: Decimal
    is_mixed: bool


class Split(NamedTuple):
    """One charge's difference by part, not yet rounded."""

    quantity: Decimal
    price: Decimal
    period: Decimal


def attribute(issued: IssuedBill, due: PricedBill) -> Attribution:
    """Split the difference of two bills.

    On each charge the quantity is substituted first (at the due price and share of the month), then the price, then
    the share of the month; the difference of the adjustment is the power factor's. A quantity that is off by one ratio
    at every register of a point is the multiplier's. What is left after rounding each part to the cent, and what the
    issued total is beside its lines, is rounding.
    """
    yuan = dict.fromkeys(PARTS, NOTHING)
    lines = compare(issued.lines, due.lines)
    scaled = {mp_id for mp_id in {line.mp_id for line in lines} if _is_scaled(_energies(lines, mp_id))}
    for line in lines:
        if line.item == "pf_adjustment":
            yuan["power_factor"] += line.difference_yuan
            continue
        split = _split(line, lines)
        part = "multiplier" if line.mp_id in scaled and line.item in ("energy", "fund") else "quantity"
        yuan[part] += _cents(split.quantity)
        yuan["price"] += _cents(split.price)
        yuan["period"] += _cents(split.period)
    yuan["rounding"] = issued.total_yuan - due.total_yuan - sum(yuan.values(), NOTHING)
    return Attribution(yuan)


def _split(line: LineDifference, lines: list[LineDifference]) -> Split:
    if line.issued_quantity is None or line.due_quantity is None:
        is_price = line.item in ("energy", "fund") and _is_charged(line, lines)
        whole = line.difference_yuan
        return Split(NOTHING, whole, NOTHING) if is_price else Split(whole, NOTHING, NOTHING)
    before = _side(line.due_quantity, line.due_price, line.due_yuan, line.item)
    after = _side(line.issued_quantity, line.issued_price, line.issued_yuan, line.item)
    quantity = (after.quantity - before.quantity) * before.unit_price * before.share
    price = after.quantity * (after.unit_price - before.unit_price) * before.share
    period = after.quantity * after.unit_price * (after.share - before.share)
    if before.is_mixed != after.is_mixed:
        # One side is cut into segments of several prices, the other is not: the days decide, not the price.
        return Split(quantity, NOTHING, price + period)
    return Split(quantity, price, period)


def _side(quantity: Decimal, unit_price: Decimal | None, yuan: Decimal, item: str) -> Side:
    if not quantity:
        return Side(quantity, unit_price or NOTHING, ONE, False)
    if unit_price is None:
        return Side(quantity, yuan / quantity, ONE, True)
    whole = quantity * unit_price
    if item != "basic" or not whole or abs(whole - yuan) < CENT:
        return Side(quantity, unit_price, ONE, False)
    return Side(quantity, unit_price, yuan / whole, False)


def _is_charged(line: LineDifference, lines: Iterable[LineDifference]) -> bool:
    """Return whether the energy of a line that one bill lacks is charged there in another component."""
    quantity = line.due_quantity if line.issued_quantity is None else line.issued_quantity
    total = NOTHING
    for other in lines:
        if other.mp_id == line.mp_id and other.item == "energy" and other is not line:
            same = other.issued_quantity if line.issued_quantity is None else other.due_quantity
            if same is not None and other.register == line.register and same == quantity:
                return True
            if line.item == "fund" and same is not None and other.component in ("purchase", "energy"):
                total += same
    return line.item == "fund" and total == quantity


def _energies(lines: Iterable[LineDifference], mp_id: str | None) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the issued and the due energy of a point by register."""
    result: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        if line.mp_id == mp_id and line.item == "energy":
            result[line.register or ""] = (line.issued_quantity or NOTHING, line.due_quantity or NOTHING)
    return result


def _is_scaled(energies: dict[str, tuple[Decimal, Decimal]]) -> bool:
    """Return whether every register is off by the ratio of the sums, within half a kWh."""
    issued = sum((pair[0] for pair in energies.values()), NOTHING)
    due = sum((pair[1] for pair in energies.values()), NOTHING)
    if len(energies) < LEAST_REGISTERS or issued <= 0 or due <= 0 or issued == due:
        return False
    return all(abs(one * due - other * issued) <= HALF * (issued + due) for one, other in energies.values())


def _cents(yuan: Decimal) -> Decimal:
    return yuan.quantize(CENT, ROUND_HALF_UP)
