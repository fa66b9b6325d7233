"""Mistakes of the basic charge (基本电费): mode, demand, floor, days, capacity in service, discount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from jicha.billing.hypotheses.situation import EVERYTHING, Clues, Mistake, Situation, family, plain
from jicha.billing.model import Point, Transformer
from jicha.billing.policy import rule_book
from jicha.billing.steps import basic, factor, losses
from jicha.billing.work import ZERO, Work

BASIC = ("basic", "pf_adjustment")
DEMAND_MODES = ("contract_demand", "actual_demand")
# The readings of the law for demand above the contract; policies/billing_rules names them.
OVERRUNS = ("contract_plus_double_excess", "over100_double_min95", "actual_plus_excess")


def _modes(situation: Situation) -> set[str]:
    return {
        scheme.basic_charge_mode
        for point in situation.mains()
        for scheme in situation.schemes_in_period(point)
    }


@family(BASIC)
def modes(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Charge by another mode than the agreed one, or leave the basic charge out."""
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is None or scheme.basic_charge_mode == "none":
            continue
        due = scheme.basic_charge_mode
        yield Mistake("basic_left_out", situation.with_scheme(point, basic_charge_mode="none"), "none", due)
        for mode in ("capacity", *DEMAND_MODES):
            if mode != due and not (mode == "contract_demand" and scheme.contract_demand_kw is None):
                yield Mistake("basic_mode", situation.with_scheme(point, basic_charge_mode=mode), mode, due)


