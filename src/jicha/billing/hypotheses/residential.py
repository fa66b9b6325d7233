"""Mistakes of the residential steps (阶梯电价): limits, energy of the year before, increments, quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from jicha.billing.difference import LineKey
from jicha.billing.hypotheses.situation import Clues, Mistake, Situation, Sum, family, plain
from jicha.billing.model import Point
from jicha.billing.price_list import PriceList, TariffPrices
from jicha.billing.work import ZERO

STEP = ("step", "pf_adjustment")


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
        for used in dict.fromkeys((ZERO, *(() if last is None else (before - last,)))):
            if used != before and used >= 0:
                yield Mistake(
                    "steps_year_to_date", _begun(situation, point, used), plain(used), plain(before)
                )


@family(STEP)
def other_year_to_date(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Begin the steps after another energy of the year: the one that the tiers of the bill tell."""
    for point in _stepped(situation):
        before = situation.bill.before_kwh.get(point.mp_id) or ZERO
        third = (point.mp_id, "step", "step3", "any")
        told = {
            before - _above_first(clues.due_sums, point) + _above_first(clues.issued_sums, point),
            before - _of(clues.due_sums, third) + _of(clues.issued_sums, third),
        }
        for used in sorted(told - {before}):
            if used >= 0:
                yield Mistake("year_to_date_slip", _begun(situation, point, used), plain(used), plain(before))


def _begun(situation: Situation, point: Point, used_kwh: Decimal) -> Situation:
    return situation.with_bill(before_kwh={**situation.bill.before_kwh, point.mp_id: used_kwh})


def _of(lines: Mapping[LineKey, Sum], key: LineKey) -> Decimal:
    total = lines.get(key)
    return ZERO if total is None else total.quantity or ZERO


def _above_first(lines: Mapping[LineKey, Sum], point: Point) -> Decimal:
    return _of(lines, (point.mp_id, "step", "step2", "any")) + _of(
        lines, (point.mp_id, "step", "step3", "any")
    )


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
