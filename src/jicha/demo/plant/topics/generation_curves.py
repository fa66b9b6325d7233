"""Planted faults in what panels give and draw (光伏运行): NE-02, NE-03, NE-05, NE-09."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from jicha.demo.grid import DAYS, LAST
from jicha.demo.plant.candidates import Recipe
from jicha.demo.plant.registry import NOW, Job, Rows, follows, on, say
from jicha.demo.plant.topics.connection_limits import Step, write_order
from jicha.demo.world import Part, World

QUARTERS = 96
STEPS: tuple[Step, ...] = (("accept", 0, 0, 0), ("approve", 0, 3, 0))


def _last_cycle(part: Part, row: int) -> slice:
    """Return the days from the reading before the last on."""
    return slice(int(part.planned[row, LAST]), DAYS)


def _scale(part: Part, line: int, days: slice, share: int) -> None:
    """Let a point pass so many percent of its energy, in truth and by its meter."""
    part.true[line, days] = part.true[line, days] * share // 100
    part.metered[line, days] = part.true[line, days]


@on("energy", "NE-02")
def add_panels(part: Part, job: Job, row: int) -> None:
    """Generate and export 3.2 times as much since the last reading; look-alikes do so as well, but by an order."""
    for line in (row + 1, row + 2):
        _scale(part, line, _last_cycle(part, row), 320)
    note = "3.2 times the export" if job.fault else "panels added by an order"
    say(part.world, job, "metering_point", f"P{job.number}2", spans=NOW, note=note)
    if job.fault:
        follows(part.world, job, "NE-01", ((LAST - 1, LAST),), point=f"P{job.number}1")


@on("rows", "NE-02")
def order_panels(world: World, job: Job, rows: Rows) -> None:
    """Enter the order of the look-alikes."""
    if not job.fault:
        write_order(world, job, rows, "GC", "pv_connection", date(2026, 9, 1), STEPS, customer_no=job.number)


@on("energy", "NE-03")
def keep_generation(part: Part, job: Job, row: int) -> None:
    """Remember what the panels gave in October, in 0.0001 kWh, for the curve."""
    job.memo["kwh"] = (part.metered[row + 1, DAYS - 31 :] * part.unit()[row + 1]).tolist()


@on("rows", "NE-03")
def shine_at_night(world: World, job: Job, rows: Rows) -> None:
    """Give 5 % of eight days in the evening; look-alikes give 0.4 % then, or their clock runs three hours ahead."""
    ahead = 12 if not job.fault and job.index % 2 else 0
    share = Decimal("0.05") if job.fault else Decimal(0) if ahead else Decimal("0.004")
    for day in range(4, 12):
        kwh = Decimal(int(job.memo["kwh"][day])).scaleb(-4)
        rows["curve"] += _curve_rows(f"P{job.number}1", date(2026, 10, day + 1), kwh, share, ahead)
    alike = "the clock runs three hours ahead" if ahead else "0.4 % of the day in the evening"
    note = "5 % of the day between half past seven and half past ten" if job.fault else alike
    say(world, job, "metering_point", f"P{job.number}1", spans=NOW, note=note)


def _curve_rows(point: str, day: date, kwh: Decimal, share: Decimal, ahead: int) -> list[dict[str, object]]:
    """Return the 96 points of a day: a bell from 6:15 to 17:45, and a share of the energy from 19:30 to 22:30."""
    quarter = np.arange(QUARTERS)
    bell = np.where((quarter >= 25) & (quarter < 71), np.sin((quarter - 24.5) / 46 * np.pi), 0)
    bell = np.roll(bell / bell.sum(), ahead)
    start = datetime(day.year, day.month, day.day)
    result: list[dict[str, object]] = []
    for place in range(QUARTERS):
        by_day = kwh * (1 - share) * Decimal(round(float(bell[place]), 6))
        at_night = kwh * share / 12 if 78 <= place < 90 else Decimal(0)
        power = ((by_day + at_night) * 4).quantize(Decimal("0.0001"))
        result.append({"mp_id": point, "at": start + timedelta(minutes=15 * (place + 1)), "p_kw": power})
    return result


@on("energy", "NE-05")
def stand_still(part: Part, job: Job, row: int) -> None:
    """Generate nothing for twenty days; look-alikes stand still for four, or a fault order is open."""
    short = not job.fault and job.index % 2 == 0
    for line in (row + 1, row + 2):
        _scale(part, line, slice(DAYS - (4 if short else 20), DAYS), 0)
    alike = "nothing for four days" if short else "a fault order is open"
    note = "nothing for twenty days" if job.fault else alike
    say(part.world, job, "metering_point", f"P{job.number}1", spans=NOW, note=note)


@on("rows", "NE-05")
def report_fault(world: World, job: Job, rows: Rows) -> None:
    """Open the fault order of every second look-alike, days ago."""
    if not job.fault and job.index % 2:
        steps: tuple[Step, ...] = (("accept", 0, 0, 0), ("approve", 0, None, 0))
        write_order(world, job, rows, "GC", "meter_fault", date(2026, 10, 29), steps, customer_no=job.number)


@on("archive", "NE-09")
def live_alike(world: World, job: Job) -> None:
    """Let all of them use eight kWh a day, so that a fall shows and is no large one."""
    world.customers.base[job.customer] = 8


@on("energy", "NE-09")
def stop_register(part: Part, job: Job, row: int) -> None:
    """Draw 30 % while the export meter stands still; look-alikes draw 30 % and export, or draw as ever and export nothing."""
    draws_less = job.fault or job.index % 2 == 0
    if draws_less:
        _scale(part, row, _last_cycle(part, row), 30)
    if job.fault or not draws_less:
        _scale(part, row + 2, _last_cycle(part, row), 0)
    alike = "draws less, and exports" if draws_less else "exports nothing, and draws as ever"
    note = "draws 30 % while the export meter stands still" if job.fault else alike
    say(part.world, job, "metering_point", job.point, spans=NOW, note=note)


RECIPES: tuple[Recipe, ...] = (
    *(Recipe(rule, lambda w: w.customers.pv_kw > 0, own=True) for rule in ("NE-02", "NE-03", "NE-05")),
    # Who exports all and then exports nothing settles by another mode (NE-06).
    Recipe("NE-09", lambda w: (w.customers.pv_kw > 0) & ~w.customers.full_export, own=True),
)
