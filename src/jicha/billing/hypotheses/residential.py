"""Mistakes of the residential steps (阶梯电价): limits, energy of the year before, increments, quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from jicha.billing.difference import LineKey
from jicha.billing.hypotheses.situation import Clues, Mistake, Situation, Sum, family, plain, sums
from jicha.billing.model import Point
from jicha.billing.price_list import PriceList, TariffPrices
from jicha.billing.work import ZERO

STEP = ("step", "pf_adjustment")
MOST_OF_A_YEAR = 2**20  # kWh, far above what a household can use


def _stepped(situation: Situation) -> list[Point]:
    schemes = ((point, situation.scheme_of(point)) for point in situation.billed_points())
    return [
        point
        for point, scheme in schemes
        if scheme is not None and scheme.step_scheme in ("annual", "monthly")
    ]


@family(STEP)
def limits(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take the limits of a whole year for some months, of a month for a year, or no limits at all."""
    for point in _stepped(situation):
        scheme = situation.scheme_of(point)
        own = None if scheme is None else scheme.step_scheme
        yield Mistake("steps_not_prorated", situation.with_rules(step_part_year="full_year"))
        other = "monthly" if own == "annual" else "annual"
        yield Mistake("step_scheme", situation.with_scheme(point, step_scheme=other), other, own or "")
        yield Mistake("steps_left_out", situation.with_scheme(point, step_scheme=None), "", own or "")


@family(STEP)
def year_to_date(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Begin the steps anew, or forget what was billed last month."""
    for point in _stepped(situation):
        before = situation.bill.before_kwh.get(point.mp_id) or ZERO
        history = situation.bill.history.get(point.mp_id)
        last = None if history is None else history.last_month_kwh
        others = (("steps_year_to_date", None if last is None else before - last), ("steps_begun_anew", ZERO))
        for code, used in others:
            if used is not None and used != before and used >= 0:
                yield Mistake(code, _begun(situation, point, used), plain(used), plain(before))


@family(STEP)
def other_year_to_date(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Begin the steps after another energy of the year: the one that the tiers of the bill tell."""
    for point in _stepped(situation):
        before = situation.bill.before_kwh.get(point.mp_id) or ZERO
        for components in (("step2", "step3"), ("step3",)):
            wanted = _above(clues.issued_sums, point, components)
            used = _begins(situation, point, components, wanted)
            if used != before:
                yield Mistake("year_to_date_slip", _begun(situation, point, used), plain(used), plain(before))


def _begins(situation: Situation, point: Point, components: tuple[str, ...], wanted_kwh: Decimal) -> Decimal:
    """Return the least energy of the year after which so much falls into the upper steps, by halving."""
    low, high = 0, MOST_OF_A_YEAR
    while low < high:
        middle = (low + high) // 2
        lines = sums(_begun(situation, point, Decimal(middle)).price().lines)
        low, high = (low, middle) if _above(lines, point, components) >= wanted_kwh else (middle + 1, high)
    return Decimal(low)


def _begun(situation: Situation, point: Point, used_kwh: Decimal) -> Situation:
    return situation.with_bill(before_kwh={**situation.bill.before_kwh, point.mp_id: used_kwh})


def _above(lines: Mapping[LineKey, Sum], point: Point, components: tuple[str, ...]) -> Decimal:
    found = (lines.get((point.mp_id, "step", component, "any")) for component in components)
    return sum((one.quantity or ZERO for one in found if one is not None), ZERO)


@family(STEP)
def increments(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Forget an increment, or charge the third step as the second."""
    if not _stepped(situation):
        return
    yield Mistake("step3_forgotten", situation.with_prices(_third_as_second))
    yield Mistake("step3_forgotten", situation.with_prices(_without_third))
    yield Mistake("step2_forgotten", situation.with_prices(_without_second))


def _without_third(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
    prices = base.on(tariff, voltage, day)
    return replace(prices, single={name: price for name, price in prices.single.items() if name != "step3"})


def _without_second(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
    prices = base.on(tariff, voltage, day)
    return replace(prices, single={name: price for name, price in prices.single.items() if name != "step2"})


def _third_as_second(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
    prices = base.on(tariff, voltage, day)
    second, third = prices.single.get("step2"), prices.single.get("step3")
    if second is None or third is None:
        return prices
    return replace(prices, single={**prices.single, "step3": third._replace(unit_price=second.unit_price)})


@family(STEP)
def quota(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Ignore the quota of a household of many persons, or give it without or beyond its proof."""
    if not _stepped(situation):
        return
    customer, rules = situation.bill.customer, situation.rules
    extra = plain(rules.multi_person_extra_kwh_per_month)
    begin = situation.bill.period_from
    is_entitled = bool(customer.multi_person)
    if is_entitled:
        yield Mistake("quota_ignored", situation.with_customer(multi_person=()), "0", extra)
    persons = max(customer.household_persons or 0, rules.multi_person_minimum_persons)
    given = situation.with_customer(multi_person=((begin, None),), household_persons=persons)
    yield Mistake("quota_expired" if is_entitled else "quota_given", given, extra, "0")


SPECIFIC = (limits, year_to_date, increments, quota)
SOLVED = (other_year_to_date,)
