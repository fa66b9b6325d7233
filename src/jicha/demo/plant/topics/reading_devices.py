"""Planted faults of what carries a reading (采集与装置): MR-19, MR-22, MR-24, MR-25."""

from __future__ import annotations

from jicha.demo.grid import LAST
from jicha.demo.plant.candidates import Recipe, home
from jicha.demo.plant.registry import Job, Rows, in_month, index_of, on, say_point
from jicha.demo.world import World

POWER_OFF = "3011"


@on("archive", "MR-19")
def lose_acquisition(world: World, job: Job) -> None:
    """Lose the freezes of eleven days, some for good; look-alikes of six days, or without power."""
    begin = index_of(in_month(LAST, 20).date()) - job.index % 2
    days = 6 if not job.fault and job.index % 2 else 11
    last = begin + 40 if job.fault and job.index % 2 == 0 else begin + days - 1
    world.plan.lost[job.customer] = (begin, last)


@on("rows", "MR-19")
def cut_power(world: World, job: Job, rows: Rows) -> None:
    """Record that a look-alike's meter was without power."""
    if job.fault:
        say_point(world, job, "no freeze for eleven days")
    elif job.index % 2:
        say_point(world, job, "no freeze for six days only")
    else:
        rows["meter_event"].append(
            {
                "event_id": f"EV9{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "code": POWER_OFF,
                "started_at": in_month(LAST, 19, 20), "ended_at": in_month(LAST, 31, 9),
            }
        )  # fmt: skip
        say_point(world, job, "no freeze for eleven days without power")


RECIPES = (Recipe("MR-19", lambda w: home(w, 2, 6)),)