@family(BASIC)
def overrun(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge demand above 105 % of the contract once, or by another reading of the rule; ignore the 40 % floor."""
    if "contract_demand" not in _modes(situation):
        return
    never = Decimal(10) ** 9
    yield Mistake("excess_not_doubled", situation.with_rules(demand_limit_share=never))
    for point in situation.mains():
        if _demand(situation, clues, point.mp_id) is not None:
            yield Mistake(
                "excess_not_doubled", situation.with_scheme(point, basic_charge_mode="actual_demand")
            )
    for reading in OVERRUNS:
        if reading != situation.rules.demand_overrun:
            yield Mistake(
                "excess_reading",
                situation.with_rules(demand_overrun=reading),
                reading,
                situation.rules.demand_overrun,
            )
    yield Mistake("floor_ignored", situation.with_rules(contract_demand_floor_share=ZERO))


def _demand(situation: Situation, clues: Clues, mp_id: str) -> Decimal | None:
    """Return the demand billed at a point where it is above its contract: else the mode is what is wrong."""
    due = clues.due_sums.get((mp_id, "basic", "demand", "any"))
    point = next(point for point in situation.mains() if point.mp_id == mp_id)
    scheme = situation.scheme_of(point)
    if due is None or due.quantity is None or scheme is None or scheme.contract_demand_kw is None:
        return None
    return due.quantity if due.quantity > scheme.contract_demand_kw else None


@family(BASIC)
def days(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Divide a part month by the other rule's days, or charge the full month."""
    if not _modes(situation) - {"none"}:
        return
    period = (situation.bill.period_to - situation.bill.period_from).days
    book = clues.book or rule_book()
    own = situation.rules.part_month_basis
    for version in book.versions():
        if version.key == "part_month_basis" and version.value != own:
            then = book.on(version.valid_from)
            mistaken = situation.with_rules(
                part_month_basis=then.part_month_basis, part_month_days=then.part_month_days
            )
            yield Mistake(
                "thirtieth" if own == "calendar_days" else "calendar_days", mistaken, str(version.value), own
            )
    whole = situation.with_rules(part_month_basis="thirty_days", part_month_days=period)
    yield Mistake("full_month_charged", whole, "", plain(period))


@family(BASIC)
def capacity(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Charge suspended capacity, leave out capacity in service, free it without the conditions."""
    for code, units, used, due in _capacities(situation):
        yield Mistake(code, situation.with_transformers_until(units, basic.apply, factor.apply), used, due)


@family(EVERYTHING, ("basic",))
def capacity_and_loss(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Make the same mistakes in the archive, so that the transformer loss goes wrong with the basic charge."""
    if any(
        scheme.transformer_loss
        for point in situation.mains()
        for scheme in situation.schemes_in_period(point)
    ):
        for code, units, used, due in _capacities(situation):
            yield Mistake(code, situation.with_transformers(units), used, due)


def _capacities(situation: Situation) -> Iterator[tuple[str, tuple[Transformer, ...], str, str]]:
    units = situation.bill.transformers
    if not units or not _modes(situation) - {"none", "actual_demand"}:
        return
    yield (
        "suspended_charged",
        tuple(map(_running, units)),
        "",
        ", ".join(unit.transformer_id for unit in units if _rests(unit)),
    )
    yield "charged_before_service", tuple(map(_always_there, units)), "", ""
    for place, unit in enumerate(units if len(units) > 1 else ()):
        before, after = units[:place], units[place + 1 :]
        if _rests(unit):
            yield "suspended_charged", (*before, _running(unit), *after), "", unit.transformer_id
        yield "capacity_left_out", (*before, *after), "", unit.transformer_id
    yield "contract_capacity", (), plain(situation.bill.customer.contract_kva), ""
    yield "relief_from_application", tuple(_each_state(unit, sealed_on=None) for unit in units), "", ""
    yield "relief_beyond_agreed", tuple(_each_state(unit, agreed_until=None) for unit in units), "", ""
    yield "standby_not_charged", tuple(map(_cold, units)), "", ""


def _rests(unit: Transformer) -> bool:
    return any(state.state not in losses.IN_SERVICE for state in unit.states)


def _running(unit: Transformer) -> Transformer:
    """Return a transformer that runs from its first state on."""
    first = unit.states[:1]
    return unit._replace(states=tuple(state._replace(state="running", valid_to=None) for state in first))


def _always_there(unit: Transformer) -> Transformer:
    """Return a transformer whose first state began long ago."""
    first = tuple(state._replace(valid_from=date.min) for state in unit.states[:1])
    return unit._replace(states=(*first, *unit.states[1:]))


def _each_state(unit: Transformer, **values: Any) -> Transformer:
    return unit._replace(states=tuple(state._replace(**values) for state in unit.states))


def _cold(unit: Transformer) -> Transformer:
    cold = (s._replace(state="cold_standby") if s.state == "hot_standby" else s for s in unit.states)
    return unit._replace(states=tuple(cold))


@family(BASIC)
def short_suspension(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Give relief for a suspension that was too short."""
    yield Mistake("short_suspension_freed", situation.with_rules(suspension_minimum_days=0))


@family(BASIC)
def demand_of_before(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge the maximum demand of the month before."""
    for point in situation.mains():
        history = situation.bill.history.get(point.mp_id)
        if history is not None and history.previous_demand_kw is not None:
            used = history.previous_demand_kw
            mistaken = _with_demand(situation, point.mp_id, used)
            yield Mistake("previous_demand", mistaken, plain(used), _metered_demand(point, clues))


def _metered_demand(point: Point, clues: Clues) -> str:
    """Return the demand that the meter shows, else the one that is due."""
    shown = [
        (r.value or ZERO) * (r.ct_ratio or ZERO) * (r.pt_ratio or ZERO)
        for r in point.readings
        if r.register == "max_demand"
    ]
    due = clues.due_sums.get((point.mp_id, "basic", "demand", "any"))
    return plain(max(shown)) if shown else plain(due.quantity) if due is not None else ""


@family(BASIC)
def discount(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Miss the lower demand price of a month of much energy (260 kWh/kVA), or give it below the threshold."""
    threshold = situation.rules.demand_discount_kwh_per_kva
    if threshold is None or not _modes(situation) & set(DEMAND_MODES):
        return
    yield Mistake(
        "discount_missed", situation.with_rules(demand_discount_kwh_per_kva=None), "", plain(threshold)
    )
    yield Mistake(
        "discount_given", situation.with_rules(demand_discount_kwh_per_kva=ZERO), "", plain(threshold)
    )


@family(BASIC)
def other_demand(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge another demand than the meter's or the contract's: the one that the bill shows."""
    for point in situation.mains():
        key = (point.mp_id, "basic", "demand", "any")
        shown, due, scheme = clues.issued_sums.get(key), clues.due_sums.get(key), situation.scheme_of(point)
        if shown is None or shown.quantity is None or scheme is None:
            continue
        used, right = plain(shown.quantity), "" if due is None else plain(due.quantity)
        if scheme.basic_charge_mode == "actual_demand":
            yield Mistake("wrong_demand", _with_demand(situation, point.mp_id, shown.quantity), used, right)
        elif scheme.basic_charge_mode == "contract_demand":
            yield from _behind_contract(situation, clues, point, shown.quantity, right)


def _behind_contract(
    situation: Situation, clues: Clues, point: Point, billed_kw: Decimal, right: str
) -> Iterator[Mistake]:
    """Yield the contract or the demand from which the billed one comes out."""
    changed = situation.with_scheme(point, contract_demand_kw=billed_kw)
    yield Mistake("other_contract_demand", changed, plain(billed_kw), right)
    scheme = situation.scheme_of(point)
    if scheme is not None and scheme.contract_demand_kw is not None:
        # D + (D − 1.05·Dc) = billed, solved for D; pricing by it again says whether it was so.
        demand = (billed_kw + situation.rules.demand_limit_share * scheme.contract_demand_kw) / 2
        mistaken = _with_demand(situation, point.mp_id, demand)
        yield Mistake("wrong_demand", mistaken, plain(round(demand, 4)), _metered_demand(point, clues))


def _with_demand(situation: Situation, mp_id: str, demand_kw: Decimal) -> Situation:
    def change(work: Work) -> None:
        for point in work.billed_points:
            if point.point.mp_id == mp_id:
                point.demand_kw = demand_kw

    return situation.with_hooks((basic.apply, change))


@family(BASIC)
def other_capacity(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge another capacity than what is in service: the one that the bill shows."""
    for point in situation.mains():
        key = (point.mp_id, "basic", "capacity", "any")
        shown, due = clues.issued_sums.get(key), clues.due_sums.get(key)
        if shown is not None and shown.quantity is not None and len(situation.mains()) == 1:
            mistaken = _with_capacity(situation, shown.quantity)
            right = plain(due.quantity) if due is not None else ""
            yield Mistake("other_capacity", mistaken, plain(shown.quantity), right)


def _with_capacity(situation: Situation, kva: Decimal) -> Situation:
    """Return the situation in which the basic charge, and nothing else, knows another capacity."""
    customer = situation.bill.customer

    def change(work: Work) -> None:
        work.bill = replace(work.bill, transformers=(), customer=customer._replace(contract_kva=kva))

    def back(work: Work) -> None:
        work.bill = situation.bill

    return situation.with_hooks((basic.apply, change), (factor.apply, back))


SPECIFIC = (modes, overrun, days, capacity, capacity_and_loss, short_suspension, demand_of_before, discount)
SOLVED = (other_demand, other_capacity)
