"""What a settlement gives back: lines with clause, version, formula and rounding, and their sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import Number, exact, shown, text, yuan
from jicha.settle.law import Provision

CENT = "half up to 0.01 yuan, once"
UNROUNDED = "not rounded"


@dataclass(frozen=True, slots=True)
class SettledLine:
    """One line of a settlement; the amount is null where only energy was asked for."""

    name: str
    formula: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    amount_yuan: Decimal | None
    clause: str
    law_version: str
    rounding: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """The lines of one case and the sum of their amounts; what is owed to the customer is negative."""

    lines: tuple[SettledLine, ...]
    total: Decimal

    def named(self, *names: str) -> Decimal:
        """Return the sum of the amounts of the lines with one of these names."""
        return _sum(line for line in self.lines if line.name in names)


def settlement(lines: Iterable[SettledLine]) -> Settlement:
    """Return the lines with their total."""
    kept = tuple(lines)
    return Settlement(kept, _sum(kept))


def _sum(lines: Iterable[SettledLine]) -> Decimal:
    return sum((line.amount_yuan or Decimal(0) for line in lines), Decimal("0.00"))


def money_line(
    name: str,
    amount: Fraction,
    *,
    formula: str,
    quantity: Number,
    unit: str,
    law: Provision,
    unit_price: Decimal | None = None,
    rounding: str = CENT,
) -> SettledLine:
    """Return a line whose exact amount is rounded here, once."""
    return SettledLine(
        name=name,
        formula=formula,
        quantity=shown(exact(quantity)),
        unit=unit,
        unit_price=unit_price,
        amount_yuan=yuan(amount),
        clause=law.clause,
        law_version=law.version,
        rounding=rounding,
    )


@dataclass(frozen=True, slots=True)
class EnergyDifference:
    """Energy to be billed again (退补电量): positive is owed by the customer, negative is given back."""

    name: str
    exact_kwh: Fraction
    formula: str
    law: Provision

    @property
    def energy_kwh(self) -> Decimal:
        """The difference as shown: half up to six decimals."""
        return shown(self.exact_kwh)

    def line(self, price_yuan_per_kwh: Decimal | None = None) -> SettledLine:
        """Return the line of this difference: kWh × price, rounded once; without a price only the energy."""
        if price_yuan_per_kwh is None:
            return self._unpriced()
        formula = f"({self.formula}) kWh × {text(price_yuan_per_kwh)} yuan/kWh"
        amount = self.exact_kwh * exact(price_yuan_per_kwh)
        return money_line(
            self.name,
            amount,
            formula=formula,
            quantity=self.exact_kwh,
            unit="kWh",
            law=self.law,
            unit_price=price_yuan_per_kwh,
        )

    def _unpriced(self) -> SettledLine:
        law = self.law
        return SettledLine(
            self.name, self.formula, self.energy_kwh, "kWh", None, None, law.clause, law.version, UNROUNDED
        )


def back_bill(difference: EnergyDifference, price_yuan_per_kwh: Decimal | None = None) -> Settlement:
    """Return the settlement of one energy difference at one price."""
    return settlement([difference.line(price_yuan_per_kwh)])
