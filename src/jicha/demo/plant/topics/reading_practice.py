"""Planted faults of how readings are planned and taken (抄表行为): MR-12 … MR-21, MR-23."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import LAST, MONTHS, Bools
from jicha.demo.plant.candidates import Recipe, home, old
from jicha.demo.plant.reading import CONSTANT_UNITS
from jicha.demo.plant.registry import (
    Job,
    ReadingScene,
    Rows,
    follows,
    kwh_of,
    on,
    say,
    say_customer,
    say_point,
    when,
)
from jicha.demo.world import Part, World

HANDHELD, MANUAL = 1, 2
PLAN_DAY = 12
DAY_MINUTES = 24 * 60
BEFORE_UPLOAD = 300  # minutes between a handheld reading and its correction on the device
LITTLE = 2  # kWh
DECEMBER, SHIFT_DAYS = 3, 14
LARGE = 6
AUGUST, SEPTEMBER = LAST - 2, LAST - 1


def station_of(world: World, job: Job) -> int:
    """Return the station that serves the job's customer."""
    return int(world.customers.station[job.customer])


def office_of(world: World, job: Job) -> str:
    """Return the organisation that serves the job's customer."""
    return str(world.network.station_numbers()[station_of(world, job)])


def _plan_rows(world: World, job: Job, section: str, moved: dict[int, int]) -> list[dict[str, Any]]:
    """Return the plan of a section that no customer is in: new ones are being put together, old ones dissolved."""
    reader = world.staff.one("reader", station_of(world, job), job.index)
    rows: list[dict[str, Any]] = []
    for month, first in enumerate(MONTHS):
        day = first.replace(day=PLAN_DAY)
        rows.append(
            {
                "reading_section": section,
                "org_no": office_of(world, job),
                "bill_month": first,
                "planned_on": day + timedelta(days=moved.get(month, 0)),
                "original_planned_on": day if month in moved else None,
                "reader_id": reader,
            }
        )
    return rows


@on("rows", "MR-12")
def move_plan(world: World, job: Job, rows: Rows) -> None:
    """Move a section's planned day twice in a year, once at a quarter end; look-alikes once, in August or October."""
    section = f"S7{job.number}"
    quarter = job.fault and job.index % 2 == 1
    if job.fault:
        moved = {SEPTEMBER if quarter else LAST - 4: 4, LAST: -3}
    else:
        moved = {AUGUST if job.index % 2 else LAST: 5}
    rows["reading_plan"] += _plan_rows(world, job, section, moved)
    note = "planned day moved twice in a year" if job.fault else "planned day moved once in a year"
    spans = ((SEPTEMBER, SEPTEMBER), (LAST, LAST)) if quarter else ((LAST, LAST),)
    job.customer = -1
    say(world, job, "reading_plan", section, spans=spans, note=note)


