"""Planted faults of how readings are planned and taken (抄表行为): MR-12 … MR-21, MR-23."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import LAST, MONTHS, NULL, Bools
from jicha.demo.plant.candidates import Recipe, home, old, unwatched
from jicha.demo.plant.permission import hire
from jicha.demo.plant.reading import CONSTANT_UNITS
from jicha.demo.plant.registry import (
    Job,
    ReadingScene,
    Rows,
    follows,
    in_month,
    kwh_of,
    on,
    say,
    say_customer,
    say_point,
    when,
)
from jicha.demo.points import MAIN
from jicha.demo.world import Part, World

HANDHELD, MANUAL = 1, 2
PLAN_DAY = 12
NEXT_MORNING = 33 * 60 + 30  # minutes from half past midnight to ten on the next day
BEFORE_UPLOAD = 300  # minutes between a handheld reading and its correction on the device
LITTLE = 2  # kWh
DECEMBER, SHIFT_DAYS = 3, 14
LARGE = 9
MAY = 8
FEW, FAST, NOT_SO_FAST = 20, 130, 100  # meters
EARLIER_MONTHS = 13
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
    part.edited[row, months] = NEXT_MORNING
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
        at = when(job.memo["days"][month] + 1, 10)
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


@on("archive", "MR-18")
def leave_unchecked(world: World, job: Job) -> None:
    """Let nobody look at the meter for more than a year; look-alikes were tested, or read by handheld."""
    world.plan.unchecked.add(job.customer)


@on("readings", "MR-18")
def read_by_handheld(_part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Read every second look-alike on site in May."""
    if not job.fault and job.index % 2:
        scene.method[row, MAY] = HANDHELD


@on("rows", "MR-18")
def test_on_site(world: World, job: Job, rows: Rows) -> None:
    """Test every other look-alike's meter on site in April."""
    if not job.fault and job.index % 2 == 0:
        rows["meter_test"].append(
            {
                "test_id": f"YK{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "kind": "periodic", "requested_at": in_month(MAY - 1, 7, 9),
                "tested_on": in_month(MAY - 1, 14).date(), "result_at": in_month(MAY - 1, 14, 16), "error_pct": "0.1", "limit_pct": "0.5", "passed": True,
            }
        )  # fmt: skip
    note = "no visit for a year and more" if job.fault else "seen by a tester or reader in spring"
    say_point(world, job, note, spans=((SEPTEMBER, LAST),))


@on("rows", "MR-20")
def keep_reader(world: World, job: Job, rows: Rows) -> None:
    """Leave a section to the same reader for 27 months; the look-alike's reader took it over 24 months ago."""
    section = f"S6{job.number}"
    plan = _plan_rows(world, job, section, {})
    first = plan[0]
    other = world.staff.one("reader", station_of(world, job), job.index + 1)
    for back in range(1, EARLIER_MONTHS + 1):
        day = date(2025 - (back > 8), (8 - back) % 12 + 1, PLAN_DAY)
        same = job.fault or back <= EARLIER_MONTHS - 3
        reader = first["reader_id"] if same else other
        plan.append({**first, "bill_month": day.replace(day=1), "planned_on": day, "reader_id": reader})
    rows["reading_plan"] += plan
    job.customer = -1
    note = "the same reader for 27 months" if job.fault else "the same reader for 24 months"
    say(world, job, "reading_plan", section, spans=((SEPTEMBER if job.fault else LAST, LAST),), note=note)


@on("archive", "MR-21")
def hire_reader(world: World, job: Job) -> None:
    """Let a reader of their own write down reverse registers."""
    job.memo["reader"] = f"E{hire(world, job, post='reader')}"


