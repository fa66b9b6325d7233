"""Mistakes between the register and the energy: multiplier, rollover (翻转), swapped meter (换表), bands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from jicha.billing.hypotheses.situation import EVERYTHING, Clues, Mistake, Situation, family, plain
from jicha.billing.model import BANDS, Point, Reading
from jicha.billing.register_energy import register_difference
from jicha.billing.steps import parts
from jicha.billing.work import ZERO, Work

ONE = Decimal(1)
# What another energy, demand or reactive energy can change.
READ = ("energy", "basic", "pf_adjustment")


@family(EVERYTHING, READ)
def multipliers(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Multiply by what the billing archive holds, by the current ratio alone, by one, or by the other meter's ratio."""
    for point in situation.bill.points:
        ratios = {r.ct_ratio * r.pt_ratio for r in point.readings if r.ct_ratio and r.pt_ratio}
        if not ratios:
            continue
        due = "/".join(plain(ratio) for ratio in sorted(ratios))
        for code, readings in _multiplied(point, ratios):
            if readings != point.readings:
                used = sorted({plain((r.ct_ratio or ONE) * (r.pt_ratio or ONE)) for r in readings})
                yield Mistake(code, situation.with_readings(point, readings), "/".join(used), due)


def _multiplied(point: Point, ratios: set[Decimal]) -> Iterator[tuple[str, tuple[Reading, ...]]]:
    readings = point.readings
    yield (
        "archive_multiplier",
        tuple(
            r._replace(
                ct_ratio=r.archive_multiplier or r.ct_ratio,
                pt_ratio=ONE if r.archive_multiplier else r.pt_ratio,
            )
            for r in readings
        ),
    )
    yield "multiplier", tuple(r._replace(pt_ratio=ONE) for r in readings)
    yield "multiplier", tuple(r._replace(ct_ratio=ONE) for r in readings)
    yield "multiplier", tuple(r._replace(ct_ratio=ONE, pt_ratio=ONE) for r in readings)
    if len(ratios) > 1:
        for ratio in sorted(ratios):
            yield "multiplier", tuple(r._replace(ct_ratio=ratio, pt_ratio=ONE) for r in readings)


@family(EVERYTHING, READ)
def rollovers(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take a rollover for a register that runs backwards: negative, nothing, or the difference without its sign."""
    for point in situation.bill.points:
        wrapped = [r for r in point.readings if _is_wrapped(r)]
        if not wrapped:
            continue
        due = plain(sum((_difference(r) for r in wrapped), ZERO))
        for change in (_negative, _nothing, _turned, _one_digit_more):
            changed = [change(reading) for reading in wrapped]
            used = plain(sum((_signed(reading) for reading in changed), ZERO))
            others = [reading for reading in point.readings if not _is_wrapped(reading)]
            yield Mistake("rollover", situation.with_readings(point, [*others, *changed]), used, due)


def _signed(reading: Reading) -> Decimal:
    return _difference(reading) if (reading.ct_ratio or ZERO) >= 0 else -_difference(reading)


def _is_wrapped(reading: Reading) -> bool:
    return (
        reading.value is not None
        and reading.previous_value is not None
        and reading.value < reading.previous_value
    )


def _difference(reading: Reading) -> Decimal:
    if reading.value is None or reading.previous_value is None:
        return ZERO
    return register_difference(reading.previous_value, reading.value, reading.digits)[0]


def _negative(reading: Reading) -> Reading:
    """Return a reading whose energy is below zero: the dial as it stands, nothing added."""
    assert reading.value is not None and reading.previous_value is not None and reading.ct_ratio is not None
    return reading._replace(
        previous_value=ZERO, value=reading.previous_value - reading.value, ct_ratio=-reading.ct_ratio
    )


def _nothing(reading: Reading) -> Reading:
    return reading._replace(value=reading.previous_value)


def _turned(reading: Reading) -> Reading:
    return reading._replace(previous_value=reading.value, value=reading.previous_value)


def _one_digit_more(reading: Reading) -> Reading:
    digits = None if reading.digits is None else reading.digits + 1
    return reading._replace(previous_value=ZERO, value=_difference(reading._replace(digits=digits)))


@family(EVERYTHING, READ)
def swapped_meters(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave out what one of two meters of the month passed."""
    for point in situation.bill.points:
        ends = {
            r.meter_id: r.read_at
            for r in point.readings
            if r.register in ("total", *BANDS) and r.read_at is not None
        }
        if len(ends) < 2:
            continue
        newest = max(ends, key=lambda meter: (ends[meter], meter))
        for meter in sorted(ends):
            kept = tuple(r for r in point.readings if r.meter_id != meter)
            code = "new_meter" if meter == newest else "old_meter"
            yield Mistake(code, situation.with_readings(point, kept), "", meter)
            energy_only = tuple(
                r for r in point.readings if r.meter_id != meter or r.register in ("reactive", "max_demand")
            )
            yield Mistake(code, situation.with_readings(point, energy_only), "", meter)


@family(("energy", "pf_adjustment"))
def swapped_bands(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Exchange the readings of two bands."""
    for point in situation.billed_points():
        bands = sorted({r.register for r in point.readings if r.register in BANDS})
        wrong = {key[3] for key in clues.wrong if key[0] == point.mp_id and key[1] == "energy"}
        for place, one in enumerate(bands):
            for other in bands[place + 1 :]:
                if wrong <= {one, other}:
                    names = {one: other, other: one}
                    readings = [
                        r._replace(register=names.get(r.register, r.register)) for r in point.readings
                    ]
                    yield Mistake("bands_swapped", situation.with_readings(point, readings), one, other)


@family(EVERYTHING, READ)
def energy_left_out(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Bill as if nothing had been used."""

    def nothing(work: Work) -> None:
        for point in work.billed_points:
            point.metered = {name: ZERO if name != "reactive" else kwh for name, kwh in point.metered.items()}
            point.billed = dict.fromkeys(point.billed, ZERO)
            point.metered_kwh = ZERO

    yield Mistake("energy_left_out", situation.with_hooks((parts.apply, nothing)), "0", plain(clues.due.kwh))


SPECIFIC = (multipliers, rollovers, swapped_meters, swapped_bands, energy_left_out)
