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
    Sum,
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
REACTIVE = "reactive"
# A quantity with loss is at most some percent above the metered one; more ratios than these are not tried.
LOSS_FREE, MOST_BELOW = Decimal("0.95"), 6
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
    """Charge other energy than the registers passed: at one register or at several."""
    for point in situation.billed_points():
        if not point.readings or not clues.touches(point.mp_id, "energy"):
            continue
        solved = _solve(situation, clues, point)
        if solved is None or not solved.changed:
            continue
        yield _by_quantity(situation, solved)


def _solve(situation: Situation, clues: Clues, point: Point) -> Solved | None:
    """Return the metered energy behind the issued quantities, by repeated pricing where losses depend on it.

    Where the bill tells the reactive energy it is solved with the active one: the transformer loss depends on both.
    """
    due = metered(point)
    wanted = _told(clues.issued_sums, clues.issued.kvarh, point)
    reached = _told(clues.due_sums, clues.due.kvarh, point)
    if wanted.keys() - due.keys() - {REACTIVE}:
        return None
    registers = [name for name in due if name in wanted or name in reached]
    # The kvarh of a bill are those of all its points.
    with_reactive = len(situation.mains()) == 1 and REACTIVE in wanted and REACTIVE in reached
    used = {**due, REACTIVE: _reactive(point)} if with_reactive else dict(due)
    for _ in range(ROUNDS):
        names = {name for name in {*wanted, *reached} if name != REACTIVE or with_reactive}
        steps = {name: wanted.get(name, ZERO) - reached.get(name, ZERO) for name in names}
        if not any(steps.values()):
            return Solved(point, {name: due[name] for name in registers}, used)
        for name, step in steps.items():
            used[name] = used.get(name, ZERO) + step
        priced = with_energy(situation, point.mp_id, used).price()
        if priced.refusal:
            return None
        reached = _told(sums(priced.lines), priced.kvarh, point)
    return None


def _told(lines: Mapping[LineKey, Sum], kvarh: Decimal | None, point: Point) -> dict[str, Decimal]:
    told = quantities(lines, point.mp_id)
    return told if kvarh is None else {**told, REACTIVE: kvarh}


def _reactive(point: Point) -> Decimal:
    return whole(sum((_energy(r) for r in point.readings if r.register == REACTIVE), ZERO))


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


@family(EVERYTHING, ("energy",))
def other_multiplier(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Multiply by another whole number than the ratios of the transformers: one that the issued quantities tell."""
    for point in situation.billed_points():
        ratios = sorted({(r.ct_ratio or ZERO) * (r.pt_ratio or ZERO) for r in point.readings})
        for ratio in _ratios(point, quantities(clues.issued_sums, point.mp_id)):
            if [ratio] != ratios:
                due = "/".join(map(plain, ratios))
                every = [r._replace(ct_ratio=ratio, pt_ratio=ONE) for r in point.readings]
                yield Mistake("multiplier", situation.with_readings(point, every), plain(ratio), due)
                energy = [
                    r._replace(ct_ratio=ratio, pt_ratio=ONE) if r.register in ENERGY_REGISTERS else r
                    for r in point.readings
                ]
                yield Mistake("multiplier", situation.with_readings(point, energy), plain(ratio), due)


def _ratios(point: Point, issued: Mapping[str, Decimal]) -> list[Decimal]:
    """Return the whole ratios of issued quantities to register differences, and the next below for a share of loss."""
    found: dict[Decimal, None] = {}
    for register, kwh in issued.items():
        difference = sum((_difference(r) for r in point.readings if r.register == register), ZERO)
        if difference >= SMALLEST_DIFFERENCE and kwh > 0:
            nearest = whole(kwh / difference)
            least = nearest * LOSS_FREE
            lower = nearest
            while lower >= max(least, ONE) and nearest - lower <= MOST_BELOW:
                found.setdefault(lower)
                lower -= 1
    return list(found)


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


@family(EVERYTHING, ("energy",))
def known_energy(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Charge the energy up to the frozen reading, or an estimate from the months before, although the meter was read."""
    for point in situation.billed_points():
        history, due = situation.bill.history.get(point.mp_id), metered(point).get("total")
        issued = quantities(clues.issued_sums, point.mp_id)
        if history is None or due is None or set(issued) != {"total"}:
            continue
        mean = history.mean_kwh
        # The mean of three whole months may have been cut off instead of rounded.
        means = () if mean is None else (mean, mean - ONE, mean + ONE)
        for code, kwh in (("frozen_reading", history.frozen_kwh), *(("estimated", one) for one in means)):
            if kwh is not None and kwh != due:
                mistaken = with_energy(situation, point.mp_id, {"total": kwh})
                yield Mistake(code, mistaken, plain(kwh), plain(due))


SPECIFIC = (known_energy,)
SOLVED = (other_multiplier, other_energy, amount_slip)
