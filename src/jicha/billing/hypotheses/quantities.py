"""Mistakes of the energy chain (电量): ratios, rollovers, swaps, parts, losses, another quantity than the read one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from jicha.billing.hypotheses.situation import (
    ENERGY_REGISTERS,
    EVERYTHING,
    Clues,
    Mistake,
    Situation,
    family,
    plain,
    quantities,
)
from jicha.billing.model import Point
from jicha.billing.steps import energy, losses
from jicha.billing.work import ZERO, Work
from jicha.money import divide_half_up

# Rated primary currents of current transformers with 5 A secondaries: what a clerk may have typed.
PRIMARY_AMPERES = (
    10,
    15,
    20,
    25,
    30,
    40,
    50,
    60,
    75,
    100,
    150,
    200,
    250,
    300,
    400,
    500,
    600,
    750,
    800,
    1000,
    1200,
    1500,
    2000,
    3000,
)
SECONDARY_AMPERES = 5
NEAR = Decimal("0.08")  # losses and parts move the solved ratio a little off the typed one


@family(EVERYTHING, ("energy", "fund"))
def meters(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave one of two meters of a swap out (换表漏计)."""
    for point in situation.billed_points():
        found = sorted({reading.meter_id for reading in point.readings})
        for meter in found if len(found) > 1 else ():
            kept = tuple(reading for reading in point.readings if reading.meter_id != meter)
            yield Mistake("old_meter", situation.with_readings(point, kept), meter)


