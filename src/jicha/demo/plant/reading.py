"""Planted reading (抄表) faults: MR-01 … MR-16."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from jicha.demo.grid import BASE, DAYS, LAST, to_date
from jicha.demo.plant.registry import NOW, Job, ReadingScene, follows, kwh_of, on, say_point
from jicha.demo.world import ABSENT, MISSED, Part, World

ESTIMATED, MANUAL = 3, 2
SECTION_SHIFT = 3
WEEK = 7
CONSTANT_UNITS = 100  # one kWh of a direct-connected meter in register units


@on("readings", "MR-01")
def miss(part: Part, job: Job, row: int, _scene: ReadingScene) -> None:
    """Leave months without a reading: with a row of status missed, or with no row at all."""
    if job.fault:
        part.state[row, job.months] = MISSED if job.index % 2 == 0 else ABSENT
        say_point(part.world, job, "no reading of the plan's month" if job.index % 2 else "status missed")
    else:
        say_point(part.world, job, "closed before", spans=NOW)


@on("readings", "MR-02")
def misread(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Bill another value than the frozen one of the same day."""
    energy = scene.month_energy(part, row, LAST)
    if not job.fault:
        part.deviation[row, LAST] = 3 * CONSTANT_UNITS
        say_point(part.world, job, "3 kWh from the freeze: inside max(5 kWh, 1 %)")
        return
    size = max(45 * CONSTANT_UNITS, energy // 5 // CONSTANT_UNITS * CONSTANT_UNITS)
    single = len(job.months) == 1
    size = -size if single and job.index % 3 == 2 else size
    part.deviation[row, job.months] = size
    say_point(part.world, job, "billed reading differs from the freeze", kwh=kwh_of(part, row, abs(size)))


@on("readings", "MR-03")
def estimate(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Estimate readings, or repeat the same energy for three cycles by hand."""
    if job.fault and job.index % 4 != 3:
        scene.method[row, job.months] = ESTIMATED
        say_point(part.world, job, "method estimated")
        return
    cycles = 3 if job.fault else 2
    months = range(LAST - cycles + 1, LAST + 1)
    constant = scene.month_energy(part, row, months[0])
    shift = 0
    differs = []
    for month in months[1:]:
        shift += constant - scene.month_energy(part, row, month)
        part.deviation[row, month] = shift
        if abs(shift) > max(5 * CONSTANT_UNITS, constant // 100):
            differs.append(month)
    if job.fault:
        scene.method[row, list(months)] = MANUAL
    job.spans = NOW
    say_point(
        part.world,
        job,
        "same energy in three cycles, entered by hand" if job.fault else "same energy in two cycles only",
    )
    job.kind = "fault"
    follows(part.world, job, "MR-02", tuple((month, month) for month in differs))
    if cycles == 3:
        follows(part.world, job, "MR-14", tuple((month, month) for month in months))
        follows(part.world, job, "MR-23", NOW)


@on("energy", "MR-04")
def stand_still(part: Part, job: Job, row: int) -> None:
    """Use nothing for three cycles and more; the look-alike for two."""
    spans = [(first - 2, last) for first, last in job.spans] if job.fault else [(LAST - 1, LAST)]
    still: set[int] = set()
    for first, last in spans:
        # Some days more, should its section be read later by order.
        part.true[row, part.planned[row, first] : part.planned[row, last + 1] + SECTION_SHIFT + 1] = 0
        still.update(range(first, last + 1))
    part.metered[row] = part.true[row]
    third = [month for month in sorted(still) if {month - 1, month - 2} <= still]
    note = "no energy for three cycles" if job.fault else "no energy for two cycles only"
    say_point(part.world, job, note, spans=_runs(third) if job.fault else NOW)


@on("readings", "MR-05")
def fall(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Let the register itself fall inside the cycle."""
    if not job.fault:
        part.step_day[row] = part.planned[row, LAST] + 9
        part.step_size[row] = -(scene.month_energy(part, row, LAST) // 3)
        _apply_step(part, row, scene)
        say_point(part.world, job, "the register fell by less than it had risen: no fall between readings")
        return
    energy = scene.month_energy(part, row, LAST)
    part.step_day[row] = part.planned[row, LAST] + 9
    part.step_size[row] = -(energy + (120 + 30 * job.index) * CONSTANT_UNITS)
    _apply_step(part, row, scene)
    say_point(part.world, job, "register fell, no swap, far from rollover")


@on("archive", "MR-06")
def near_the_end(world: World, job: Job) -> None:
    """Give the meter five digits and a start close to the end of the register."""
    point = np.flatnonzero((world.points.owner == job.customer) & (world.points.role == 0))[0]
    world.points.digits[point] = 5
    # Five digits last until 99,999.99; the last reading before the audited month must lie above nine tenths of it.
    start = 100_000 - int(world.customers.base[job.customer] * 1.6 * (DAYS - 10)) - 1_500
    world.points.start[point] = start * CONSTANT_UNITS


@on("readings", "MR-06")
def roll_over_wrongly(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Drop the register so far that a rollover would mean an impossible energy; the look-alike truly rolls over."""
    group, index = scene.of(row)
    begin, end = part.planned[row, LAST], part.planned[row, LAST + 1]
    shows = int(group.start[0][index] + group.cumulated[0][index, begin])
    if job.fault:
        part.step_day[row] = begin + 9
        part.step_size[row] = -(30_000 * CONSTANT_UNITS + job.index * 1_000 * CONSTANT_UNITS)
        _apply_step(part, row, scene)
        say_point(part.world, job, "below the last reading near the register's end, too large for a rollover")
        # A fall at a customer with panels has a usual benign cause (domain.md 5.1), so MR-05 leaves it to MR-06.
        alone = part.world.customers.pv_kw[job.customer] > 0
        for rule in ("MR-08", "MR-10") if alone else ("MR-05", "MR-08", "MR-10"):
            follows(part.world, job, rule, NOW)
        return
    # A true rollover in the middle of the cycle.
    middle = int(group.start[0][index] + group.cumulated[0][index, (begin + end) // 2])
    group.start[0][index] += group.modulus[index] - middle
    del shows
    say_point(part.world, job, "a true rollover", rule="MR-05")
    say_point(part.world, job, "a true rollover, a plausible energy")


@on("readings", "MR-07")
def unbalance(part: Part, job: Job, row: int, _scene: ReadingScene) -> None:
    """Let the total drift from the sum of its bands."""
    if not job.fault:
        part.total_gap[row, LAST] = CONSTANT_UNITS // 2
        say_point(part.world, job, "half a kWh between total and bands")
        return
    size = 3 * CONSTANT_UNITS + 50
    for first, last in job.spans:
        part.total_gap[row, first : last + 1 : 2] = size
        if (last - first) % 2 == 0:
            # The gap must close outside the span without a second jump: carry it on.
            part.total_gap[row, last + 1 :] = size
    _balance_spans(part, job, row)


def _balance_spans(part: Part, job: Job, row: int) -> None:
    gaps = np.diff(np.concatenate([[0], part.total_gap[row]]))
    months = [int(month) for month in np.flatnonzero(gaps)]
    spans = tuple((month, month) for month in months)
    say_point(part.world, job, "total differs from the sum of the bands", spans=spans, kwh=Decimal("3.5"))


@on("energy", "MR-08")
def surge(part: Part, job: Job, row: int) -> None:
    """Use nearly three times as much in the audited cycle; the look-alike did so a year ago as well."""
    months = [LAST] if job.fault else [1, LAST]
    for month in months:
        days = slice(int(part.planned[row, month]), int(part.planned[row, month + 1]))
        part.true[row, days] = part.true[row, days] * 29 // 10
    part.metered[row] = part.true[row]
    say_point(part.world, job, "surge" if job.fault else "the same rise a year ago")


@on("energy", "MR-09")
def drop(part: Part, job: Job, row: int) -> None:
    """Use less than a third in the audited cycle; the look-alike did so a year ago as well."""
    for month in [LAST] if job.fault else [1, LAST]:
        days = slice(int(part.planned[row, month]), int(part.planned[row, month + 1]))
        part.true[row, days] = part.true[row, days] * 22 // 100
    part.metered[row] = part.true[row]
    say_point(part.world, job, "drop" if job.fault else "the same fall a year ago")


@on("archive", "MR-10")
def shrink_archive(world: World, job: Job) -> None:
    """Leave a capacity in the archive that could never carry the energy; the look-alike's is just enough."""
    base = world.customers.base[job.customer]
    world.plan.small_archive[job.customer] = 1 if job.fault else int(base * 1.6 / 24) + 2
    say_point(
        world,
        job,
        "energy beyond capacity × hours" if job.fault else "high use of a small capacity",
        spans=((1, 4), (6, LAST)) if job.fault else None,
    )


@on("energy", "MR-11")
def move_section(part: Part, job: Job, row: int) -> None:
    """Move the planned day of a look-alike's whole section by order, and read it on the new day."""
    if job.fault or job.index % 2 == 0:
        return
    section = int(part.of_customer("section")[row])
    part.world.plan.moved[section, LAST] = SECTION_SHIFT
    part.boundary[part.of_customer("section") == section, LAST + 1] += SECTION_SHIFT


@on("readings", "MR-11")
def shift_day(part: Part, job: Job, row: int, _scene: ReadingScene) -> None:
    """Read three or four days after the planned day; look-alikes read one day late, or their section was moved."""
    if job.fault:
        for month in job.months:
            part.boundary[row, month + 1] += 3 + job.index % 2
        say_point(part.world, job, "read three days or more after the planned day")
    elif job.index % 2:
        say_point(part.world, job, "the section's day was moved by order", spans=NOW)
    else:
        part.boundary[row, LAST + 1] += 1
        say_point(part.world, job, "one day after the planned day", spans=NOW)


@on("energy", "MR-15")
def be_empty(part: Part, job: Job, row: int) -> None:
    """Stand empty, so that every billed kWh is fictitious; the look-alike is billed as little as it used."""
    if job.fault:
        part.true[row, part.planned[row, LAST] - 2 :] = 0
        part.metered[row] = part.true[row]


@on("readings", "MR-15")
def invent_energy(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Bill energy that the acquisition system did not see."""
    if not job.fault:
        part.world.plan.lost[job.customer] = (
            int(part.planned[row, LAST]) - 1,
            int(part.planned[row, LAST + 1]) + 1,
        )
        scene.method[row, LAST] = 1
        say_point(part.world, job, "acquisition lost around both reading days: nothing to compare with")
        job.kind = "fault"
        lost_to = to_date(BASE + int(part.planned[row, LAST + 1])).day + 1
        follows(part.world, job, "MR-19", ((LAST - 1, LAST if lost_to >= WEEK else LAST - 1),))
        return
    size = (60 + 15 * job.index) * CONSTANT_UNITS
    part.deviation[row, LAST] = size
    say_point(part.world, job, "energy billed while the freezes stand still", kwh=kwh_of(part, row, size))
    follows(part.world, job, "MR-02", NOW)


@on("readings", "MR-16")
def withhold(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Bill less than the register shows in two cycles and more."""
    energy = scene.month_energy(part, row, LAST)
    if not job.fault:
        part.deviation[row, LAST - 1 :] = -min(energy * 6 // 1_000, 2 * CONSTANT_UNITS)
        say_point(part.world, job, "less than 1 % below the freeze")
        return
    size = max(energy * 15 // 100, 25 * CONSTANT_UNITS)
    months = sorted({month for first, last in job.spans for month in range(first - 1, last + 1)})
    part.deviation[row, months] = -size
    say_point(part.world, job, "billed below the freeze in two cycles", kwh=kwh_of(part, row, size))
    follows(part.world, job, "MR-02", _runs(months))


def _runs(months: list[int]) -> tuple[tuple[int, int], ...]:
    runs: list[tuple[int, int]] = []
    for month in months:
        if runs and runs[-1][1] == month - 1:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return tuple(runs)


def _apply_step(part: Part, row: int, scene: ReadingScene) -> None:
    """Pass the step on to the registers, which were made before the plants."""
    group, index = scene.of(row)
    group.step_day[index] = part.step_day[row]
    group.step_size[index] = part.step_size[row]
