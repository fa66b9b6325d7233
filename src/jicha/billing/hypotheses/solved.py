"""Mistakes whose size the bill itself tells: another quantity, another multiplier, an amount that slipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from jicha.billing.difference import LineKey, line_key
from jicha.billing.hypotheses.situation import (
    ENERGY_REGISTERS,
    EVERYTHING,
    Clues,
    Mistake,
    Situation,
    Step,
    family,
    finished,
    plain,
    quantities,
    sums,
)
from jicha.billing.model import Point, Reading
from jicha.billing.register_energy import register_difference, whole
from jicha.billing.steps import factor, parts
from jicha.billing.work import ZERO, Work

ONE = Decimal(1)
ROUNDS = 6  # losses follow the energy; their slope is a few percent, so each round gains more than a digit
SMALLEST_DIFFERENCE = Decimal(5)  # register units, below which too many multipliers fit by chance


@dataclass(frozen=True, slots=True)
class Solved:
    """The metered energy of a point, by register, that reproduces the quantities of the issued bill."""

    point: Point
    due: Mapping[str, Decimal]
    used: Mapping[str, Decimal]

    @property
    def changed(self) -> list[str]:
        """The registers whose energy is not the metered one."""
        return [name for name, kwh in self.due.items() if self.used.get(name) != kwh]


@family(EVERYTHING, ("energy",))
def other_energy(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge other energy than the registers passed: by one other multiplier, at one register, or at several."""
    for point in situation.billed_points():
        if not point.readings or not clues.touches(point.mp_id, "energy"):
            continue
        solved = _solve(situation, clues, point)
        if solved is None or not solved.changed:
            continue
        yield from _by_multiplier(situation, solved)
        yield _by_quantity(situation, solved)


def _solve(situation: Situation, clues: Clues, point: Point) -> Solved | None:
    """Return the metered energy behind the issued quantities, by repeated pricing where losses depend on it."""
    wanted = quantities(clues.issued_sums, point.mp_id)
    reached = quantities(clues.due_sums, point.mp_id)
    due = metered(point)
    if not wanted or wanted.keys() - due.keys():
        return None
    used = dict(due)
    for _ in range(ROUNDS):
        steps = {name: wanted.get(name, ZERO) - reached.get(name, ZERO) for name in {*wanted, *reached}}
        if not any(steps.values()):
            return Solved(point, {name: due[name] for name in due if name in wanted or name in reached}, used)
        for name, step in steps.items():
            used[name] = used.get(name, ZERO) + step
        priced = with_energy(situation, point.mp_id, used).price()
        if priced.refusal:
            return None
        reached = quantities(sums(priced.lines), point.mp_id)
    return None


def metered(point: Point) -> dict[str, Decimal]:
    """Return the energy that the registers of a point passed, whole kWh."""
    result: dict[str, Decimal] = {}
    for reading in point.readings:
        if reading.register in ENERGY_REGISTERS:
            result[reading.register] = result.get(reading.register, ZERO) + _energy(reading)
    return {register: whole(kwh) for register, kwh in result.items()}


def _energy(reading: Reading) -> Decimal:
    return _difference(reading) * (reading.ct_ratio or ZERO) * (reading.pt_ratio or ZERO)


def _difference(reading: Reading) -> Decimal:
    if reading.value is None or reading.previous_value is None:
        return ZERO
    return register_difference(reading.previous_value, reading.value, reading.digits)[0]


def with_energy(situation: Situation, mp_id: str, kwh: Mapping[str, Decimal]) -> Situation:
    """Return the situation in which the registers of a point passed other energy."""

    def change(work: Work) -> None:
        for point in work.billed_points:
            if point.point.mp_id == mp_id:
                point.metered |= kwh
                point.billed = {register: point.metered[register] for register in point.billed}
                point.metered_kwh = point.billed_kwh

    return situation.with_hooks((parts.apply, change))


def _by_multiplier(situation: Situation, solved: Solved) -> Iterator[Mistake]:
    """Yield the whole multiplier that fits every changed register exactly, if there is one."""
    point = solved.point
    differences: dict[str, Decimal] = {}
    for reading in point.readings:
        if reading.register in solved.due:
            differences[reading.register] = differences.get(reading.register, ZERO) + _difference(reading)
    register = max(differences, key=differences.__getitem__)
    if differences[register] < SMALLEST_DIFFERENCE:
        return
    ratio = whole(solved.used[register] / differences[register])
    if ratio < 1 or any(whole(d * ratio) != solved.used[name] for name, d in differences.items()):
        return
    ratios = sorted({(r.ct_ratio or ZERO) * (r.pt_ratio or ZERO) for r in point.readings})
    if [ratio] == ratios:
        return
    due = "/".join(map(plain, ratios))
    readings = [r._replace(ct_ratio=ratio, pt_ratio=ONE) for r in point.readings]
    yield Mistake("multiplier", situation.with_readings(point, readings), plain(ratio), due)
    energy = [
        r._replace(ct_ratio=ratio, pt_ratio=ONE) if r.register in ENERGY_REGISTERS else r
        for r in point.readings
    ]
    yield Mistake("multiplier", situation.with_readings(point, energy), plain(ratio), due)


def _by_quantity(situation: Situation, solved: Solved) -> Mistake:
    code = "quantity_slip" if len(solved.changed) == 1 and len(solved.due) > 1 else "other_reading"
    if any(solved.used[name] < 0 for name in solved.changed):
        code = "negative_energy"
    used, due = (plain(sum((side[name] for name in solved.due), ZERO)) for side in (solved.used, solved.due))
    return Mistake(code, with_energy(situation, solved.point.mp_id, solved.used), used, due)


@family(EVERYTHING)
def amount_slip(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Write one amount that is not quantity times price."""
    keys = [key for key in clues.wrong if key[1] != "pf_adjustment"] or list(clues.wrong)
    if len(keys) != 1:
        return
    key = keys[0]
    due, shown = clues.due_sums.get(key), clues.issued_sums.get(key)
    if due is None or shown is None or shown.quantity != due.quantity or shown.unit_price != due.unit_price:
        return
    slip = shown.amount_yuan - due.amount_yuan
    for is_adjusted in (False, True):
        mistaken = situation.with_hooks(*_slipped(key, slip, is_adjusted))
        yield Mistake("amount_slip", mistaken, plain(shown.amount_yuan), plain(due.amount_yuan))


def _slipped(key: LineKey, slip: Decimal, is_adjusted: bool) -> Iterator[tuple[Step, Step]]:
    """Yield what adds an amount to one line at the end, and to the base of the power-factor adjustment before it."""

    def add_to_base(work: Work) -> None:
        for point in work.billed_points:
            if point.point.mp_id == key[0]:
                point.base_yuan[-1] += slip

    def add_to_line(work: Work) -> None:
        place = max(n for n, line in enumerate(work.lines) if line_key(line) == key)
        line = work.lines[place]
        work.lines[place] = line._replace(amount_yuan=line.amount_yuan + slip)

    if is_adjusted:
        yield factor.apply, add_to_base
    yield finished, add_to_line


SOLVED = (other_energy, amount_slip)