@family(EVERYTHING, ("energy", "fund"))
def rollovers(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take the difference over the end of the dial for no energy (翻转未计)."""
    for point in situation.billed_points():
        wrapped = [
            r
            for r in point.readings
            if r.value is not None and r.previous_value is not None and r.value < r.previous_value
        ]
        if wrapped:
            kept = tuple(r._replace(value=r.previous_value) if r in wrapped else r for r in point.readings)
            yield Mistake("rollover", situation.with_readings(point, kept))


@family(EVERYTHING, ("energy", "fund"))
def multipliers(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Multiply by the archive's multiplier, or by one that the issued energy asks for (倍率错误)."""
    for point in situation.mains():
        due = next((r.ct_ratio * r.pt_ratio for r in point.readings if r.ct_ratio and r.pt_ratio), None)
        if due is None:
            continue
        held = {r.archive_multiplier for r in point.readings if r.archive_multiplier}
        for ratio in held - {due}:
            yield Mistake("archive_multiplier", _scaled(situation, point, ratio), plain(ratio), plain(due))
        for ratio in _ratios(point, clues, due):
            if ratio not in held:
                yield Mistake("multiplier", _scaled(situation, point, ratio), plain(ratio), plain(due))


def _ratios(point: Point, clues: Clues, due: Decimal) -> list[Decimal]:
    issued, right = (
        sum(quantities(lines, point.mp_id).values(), ZERO) for lines in (clues.issued_sums, clues.due_sums)
    )
    if issued <= 0 or right <= 0:
        return []
    solved = due * issued / right
    pt_ratio = next((r.pt_ratio for r in point.readings if r.pt_ratio), Decimal(1))
    typed = {
        Decimal(primary) / SECONDARY_AMPERES * pt
        for primary in PRIMARY_AMPERES
        for pt in (pt_ratio, Decimal(1))
    }
    near = sorted(
        (r for r in typed | {due / pt_ratio} if abs(r - solved) <= solved * NEAR),
        key=lambda r: abs(r - solved),
    )
    exact = divide_half_up(solved, Decimal(1), 0)
    return [ratio for ratio in dict.fromkeys([*near, exact]) if ratio not in (due, 0)]


def _scaled(situation: Situation, point: Point, ratio: Decimal) -> Situation:
    changed = tuple(r._replace(ct_ratio=ratio, pt_ratio=Decimal(1)) for r in point.readings)
    return situation.with_readings(point, changed)


@family(EVERYTHING, ("energy", "fund"))
def bands(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Bill the energy of one band as that of another (峰谷颠倒)."""
    for point in situation.billed_points():
        registers = [name for name in ENERGY_REGISTERS[1:] if any(r.register == name for r in point.readings)]
        for place, one in enumerate(registers):
            for other in registers[place + 1 :]:
                names = {one: other, other: one}
                swapped = tuple(
                    r._replace(register=names.get(r.register, r.register)) for r in point.readings
                )
                yield Mistake("bands_swapped", situation.with_readings(point, swapped), one, other)


@family(EVERYTHING, ("energy", "fund"))
def children(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take a sub meter (分表) or a fixed share (定比定量) not off its main meter."""
    for point in situation.bill.points:
        if point.parent_mp_id is None:
            continue
        scheme = situation.scheme_of(point) if point.is_billed else None
        if scheme is not None and (scheme.fixed_kwh is not None or scheme.fixed_ratio is not None):
            mistaken = situation.with_scheme(point, fixed_kwh=None, fixed_ratio=ZERO)
            yield Mistake("fixed_share_ignored", mistaken, "0", plain(scheme.fixed_kwh or scheme.fixed_ratio))
        elif point.is_billed:
            yield Mistake(
                "sub_not_deducted", situation.with_point(point._replace(parent_mp_id=None)), point.mp_id
            )
        else:
            rest = tuple(other for other in situation.bill.points if other is not point)
            yield Mistake("sub_not_deducted", situation.with_bill(points=rest), point.mp_id)


@family(EVERYTHING, ("energy", "fund", "pf_adjustment"))
def transformer_losses(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave the transformer loss (变损) out, charge it at high-side metering, or for a full month's hours."""
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is None:
            continue
        if scheme.transformer_loss and point.metering_mode == "hv_lv":
            yield Mistake("transformer_loss_left_out", situation.with_scheme(point, transformer_loss=False))
            yield Mistake("transformer_loss_hours", _full_hours(situation))
        else:
            charged = point._replace(metering_mode="hv_lv")
            yield Mistake(
                "transformer_loss_high_side",
                situation.with_point(charged).with_scheme(charged, transformer_loss=True),
            )


def _full_hours(situation: Situation) -> Situation:
    kept = situation.bill.transformers

    def forget(work: Work) -> None:
        work.bill = replace(work.bill, transformers=tuple(unit._replace(states=()) for unit in kept))

    def remember(work: Work) -> None:
        work.bill = replace(work.bill, transformers=kept)

    return situation.with_hooks((losses.apply, forget), (energy.apply, remember))


@family(EVERYTHING, ("energy", "fund"))
def line_losses(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave the agreed line loss (线损) out."""
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is not None and scheme.line_loss_pct:
            mistaken = situation.with_scheme(point, line_loss_pct=None)
            yield Mistake("line_loss_left_out", mistaken, "0", plain(scheme.line_loss_pct))


@family(EVERYTHING, ("energy", "fund"))
def other_readings(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Bill the frozen value, an estimate, or a quantity that nothing explains."""
    for point in situation.mains():
        issued, due = (quantities(lines, point.mp_id) for lines in (clues.issued_sums, clues.due_sums))
        if not issued or issued == due:
            continue
        history = situation.bill.history.get(point.mp_id)
        told = issued.get("total")
        if history is not None and told is not None and set(issued) == {"total"}:
            if history.frozen_kwh == told:
                yield _other(situation, point, "frozen_reading", issued, due)
            if history.mean_kwh is not None and abs(history.mean_kwh - told) <= 1:
                yield _other(situation, point, "estimated", issued, due)
        code = "negative_energy" if any(kwh < 0 for kwh in issued.values()) else "quantity_slip"
        yield _other(situation, point, code, issued, due)


def _other(
    situation: Situation, point: Point, code: str, issued: Mapping[str, Decimal], due: Mapping[str, Decimal]
) -> Mistake:
    def replace_billed(work: Work) -> None:
        for one in work.billed_points:
            if one.point.mp_id == point.mp_id:
                one.billed = dict(issued)
                one.metered_kwh = one.billed_kwh - one.loss_kwh

    used, right = (plain(sum(kwh.values(), ZERO)) for kwh in (issued, due))
    return Mistake(code, situation.with_hooks((energy.apply, replace_billed)), used, right)


SPECIFIC = (meters, rollovers, multipliers, bands, children, transformer_losses, line_losses)
SOLVED = (other_readings,)
