"""A bill as somebody may have priced it: other inputs, prices or rules, the same steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from jicha.billing.difference import LineKey, amounts, line_key
from jicha.billing.lines import price_bill
from jicha.billing.model import BillInput, IssuedBill, Line, Point, PricedBill, Reading, Scheme, Transformer
from jicha.billing.policy import BillingRules, RuleBook
from jicha.billing.price_list import FAR, PriceList, StepLimits, TariffPrices
from jicha.billing.refusal import Refused
from jicha.billing.steps import STEPS
from jicha.billing.work import ZERO, Work

Step = Callable[[Work], None]
# Energy registers; reactive energy, demand and the reverse direction are not charged as energy.
ENERGY_REGISTERS = ("total", "sharp", "peak", "flat", "valley", "deep_valley")


def finished(_work: Work) -> None:
    """Stand for the end of all steps: what is named before it is done to the finished lines."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a bill is priced from; `before` names what is done to the work just before a step (a mistake between steps)."""

    bill: BillInput
    prices: PriceList
    rules: BillingRules
    before: tuple[tuple[Step, Step], ...] = ()

    def price(self) -> PricedBill:
        """Return the bill priced this way, by the steps that price every bill."""
        if not self.before:
            return price_bill(self.bill, self.prices, self.rules)
        work = Work(self.bill, self.prices, self.rules, None)
        try:
            for step in STEPS:
                for place, change in self.before:
                    if place is step:
                        change(work)
                step(work)
            for place, change in self.before:
                if place is finished:
                    change(work)
        except Refused as refused:
            return PricedBill(self.bill.bill_id, [], ZERO, None, None, None, refused.code, refused.where)
        kwh = sum((point.billed_kwh for point in work.billed_points), ZERO)
        return PricedBill(
            self.bill.bill_id, work.lines, kwh, work.kvarh, work.power_factor, work.pf_adjust_pct
        )

    def with_rules(self, **values: Any) -> Situation:
        """Return the situation under other rules of billing."""
        return replace(self, rules=replace(self.rules, **values))

    def with_bill(self, **values: Any) -> Situation:
        """Return the situation with other inputs."""
        return replace(self, bill=replace(self.bill, **values))

    def with_customer(self, **values: Any) -> Situation:
        """Return the situation with another archive of the customer."""
        return self.with_bill(customer=self.bill.customer._replace(**values))

    def with_prices(self, change: PriceChange) -> Situation:
        """Return the situation with changed prices."""
        return replace(self, prices=ChangedPrices(self.prices, change))

    def with_hooks(self, *hooks: tuple[Step, Step]) -> Situation:
        """Return the situation with something done between the steps, after what is done already."""
        return replace(self, before=(*self.before, *hooks))

    def with_point(self, changed: Point) -> Situation:
        """Return the situation with one metering point changed."""
        points = tuple(changed if point.mp_id == changed.mp_id else point for point in self.bill.points)
        return self.with_bill(points=points)

    def with_scheme(self, point: Point, **values: Any) -> Situation:
        """Return the situation with another value in every scheme of a point."""
        return self.with_point(point._replace(schemes=tuple(s._replace(**values) for s in point.schemes)))

    def with_readings(self, point: Point, readings: Iterable[Reading]) -> Situation:
        """Return the situation with other readings of a point."""
        return self.with_point(point._replace(readings=tuple(readings)))

    def with_transformers(self, units: Iterable[Transformer]) -> Situation:
        """Return the situation with other transformers."""
        return self.with_bill(transformers=tuple(units))

    def with_transformers_until(self, units: Iterable[Transformer], first: Step, after: Step) -> Situation:
        """Return the situation with other transformers from one step until before another."""
        changed, own = tuple(units), self.bill.transformers

        def swap(work: Work) -> None:
            work.bill = replace(work.bill, transformers=changed)

        def back(work: Work) -> None:
            work.bill = replace(work.bill, transformers=own)

        return self.with_hooks((first, swap), (after, back))

    def billed_points(self) -> list[Point]:
        """Return the points that the bill charges."""
        return [point for point in self.bill.points if point.is_billed]

    def mains(self) -> list[Point]:
        """Return the charged points that hang below no other."""
        return [point for point in self.bill.points if point.is_billed and point.parent_mp_id is None]

    def scheme_of(self, point: Point) -> Scheme | None:
        """Return the scheme of the last day of the period."""
        return next(reversed(self.schemes_in_period(point)), None)

    def schemes_in_period(self, point: Point) -> list[Scheme]:
        """Return the schemes of a point that hold on some day of the period, oldest first."""
        begin, end = self.bill.period_from, self.bill.period_to
        inside = [s for s in point.schemes if s.valid_from < end and (s.valid_to or FAR) > begin]
        return sorted(inside, key=lambda scheme: scheme.valid_from)


PriceChange = Callable[[PriceList, str, str, date], TariffPrices]