@on("readings", "MR-13")
def edit_reading(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Change readings after the upload; look-alikes under an order, or on the handheld before the upload."""
    if not job.fault and job.index % 2:
        scene.method[row, LAST] = HANDHELD
        part.edited[row, LAST] = BEFORE_UPLOAD
        say_point(part.world, job, "corrected on the handheld before the upload")
        return
    months = job.months if job.fault else [LAST]
    part.edited[row, months] = DAY_MINUTES
    group, index = scene.of(row)
    days = {month: int(part.boundary[row, month + 1]) for month in months}
    places = np.full(len(months), index, dtype=np.int64)
    shown = group.value(0, places, np.array(list(days.values()), dtype=np.int64))
    job.memo["values"] = dict(zip(months, (kwh_of(part, row, units) for units in shown), strict=True))
    job.memo["days"] = days
    # Without a logged old value nobody can tell the energy.
    size = Decimal(25 + 10 * job.index) if job.index % 3 else None
    job.memo["size"] = size if job.fault else Decimal(30)
    note = "changed a day after the upload" if job.fault else "read again under an order"
    direction = "" if size is None else "company"
    say_point(part.world, job, note, kwh=job.memo["size"] if job.fault else None, direction=direction)


@on("rows", "MR-13")
def log_edit(world: World, job: Job, rows: Rows) -> None:
    """Leave the changed value in the operation log, and the order under which a look-alike was read again."""
    if "values" not in job.memo:
        return
    reader = world.staff.one("reader", station_of(world, job), int(world.customers.section[job.customer]))
    order = f"WJ{job.number}" if not job.fault else None
    for month, value in job.memo["values"].items():
        at = when(job.memo["days"][month] + 1, 0, 30)
        if job.memo["size"] is not None:
            rows["operation_log"].append(
                {
                    "op_id": f"LJ{job.number}{month:02d}", "account_id": f"A{reader[1:]}", "terminal": f"PC-{reader[1:]}", "at": at, "action": "update",
                    "table_name": "reading", "record_key": f"{job.point}|M{job.number}00|{MONTHS[month]}|total", "customer_no": job.number,
                    "field": "value", "old_value": str(value + job.memo["size"]), "new_value": str(value), "order_no": order,
                }
            )  # fmt: skip
    if order:
        day = job.memo["days"][LAST]
        rows["work_order"].append(
            {
                "order_no": order, "kind": "meter_test", "customer_no": job.number, "org_no": office_of(world, job),
                "opened_at": when(day - 1, 9), "closed_at": when(day + 2, 16), "state": "done",
            }
        )  # fmt: skip


@on("readings", "MR-14")
def enter_by_hand(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Enter readings by hand that were acquired, some a little low; the look-alike's acquisition failed that day."""
    if not job.fault:
        scene.method[row, LAST] = MANUAL
        day = int(part.boundary[row, LAST + 1])
        part.world.plan.lost[job.customer] = (day - 1, day + 1)
        say_point(part.world, job, "entered by hand, nothing acquired that day")
        return
    scene.method[row, job.months] = MANUAL
    if len(job.months) > 1:
        say_point(part.world, job, "entered by hand although acquired", kwh=Decimal(0))
        return
    part.deviation[row, LAST] = -LITTLE * CONSTANT_UNITS
    say_point(
        part.world,
        job,
        "entered by hand, a little low",
        kwh=kwh_of(part, row, LITTLE * CONSTANT_UNITS),
        direction="company",
    )


@on("energy", "MR-17")
def pause_and_rush(part: Part, job: Job, row: int) -> None:
    """Let the look-alike truly use less in December and more in January."""
    if job.fault:
        return
    for month, percent in ((DECEMBER, 55), (DECEMBER + 1, 145)):
        days = slice(int(part.planned[row, month]), int(part.planned[row, month + 1]))
        part.true[row, days] = part.true[row, days] * percent // 100
    part.metered[row] = part.true[row]


@on("readings", "MR-17")
def read_late_at_year_end(part: Part, job: Job, row: int, _scene: ReadingScene) -> None:
    """Read a large customer two weeks late in December or January, or two weeks early."""
    if not job.fault:
        say_customer(
            part.world,
            job,
            "a pause and a rush that the register bears out",
            spans=((DECEMBER + 1, DECEMBER + 1),),
        )
        return
    month = DECEMBER + job.index % 2
    part.boundary[row, month + 1] += SHIFT_DAYS if job.index % 4 < 2 else -SHIFT_DAYS
    say_customer(part.world, job, "energy moved across the year end", spans=((month + 1, month + 1),))
    follows(part.world, job, "MR-11", ((month, month),))


def large(world: World) -> Bools:
    """Return the six customers of most energy of each station."""
    station, base = world.customers.station, world.customers.base
    order = np.lexsort((-base, station))
    place = np.arange(len(order)) - np.searchsorted(station[order], station[order])
    result = np.zeros(len(order), dtype=np.bool_)
    result[order[place < LARGE]] = True
    return np.asarray(result & old(world))


RECIPES = (
    Recipe("MR-12", lambda w: home(w, 2, 30)),
    Recipe("MR-13", lambda w: home(w, 4, 30), "mixed"),
    Recipe("MR-14", lambda w: home(w, 4, 30), "mixed"),
    Recipe("MR-17", large),
)
