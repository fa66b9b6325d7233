"""Unit prices by the day: stated in the case, or asked of the price books through `Prices`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from jicha.settle.problems import ImpossibleInput, require
from jicha.settle.sheet.fields import Fields

# Registers of a price per kWh; `flat` is the default of a theft, `total` where a tariff has no bands.
REGISTERS = ("total", "sharp", "peak", "flat", "valley", "deep_valley")
PER_CAPACITY = ("capacity", "demand")
STATED = "stated"


@dataclass(frozen=True, slots=True)
class PriceSpan:
    """One unit price from a day until before another, and where it stands."""

    from_day: date
    to_day: date
    yuan: Decimal
    source: str
    is_verified: bool


class Prices(Protocol):
    """The price books, as far as a settlement asks them."""

    def spans(
        self, tariff_code: str, voltage_code: str, item: str, from_day: date, to_day: date
    ) -> tuple[PriceSpan, ...]:
        """Return the prices of a register (yuan/kWh, with all that is collected by kWh) or of capacity or demand (a month)."""


class NoPrices:
    """No price book is at hand: every price must be stated in the case."""

    def spans(
        self, tariff_code: str, voltage_code: str, item: str, from_day: date, to_day: date
    ) -> tuple[PriceSpan, ...]:
        """Refuse."""
        raise ImpossibleInput(
            where=f"price of {tariff_code} {voltage_code}",
            found=f"no price books for {item} from {from_day} to {to_day}",
            expected="price books, or a price in the case",
            remedy="State the price of the case in yuan.",
        )


@dataclass(frozen=True, slots=True)
class Price:
    """A price of a case: of a tariff by the day, or stated for each item from some day on."""

    tariff_code: str = ""
    voltage_code: str = ""
    stated: Mapping[str, tuple[tuple[date, Decimal], ...]] | None = None

    def spans(self, item: str, from_day: date, to_day: date, prices: Prices) -> tuple[PriceSpan, ...]:
        """Return the prices of an item over some days, without a gap."""
        if self.stated is None:
            return prices.spans(self.tariff_code, self.voltage_code, item, from_day, to_day)
        steps = self.stated.get(item) or self.stated.get("total") or ()
        begins = [max(from_day, day) for day, _ in steps]
        ends = [*begins[1:], to_day]
        found = tuple(
            PriceSpan(begin, min(end, to_day), yuan, STATED, True)
            for (_, yuan), begin, end in zip(steps, begins, ends, strict=True)
            if begin < min(end, to_day)
        )
        require(
            bool(found) and found[0].from_day == from_day,
            where=f"stated price {item}",
            found=f"none on {from_day}",
            expected=f"a price for every day from {from_day} to {to_day - timedelta(days=1)}",
            remedy="State the price from the first day of the act on.",
        )
        return found


def read_price(fields: Fields, name: str) -> Price:
    """Return a price: yuan, a list of {from, yuan}, {band: yuan}, or {tariff, voltage}."""
    found = fields.value(name, "yuan, or {tariff, voltage}")
    if isinstance(found, Mapping):
        return _tariff(fields.inside(name)) if "tariff" in found else _by_band(fields.inside(name))
    if isinstance(found, list):
        return Price(stated={"total": _steps(fields, name)})
    return Price(stated={"total": ((date.min, fields.number(name)),)})


def _tariff(fields: Fields) -> Price:
    price = Price(fields.text("tariff"), fields.text("voltage"))
    fields.finish()
    return price


def _by_band(fields: Fields) -> Price:
    told = {}
    for name in fields.names():
        if name not in REGISTERS:
            fields.add(f"is no band; write one of {', '.join(REGISTERS)}", name)
        told[name] = ((date.min, fields.number(name)),)
    return Price(stated=told)


def _steps(fields: Fields, name: str) -> tuple[tuple[date, Decimal], ...]:
    steps = []
    for one in fields.each(name):
        steps.append((one.day("from"), one.number("yuan")))
        one.finish()
    if [day for day, _ in steps] != sorted({day for day, _ in steps}):
        fields.add("holds days that do not follow each other; begin with the earliest", name)
    return tuple(steps)