class ChangedPrices(PriceList):
    """A price list with something changed in what it answers."""

    def __init__(self, base: PriceList, change: PriceChange) -> None:
        self._base = base
        self._change = change
        self._known: dict[tuple[str, str, date], TariffPrices] = {}

    def on(self, tariff_code: str, voltage_code: str, day: date) -> TariffPrices:
        """Return the changed prices of a day."""
        key = (tariff_code, voltage_code, day)
        if key not in self._known:
            self._known[key] = self._change(self._base, tariff_code, voltage_code, day)
        return self._known[key]

    def knows(self, tariff_code: str) -> bool:
        """Return whether any book has the tariff."""
        return self._base.knows(tariff_code)

    def is_own(self, tariff_code: str) -> bool:
        """Return whether the extract's own book has the tariff."""
        return self._base.is_own(tariff_code)

    def tariffs(self) -> frozenset[str]:
        """Return the codes of all tariffs of the list."""
        return self._base.tariffs()

    def voltages(self, tariff_code: str) -> list[str]:
        """Return the voltage columns that the tariff has."""
        return self._base.voltages(tariff_code)

    def versions(self, tariff_code: str, voltage_code: str) -> list[TariffPrices]:
        """Return every version of the tariff at the voltage, oldest first, as the book has it."""
        return self._base.versions(tariff_code, voltage_code)

    def limits(self, tariff_code: str, step_scheme: str, day: date) -> StepLimits:
        """Return the step limits valid on a day."""
        return self._base.limits(tariff_code, step_scheme, day)


class Mistake(NamedTuple):
    """One way in which the bill may have gone wrong: what was used, what should have been."""

    code: str
    situation: Situation
    used: str = ""
    due: str = ""


class Sum(NamedTuple):
    """All lines of one charge added up; the price is told where all have the same."""

    quantity: Decimal | None
    unit_price: Decimal | None
    amount_yuan: Decimal


@dataclass(frozen=True, slots=True)
class Clues:
    """What the issued bill says beside what the situation comes to."""

    issued: IssuedBill
    issued_sums: Mapping[LineKey, Sum]
    due: PricedBill
    due_sums: Mapping[LineKey, Sum]
    wrong: frozenset[LineKey]
    book: RuleBook | None = None
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def items(self) -> frozenset[str]:
        """The items in which the two differ."""
        return frozenset(key[1] for key in self.wrong)

    def touches(self, mp_id: str, item: str) -> bool:
        """Return whether an item of a point differs."""
        return any(key[0] == mp_id and key[1] == item for key in self.wrong)


def sums(lines: Iterable[Line]) -> dict[LineKey, Sum]:
    """Return every charge added up."""
    result: dict[LineKey, Sum] = {}
    for line in lines:
        key = line_key(line)
        seen = result.get(key)
        new = Sum(line.quantity, line.unit_price, line.amount_yuan)
        result[key] = new if seen is None else _plus(seen, new)
    return result


def _plus(one: Sum, other: Sum) -> Sum:
    quantity = None if one.quantity is None or other.quantity is None else one.quantity + other.quantity
    price = one.unit_price if one.unit_price == other.unit_price else None
    return Sum(quantity, price, one.amount_yuan + other.amount_yuan)


def clues_of(issued: IssuedBill, due: PricedBill, book: RuleBook | None) -> Clues:
    """Return the clues of an issued bill beside a priced one."""
    left, right = amounts(issued.lines), amounts(due.lines)
    wrong = frozenset(key for key in {*left, *right} if left.get(key) != right.get(key))
    return Clues(issued, sums(issued.lines), due, sums(due.lines), wrong, book)


Propose = Callable[[Situation, Clues], Iterator[Mistake]]


class Family(NamedTuple):
    """Mistakes of one kind: what they change in a bill, and without a difference in which item they are not tried."""

    propose: Propose
    changes: frozenset[str]
    touches: frozenset[str]


EVERYTHING = frozenset({"energy", "step", "basic", "pf_adjustment", "fund", "other"})


def family(changes: Iterable[str], touches: Iterable[str] | None = None) -> Callable[[Propose], Family]:
    """Make a family of a generator of mistakes."""
    changed = frozenset(changes)
    needed = changed - {"pf_adjustment"} if touches is None else frozenset(touches)

    def make(propose: Propose) -> Family:
        return Family(propose, changed, needed or changed)

    return make


def plain(value: Decimal | int | None) -> str:
    """Return a number as people read it: no trailing zeros, no exponent."""
    if value is None:
        return "0"
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def widened(prices: TariffPrices) -> TariffPrices:
    """Return prices that hold on every day, so that they cut no segment."""
    return replace(prices, valid_from=date.min, valid_to=FAR)


def quantities(lines: Mapping[LineKey, Sum], mp_id: str) -> dict[str, Decimal]:
    """Return the energy charged at a point by register, as the first component tells it."""
    result: dict[str, Decimal] = {}
    for (point, item, _, register), total in lines.items():
        if point == mp_id and item == "energy" and total.quantity is not None:
            result.setdefault(register, total.quantity)
    return result
