"""Mistakes of the basic charge (基本电费): mode, demand, floor, days, capacity in service, discount."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from jicha.billing.hypotheses.situation import Clues, Mistake, Situation, family, plain
from jicha.billing.model import Transformer
from jicha.billing.policy import rule_book
from jicha.billing.steps import basic
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
def modes(situation: Situation, clues: Clues) -> Iterator[Mistake]:
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
def capacity(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge suspended capacity, leave out capacity in service, free it without the conditions."""
    units = situation.bill.transformers
    if not units or not _modes(situation) - {"none", "actual_demand"}:
        return
    yield Mistake(
        "suspended_charged", situation.with_transformers(unit._replace(states=()) for unit in units)
    )
    for place, unit in enumerate(units):
        rest = (*units[:place], *units[place + 1 :])
        if unit.states:
            mistaken = situation.with_transformers(
                (*units[:place], unit._replace(states=()), *units[place + 1 :])
            )
            yield Mistake("suspended_charged", mistaken, "", unit.transformer_id)
        if rest:
            yield Mistake("capacity_left_out", situation.with_transformers(rest), "", unit.transformer_id)
    yield Mistake(
        "contract_capacity", situation.with_transformers(()), plain(situation.bill.customer.contract_kva), ""
    )
    yield from _relief(situation, units)


def _relief(situation: Situation, units: tuple[Transformer, ...]) -> Iterator[Mistake]:
    """Yield relief from the wrong day, beyond what was agreed, or for too short a suspension."""
    for code, field in (("relief_from_application", "sealed_on"), ("relief_beyond_agreed", "agreed_until")):
        free = [
            unit._replace(states=tuple(s._replace(**{field: None}) for s in unit.states)) for unit in units
        ]
        yield Mistake(code, situation.with_transformers(free))
    yield Mistake("short_suspension_freed", situation.with_rules(suspension_minimum_days=0))
    standby = [
        unit._replace(
            states=tuple(
                s._replace(state="cold_standby") if s.state == "hot_standby" else s for s in unit.states
            )
        )
        for unit in units
    ]
    yield Mistake("standby_not_charged", situation.with_transformers(standby))


@family(BASIC)
def discount(situation: Situation, clues: Clues) -> Iterator[Mistake]:
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
        shown = clues.issued_sums.get((point.mp_id, "basic", "demand", "any"))
        scheme = situation.scheme_of(point)
        if shown is None or shown.quantity is None or scheme is None:
            continue
        due = clues.due_sums.get((point.mp_id, "basic", "demand", "any"))
        right = plain(due.quantity) if due is not None else ""
        if scheme.basic_charge_mode == "actual_demand":
            yield Mistake(
                "previous_demand",
                _with_demand(situation, point.mp_id, shown.quantity),
                plain(shown.quantity),
                right,
            )
        elif scheme.basic_charge_mode == "contract_demand":
            changed = situation.with_scheme(point, contract_demand_kw=shown.quantity)
            yield Mistake("other_contract_demand", changed, plain(shown.quantity), right)
            contract = max(shown.quantity, scheme.contract_demand_kw or ZERO)
            # D + (D − 1.05·Dc) solved for D where the bill shows an excess over the contract.
            demand = (
                shown.quantity + situation.rules.demand_limit_share * (scheme.contract_demand_kw or contract)
            ) / 2
            yield Mistake(
                "previous_demand",
                _with_demand(situation, point.mp_id, demand),
                plain(round(demand, 4)),
                right,
            )


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
            mistaken = situation.with_transformers(()).with_customer(contract_kva=shown.quantity)
            right = plain(due.quantity) if due is not None else ""
            yield Mistake("other_capacity", mistaken, plain(shown.quantity), right)


SPECIFIC = (modes, overrun, days, capacity, discount)
SOLVED = (other_demand, other_capacity)
