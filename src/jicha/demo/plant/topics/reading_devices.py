"""Planted faults of what carries a reading (采集与装置): MR-19, MR-22, MR-24, MR-25."""

from __future__ import annotations

from collections import Counter

import numpy as np

from jicha.demo.frame import Ids
from jicha.demo.grid import DAYS, LAST, MONTH_START, NULL
from jicha.demo.network import district_ids, feeder_ids
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.candidates import Recipe, home, unwatched
from jicha.demo.plant.reading import CONSTANT_UNITS
from jicha.demo.plant.registry import (
    NOW,
    Job,
    ReadingScene,
    Rows,
    in_month,
    index_of,
    kwh_of,
    on,
    say,
    say_point,
)
from jicha.demo.points import MAIN
from jicha.demo.world import READ, Part, World

POWER_OFF = "3011"
AUGUST = LAST - 2
DAYS_TO_SWAP, TEST_BENCH_KWH = 5, 4
LEAST_CUSTOMERS, LEAST_WRONG, FEW_WRONG = 15, 20, 3  # customers


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


@on("archive", "MR-22")
def swap_meter(world: World, job: Job) -> None:
    """Exchange the meter some days after the September reading, by an order as all exchanges are."""
    read_day = int(world.customers.read_day[job.customer])
    day = world.calendar.on_or_after(int(MONTH_START[LAST - 1]) + read_day + DAYS_TO_SWAP)
    world.points.swap[int(np.searchsorted(world.points.owner, job.customer))] = int(day)


@on("readings", "MR-22")
def spoil_swap(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Enter a wrong start of the new meter, or no removal of the old; look-alikes have an ordinary swap."""
    if not job.fault:
        part.swap_start[row] = TEST_BENCH_KWH * CONSTANT_UNITS if job.index % 2 else 0
        say_point(part.world, job, "an ordinary swap, a few kWh of the test bench")
        return
    if job.index % 2 == 0:
        start = (20 + 5 * (job.index % 4)) * CONSTANT_UNITS
        part.swap_start[row] = start
        say_point(
            part.world,
            job,
            "the new meter is entered with a start it never showed",
            kwh=kwh_of(part, row, start),
            direction="company",
        )
        return
    part.no_removal[row] = True
    group, index = scene.of(row)
    days = np.array([part.boundary[row, LAST], group.swap[index]], dtype=np.int64)
    last, frozen = group.value(0, np.array([index, index], dtype=np.int64), days)
    say_point(
        part.world,
        job,
        "no reading of the old meter's removal",
        kwh=kwh_of(part, row, frozen - last),
        direction="company",
    )


@on("rows", "MR-24")
def add_point(world: World, job: Job, rows: Rows) -> None:
    """Add a check point without a meter; look-alikes are planned, or opened after the screening."""
    customers, row = world.customers, np.array([job.customer])
    planned = not job.fault and job.index % 2 == 0
    opened = in_month(LAST, 27) if not job.fault else in_month(AUGUST, 10 + job.index % 12)
    point = f"P{job.number}9"
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "org_no": str(world.network.station_numbers()[int(customers.station[job.customer])]),
            "district_id": identifier(district_ids(customers.district[row])), "feeder_id": identifier(feeder_ids(customers.feeder[row])),
            "usage": "check", "metering_mode": "lv_lv", "wiring": "1p2w", "class": "V", "status": "planned" if planned else "running",
            "opened_on": opened.date(),
        }
    )  # fmt: skip
    note = "a running point without a meter" if job.fault else "planned, or opened after the 25th"
    say(world, job, "metering_point", point, spans=((AUGUST, LAST),) if job.fault else NOW, note=note)


def identifier(ids: Ids) -> str:
    """Return the text of a single identifier."""
    return f"{ids.prefix}{ids.numbers[0]}"


@on("archive", "MR-25")
def mistake_meters(world: World, job: Job) -> None:
    """Choose more than one customer in a hundred of a station, whose readings shall differ; for the look-alike three."""
    customers = world.customers
    station = int(customers.station[job.customer])
    size = int((customers.station == station).sum())
    # No more than two stations: many wrong readings are wrong everywhere else too.
    wanted = max(LEAST_WRONG, size * 13 // 1_000) if job.fault else FEW_WRONG
    inside = home(world, 2, 10) & ~customers.special & (customers.feeder == customers.feeder[job.customer])
    free = np.flatnonzero(inside)
    # A toy county keeps its few homes for other plants.
    if job.index <= job.fault and len(free) >= 4 * wanted:
        job.memo["wrong"] = free[:wanted]
        customers.special[free[:wanted]] = True


@on("readings", "MR-25")
def misread_station(part: Part, job: Job, _row: int, _scene: ReadingScene) -> None:
    """Bill two kWh more than was frozen, too little for MR-02."""
    for customer in job.memo.get("wrong", []):
        part.deviation[part.main_row(int(customer)), LAST] = 2 * CONSTANT_UNITS


@on("bills", "MR-25")
def count_wrong(part: Part, job: Job, _row: int, _scene: BillScene) -> None:
    """Count, once a part, whose reading differs from the freeze by more than a unit, by whatever was planted."""
    memo = _first(part.world, job.rule).memo
    if part.number in memo.setdefault("parts", set()):
        return
    memo["parts"].add(part.number)
    main = np.flatnonzero((part.get("role") == MAIN) & (part.of_customer("closed") == NULL))
    main = main[(part.state[main, LAST] == READ) & ~np.isin(main, list(part.world.plan.lost_freezes(part)))]
    unit = 10 ** part.get("decimals")[main]
    gap = part.deviation[main, LAST] + part.total_gap[main, LAST]
    # Half an hour after midnight a reading may be ahead of the freeze by a twelfth of the day's use (fact freeze_month).
    day = np.clip(part.boundary[main, LAST + 1], 0, DAYS - 1)
    ahead = gap * 12 - part.metered[main, day] > 12 * unit
    wrong, station = (gap < -unit) | ahead, part.of_customer("station")[main]
    memo["all"] = memo.get("all", Counter()) + Counter(station.tolist())
    memo["wrong of"] = memo.get("wrong of", Counter()) + Counter(station[wrong].tolist())


@on("rows", "MR-25")
def say_stations(world: World, job: Job, _rows: Rows) -> None:
    """Name the stations whose rate is too high, whatever made it so, and those of the look-alikes whose rate is not."""
    counts = _first(world, job.rule).memo
    above = {
        station
        for station, wrong in counts["wrong of"].items()
        if wrong >= LEAST_CUSTOMERS and wrong * 200 > counts["all"][station]
    }
    orgs = world.network.station_numbers()
    if job is _first(world, job.rule):
        for station in sorted(above):
            say(
                world,
                job,
                "org",
                str(orgs[station]),
                note="readings of many customers differ from the freezes",
            )
    own = int(world.customers.station[job.customer])
    if not job.fault and "wrong" in job.memo and own not in above:
        say(world, job, "org", str(orgs[own]), note="readings of a few customers differ")


def _first(world: World, rule: str) -> Job:
    return next(job for job in world.plan.jobs if job.rule == rule)


RECIPES = (
    Recipe("MR-19", lambda w: home(w, 2, 6) & unwatched(w)),
    Recipe("MR-22", lambda w: home(w, 5, 30)),
    Recipe("MR-24", lambda w: home(w, 2, 30)),
    Recipe("MR-25", lambda w: home(w, 2, 30)),
)