@on("rows", "MR-21")
def make_up_readings(world: World, job: Job, rows: Rows) -> None:
    """Write reverse registers that end in 0 or 5, or more in an hour than can be walked to; look-alikes do neither."""
    # A reverse register that another plant moves (MT-10) is left to it.
    moved = {
        row["mp_id"] for row in rows["reading"] if row["register"] == "reverse" and row["method"] == "ami"
    }
    points = [number for number in _plain_points(world) if f"P{number}" not in moved]
    fast = job.index % 3 == 1
    place = 2 * job.index + (not job.fault)
    if fast:
        count = FAST if job.fault else NOT_SO_FAST
        # From all over the county, behind those of the slow ones.
        slot = 2 * (job.index // 3) + (not job.fault)
        chosen = points[-1 - slot :: -max(1, len(points) // (2 * FAST))][:count]
    else:
        chosen = points[place * FEW : (place + 1) * FEW]
    reader = job.memo["reader"]
    for rank, number in enumerate(chosen):
        # The register stands still, since nothing is fed back: the same value every month.
        shown = 10 * (rank + 2) + (rank % 2 * 5 if job.fault and not fast else rank % 10)
        for month in [LAST] if fast else range(LAST - 11, LAST + 1):
            minute = rank * 60 // FAST if fast else rank
            rows["reading"].append(_reverse_row(number, month, shown, minute, reader))
    job.customer = -1
    note = "130 meters in an hour" if fast else "240 readings end in 0 or 5"
    spans = ((LAST, LAST),) if fast else ((LAST - 1, LAST),)
    say(
        world,
        job,
        "employee",
        reader,
        spans=spans,
        note=note if job.fault else "even digits, an ordinary pace",
    )


def _reverse_row(number: int, month: int, shown: int, minute: int, reader: str) -> dict[str, Any]:
    return {
        "mp_id": f"P{number}", "meter_id": f"M{number}0", "bill_month": MONTHS[month], "register": "reverse", "previous_value": str(shown),
        "previous_at": in_month(month - 1, 18, 9, minute), "value": str(shown), "read_at": in_month(month, 18, 9, minute), "method": "handheld",
        "status": "read", "reader_id": reader,
    }  # fmt: skip


def _plain_points(world: World) -> list[int]:
    """Return the numbers of main points whose first meter hung all the time."""
    points = world.points
    there = old(world)[points.owner] & (points.role == MAIN) & (points.swap == NULL)
    return [int(number) for number in points.numbers()[there]]


@on("energy", "MR-23")
def use_the_same(part: Part, job: Job, row: int) -> None:
    """Use exactly the same in three cycles; look-alikes in two, or a hundredth of a kWh more in the last."""
    months = range(LAST - 1 if not job.fault and job.index % 2 else LAST - 2, LAST + 1)
    spans = [slice(*(int(day) for day in part.boundary[row, month : month + 2])) for month in months]
    total = int(part.true[row, spans[0]].sum())
    for month, days in zip(months[1:], spans[1:], strict=True):
        count = days.stop - days.start
        part.true[row, days] = total // count
        part.true[row, days.start] += total % count + (not job.fault and month == LAST)
    part.metered[row] = part.true[row]
    say_point(part.world, job, "the same energy in three cycles" if job.fault else "nearly the same energy")


def large(world: World) -> Bools:
    """Return the nine customers of most energy of each station."""
    station, base = world.customers.station, world.customers.base
    order = np.lexsort((-base, station))
    place = np.arange(len(order)) - np.searchsorted(station[order], station[order])
    result = np.zeros(len(order), dtype=np.bool_)
    result[order[place < LARGE]] = True
    return np.asarray(result & old(world))


RECIPES = (
    Recipe("MR-12", lambda w: home(w, 2, 30)),
    Recipe("MR-13", lambda w: home(w, 4, 30), "mixed"),
    Recipe("MR-14", lambda w: home(w, 4, 30) & unwatched(w), "mixed"),
    Recipe("MR-17", large),
    Recipe("MR-18", lambda w: home(w, 2, 30)),
    Recipe("MR-20", lambda w: home(w, 2, 30)),
    Recipe("MR-21", lambda w: home(w, 2, 30)),
    Recipe("MR-23", lambda w: home(w, 2, 30)),
)
