"""Mistakes of the power-factor adjustment (功率因数调整): standard, losses, base, the reactive energy."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from jicha.billing.hypotheses.situation import Clues, Mistake, Situation, family, plain
from jicha.billing.power_factor import adjustment_table
from jicha.billing.steps import basic, factor
from jicha.billing.work import ZERO, Work

PF = ("pf_adjustment",)


@family(PF)
def standards(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Assess by another standard, not at all, or although nothing is assessed."""
    known = sorted({standard for standard, _ in adjustment_table()})
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        due = None if scheme is None else scheme.pf_standard
        for standard in known:
            if standard != due:
                code = "pf_standard" if due is not None else "pf_assessed"
                yield Mistake(
                    code,
                    situation.with_scheme(point, pf_standard=standard),
                    f"{standard:.2f}",
                    _standard(due),
                )
        if due is not None:
            yield Mistake(
                "pf_not_assessed", situation.with_scheme(point, pf_standard=None), "", _standard(due)
            )


def _standard(value: object) -> str:
    return "" if value is None else f"{value:.2f}"


@family(PF)
def without_losses(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Leave the losses out of the power factor, both or the reactive one."""

    def drop(work: Work) -> None:
        for point in work.billed_points:
            point.loss_kwh = point.loss_kvarh = ZERO

    def drop_reactive(work: Work) -> None:
        for point in work.billed_points:
            point.loss_kvarh = ZERO

    for change in (drop, drop_reactive):
        mistaken = situation.with_hooks((factor.apply, change))
        yield Mistake("pf_without_loss", mistaken, "", _factor(clues))


def _factor(clues: Clues) -> str:
    return "" if clues.due.power_factor is None else f"{clues.due.power_factor:.2f}"


@family(PF)
def funds_in_base(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Adjust the funds as well."""
    yield Mistake("pf_fund_in_base", situation.with_hooks((factor.apply, _add_funds)))


def _add_funds(work: Work) -> None:
    for point in work.billed_points:
        funds = [
            line.amount_yuan for line in work.lines if line.item == "fund" and line.mp_id == point.point.mp_id
        ]
        places = [
            n
            for n, s in enumerate(point.segments)
            if "fund" in s.prices.single and not s.prices.single["fund"].in_pf_base
        ]
        for place, amount in zip(places, funds, strict=False):
            point.base_yuan[place] += amount


@family(PF)
def basic_out_of_base(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave the basic charge, or the energy charge, out of what is adjusted."""
    kept: dict[str, list[Decimal]] = {}

    def remember(work: Work) -> None:
        for point in work.billed_points:
            kept[point.point.mp_id] = list(point.base_yuan)

    def restore(work: Work) -> None:
        for point in work.billed_points:
            point.base_yuan = list(kept[point.point.mp_id])

    def basic_only(work: Work) -> None:
        for point in work.billed_points:
            before = kept[point.point.mp_id]
            point.base_yuan = [all_ - energy for all_, energy in zip(point.base_yuan, before, strict=True)]

    yield Mistake(
        "pf_basic_not_in_base", situation.with_hooks((basic.apply, remember), (factor.apply, restore))
    )
    yield Mistake(
        "pf_energy_not_in_base", situation.with_hooks((basic.apply, remember), (factor.apply, basic_only))
    )


@family(PF)
def other_reactive(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Assess with another reactive energy, the one that the bill tells."""
    mains = situation.mains()
    if clues.issued.kvarh is None or clues.due.kvarh is None or len(mains) != 1:
        return
    if clues.issued.kvarh == clues.due.kvarh:
        return
    told = clues.issued.kvarh

    def replace_reactive(work: Work) -> None:
        for point in work.billed_points:
            if "reactive" in point.metered and point.point.parent_mp_id is None:
                point.metered["reactive"] = max(told - point.loss_kvarh, ZERO)

    mistaken = situation.with_hooks((factor.apply, replace_reactive))
    yield Mistake("reactive_slip", mistaken, plain(told), plain(clues.due.kvarh))


SPECIFIC = (standards, without_losses, funds_in_base, basic_out_of_base)
SOLVED = (other_reactive,)
