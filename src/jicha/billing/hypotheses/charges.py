"""Mistakes of the basic charge (基本电费) and of the residential steps (阶梯)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations

from jicha.billing.hypotheses.situation import Clues, Mistake, Situation, family, plain
from jicha.billing.model import Point
from jicha.billing.price_list import PriceList, TariffPrices
from jicha.billing.steps import basic
from jicha.billing.work import ZERO, Work

BASIC = ("basic", "pf_adjustment")
ONLY_BASIC = ("basic",)
STEP = ("step",)


@family(BASIC, ONLY_BASIC)
def demand_rules(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Read the rules of contract demand otherwise: excess, floor, the discount of a high load."""
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is None or scheme.basic_charge_mode == "none":
            continue
        due = next(
            (plain(s.quantity) for k, s in clues.due_sums.items() if k[:2] == (point.mp_id, "basic")), ""
        )
        if scheme.basic_charge_mode == "contract_demand":
            yield Mistake(
                "excess_not_doubled", situation.with_scheme(point, basic_charge_mode="actual_demand"), "", due
            )
            yield Mistake(
                "floor_ignored",
                situation.with_rules(contract_demand_floor_share=ZERO),
                plain(scheme.contract_demand_kw),
                due,
            )
            yield Mistake(
                "excess_ignored",
                situation.with_rules(demand_limit_share=Decimal(10**6)),
                plain(scheme.contract_demand_kw),
                due,
            )
            for reading in ("contract_plus_double_excess", "over100_double_min95"):
                yield Mistake("excess_otherwise", situation.with_rules(demand_overrun=reading), reading, due)
        yield Mistake("basic_left_out", situation.with_scheme(point, basic_charge_mode="none"), "0", due)
    yield Mistake(
        "discount_missed",
        situation.with_rules(demand_discount_kwh_per_kva=None),
        "1",
        plain(situation.rules.demand_discount_factor),
    )
    yield Mistake(
        "discount_given",
        situation.with_rules(demand_discount_kwh_per_kva=ZERO),
        plain(situation.rules.demand_discount_factor),
        "1",
    )


@family(BASIC, ONLY_BASIC)
def demands(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Bill last month's demand, or one that only the bill knows."""
    for point in situation.mains():
        history = situation.bill.history.get(point.mp_id)
        if history is not None and history.previous_demand_kw is not None:
            used = history.previous_demand_kw
            yield Mistake(
                "previous_demand", _with_demand(situation, point, used), plain(used), _demand(clues, point)
            )


@family(BASIC, ONLY_BASIC)
def solved_demand(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Bill a demand that only the bill knows."""
    for point in situation.mains():
        told = [s.quantity for k, s in clues.issued_sums.items() if k[:3] == (point.mp_id, "basic", "demand")]
        if len(told) == 1 and told[0] is not None:
            yield Mistake(
                "wrong_demand", _with_demand(situation, point, told[0]), plain(told[0]), _demand(clues, point)
            )


def _demand(clues: Clues, point: Point) -> str:
    return next(
        (plain(s.quantity) for k, s in clues.due_sums.items() if k[:3] == (point.mp_id, "basic", "demand")),
        "",
    )


def _with_demand(situation: Situation, point: Point, kilowatt: Decimal) -> Situation:
    def take(work: Work) -> None:
        for one in work.billed_points:
            if one.point.mp_id == point.mp_id:
                one.demand_kw = kilowatt

    return situation.with_hooks((basic.apply, take))


@family(BASIC, ONLY_BASIC)
def part_months(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Divide a part month by 30 instead of its calendar days, or charge the whole month."""
    yield Mistake("thirtieth", situation.with_rules(part_month_days=30, part_month_basis="thirty_days"), "30")
    days = (situation.bill.period_to - situation.bill.period_from).days
    yield Mistake(
        "full_month_charged",
        situation.with_rules(part_month_days=days, part_month_basis="thirty_days"),
        str(days),
    )


@family(("basic", "pf_adjustment", "energy", "fund"), ONLY_BASIC)
def capacities(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Charge sealed transformers, or leave running ones out."""
    units = situation.bill.transformers
    open_ = tuple(
        unit._replace(states=unit.states[:1] and (unit.states[0]._replace(valid_to=None, state="running"),))
        for unit in units
    )
    yield Mistake("suspended_charged", situation.with_transformers(open_))
    for count in range(1, len(units)):
        for dropped in combinations(units, count):
            kept = [unit for unit in units if unit not in dropped]
            yield Mistake(
                "capacity_left_out",
                situation.with_transformers(kept),
                " ".join(u.transformer_id for u in dropped),
            )


@family(STEP)
def steps(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take other limits, another energy before, another quota; forget the third step."""
    bill = situation.bill
    yield Mistake(
        "steps_not_prorated",
        situation.with_rules(step_part_year="full_year"),
        "12",
        str(13 - bill.customer.opened_on.month),
    )
    yield Mistake("step3_forgotten", situation.with_prices(_without_third))
    yield Mistake("quota_ignored", situation.with_customer(multi_person=()))
    yield Mistake("quota_expired", situation.with_customer(multi_person=((date.min, None),)))
    for mp_id, before in bill.before_kwh.items():
        history = bill.history.get(mp_id)
        if before is None:
            continue
        others = [ZERO] + (
            [before - history.last_month_kwh] if history and history.last_month_kwh is not None else []
        )
        for other in others:
            yield Mistake(
                "steps_year_to_date",
                situation.with_bill(before_kwh={**bill.before_kwh, mp_id: other}),
                plain(other),
                plain(before),
            )


def _without_third(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
    prices = base.on(tariff, voltage, day)
    return replace(prices, single={name: price for name, price in prices.single.items() if name != "step3"})


SPECIFIC = (demand_rules, demands, part_months, capacities, steps)
SOLVED = (solved_demand,)
