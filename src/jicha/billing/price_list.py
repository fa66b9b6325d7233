"""The price list of an audit: what each tariff cost at each voltage, day by day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from jicha.billing.books import PriceRow, StepRow
from jicha.billing.refusal import Refused

BY_BAND = ("energy", "purchase", "line_loss", "transmission", "system")
REGISTERS = ("total", "sharp", "peak", "flat", "valley", "deep_valley")
FAR = date(9999, 12, 31)


class Price(NamedTuple):
    """One unit price, and whether the power-factor adjustment (功率因数调整) applies to what it charges."""

    component: str
    unit_price: Decimal
    in_pf_base: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class TariffPrices:
    """All prices of one tariff at one voltage in [valid_from, valid_to).

    `energy` holds the prices per kWh by register, in the order in which the lines are written.
    """

    valid_from: date
    valid_to: date
    energy: dict[str, tuple[Price, ...]]
    single: dict[str, Price]
    ambiguous: tuple[str, ...]
    price_book: str
    source: str


class StepLimits(NamedTuple):
    """Limits above which the second and third step (阶梯) begin, kWh in a year or a month."""

    valid_from: date
    valid_to: date
    second_kwh: Decimal
    third_kwh: Decimal


class PriceList:
    """Prices by tariff, voltage and day; the extract's own book where it has the tariff, else the shipped ones."""

    def __init__(
        self, prices: Iterable[PriceRow], steps: Iterable[StepRow], own: frozenset[str] = frozenset()
    ) -> None:
        self._own = own
        self._rows: dict[tuple[str, str], list[PriceRow]] = defaultdict(list)
        self._tariffs: set[str] = set()
        self._spans: dict[tuple[str, str], list[TariffPrices]] = {}
        self._ends: dict[tuple[str, str], list[date]] = {}
        self._limits = _limits(steps)
        for row in prices:
            self._rows[row.tariff_code, row.voltage_code].append(row)
            self._tariffs.add(row.tariff_code)

    def knows(self, tariff_code: str) -> bool:
        """Return whether any book has the tariff."""
        return tariff_code in self._tariffs

    def is_own(self, tariff_code: str) -> bool:
        """Return whether the extract's own book has the tariff."""
        return tariff_code in self._own

    def tariffs(self) -> frozenset[str]:
        """Return the codes of all tariffs of the list."""
        return frozenset(self._tariffs)

    def voltages(self, tariff_code: str) -> list[str]:
        """Return the voltage columns that the tariff has."""
        return sorted(voltage for tariff, voltage in self._rows if tariff == tariff_code)

    def on(self, tariff_code: str, voltage_code: str, day: date) -> TariffPrices:
        """Return the prices valid on a day; refuses an unknown tariff, a missing price and two at once."""
        key = (tariff_code, voltage_code)
        ends = self._ends.get(key)
        if ends is None:
            ends = self._build(key)
        place = bisect_right(ends, day)
        spans = self._spans[key]
        if place >= len(spans) or spans[place].valid_from > day:
            code = "no_price" if self.knows(tariff_code) else "unknown_tariff"
            raise Refused(code, f"{tariff_code} {voltage_code} {day}")
        found = spans[place]
        if found.ambiguous:
            raise Refused(
                "two_price_versions", f"{tariff_code} {voltage_code} {day}: {', '.join(found.ambiguous)}"
            )
        return found

    def versions(self, tariff_code: str, voltage_code: str) -> list[TariffPrices]:
        """Return every version of the tariff at the voltage, oldest first."""
        key = (tariff_code, voltage_code)
        if key not in self._ends:
            self._build(key)
        return self._spans[key]

    def limits(self, tariff_code: str, step_scheme: str, day: date) -> StepLimits:
        """Return the step limits valid on a day; refuses where the book has none."""
        for limits in self._limits.get((tariff_code, step_scheme), ()):
            if limits.valid_from <= day < limits.valid_to:
                return limits
        raise Refused("no_price", f"{tariff_code} {step_scheme} step_limits {day}")

    def _build(self, key: tuple[str, str]) -> list[date]:
        rows = self._rows.get(key, [])
        edges = sorted({edge for row in rows for edge in (row.valid_from, row.valid_to or FAR)})
        spans = [_span(rows, begin, end) for begin, end in pairwise(edges)]
        self._spans[key] = [span for span in spans if span.energy or span.single]
        self._ends[key] = [span.valid_to for span in self._spans[key]]
        return self._ends[key]


def _span(rows: list[PriceRow], begin: date, end: date) -> TariffPrices:
    valid = [row for row in rows if row.valid_from <= begin and (row.valid_to or FAR) >= end]
    energy: dict[str, dict[str, Price]] = defaultdict(dict)
    single: dict[str, Price] = {}
    ambiguous: list[str] = []
    for row in valid:
        price = Price(row.component, row.unit_price, row.in_pf_base, row.source)
        place = energy[row.register] if row.component in BY_BAND else single
        if row.component in place:
            ambiguous.append(f"{row.component} {row.register}")
        place[row.component] = price
    _spread(energy)
    ordered = {
        register: tuple(prices[name] for name in BY_BAND if name in prices)
        for register, prices in energy.items()
    }
    first = valid[0] if valid else rows[0]
    return TariffPrices(begin, end, ordered, single, tuple(ambiguous), first.price_book, first.source)


def _spread(energy: dict[str, dict[str, Price]]) -> None:
    """Put what stands at register any, a part of the price per kWh that does not float, beside each register's own prices."""
    not_floating = energy.pop("any", {})
    for register in tuple(energy) or (REGISTERS if not_floating else ()):
        energy[register] = {**not_floating, **energy.get(register, {})}


def _limits(steps: Iterable[StepRow]) -> dict[tuple[str, str], list[StepLimits]]:
    grouped: dict[tuple[str, str, date, date], dict[int, Decimal]] = defaultdict(dict)
    for row in steps:
        grouped[row.tariff_code, row.step_scheme, row.valid_from, row.valid_to or FAR][row.step] = (
            row.above_kwh
        )
    result: dict[tuple[str, str], list[StepLimits]] = defaultdict(list)
    for (tariff, scheme, begin, end), limits in sorted(grouped.items()):
        second = limits[min(limits)]
        result[tariff, scheme].append(StepLimits(begin, end, second, limits.get(3, Decimal("Infinity"))))
    return result


def day_before(day: date) -> date:
    """Return the day before: the last day inside a half-open period that ends on `day`."""
    return day - timedelta(days=1)
