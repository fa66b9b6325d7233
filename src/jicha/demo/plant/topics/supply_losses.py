"""Planted faults of line loss (线损) beyond LL-05: jumps, feeders, reading days, master meters, edits, neglect, theft now and then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.answer_key import FAULT
from jicha.demo.grid import BASE, DAYS, LAST, MONTH_START, Bools, Ints, to_date
from jicha.demo.network import DISTRICT_BASE, FEEDER_BASE
from jicha.demo.plant.candidates import Recipe, alone, old
from jicha.demo.plant.registry import ALWAYS, NOW, Job, Rows, Spans, in_month, on, say, say_point, when
from jicha.demo.points import EXPORT, MAIN
from jicha.demo.world import ABSENT, MISSED, Part, World

SEPTEMBER, OCTOBER = DAYS - 61, DAYS - 31
MAY = int(MONTH_START[LAST - 5]) - BASE
WATCHED: Spans = ((LAST - 1, LAST),)  # the months in which all meters have daily freezes
LEAST_DAY = 50 * 10_000  # in 0.0001 kWh
NEIGHBOURS = 3  # customers of one special campaign
THEFT_DAYS = (6, 7, 12, 13, 19, 20)  # of October, from 0
LEAST_SHARE, MOST_SHARE = 0.02, 0.1  # of the feeder's energy
SUN_HOURS = 3  # full hours of the panels' power on a day
MOVING = (
    "LL-01",
    "LL-02",
    "LL-05",
    "LL-06",
    "LL-07",
    "LL-09",
    "LL-10",
    "MT-17",
)  # whose plants may make a district's loss jump
BLINDING = ("IN-13", "MR-14", "MR-15", "MR-19")  # whose plants leave energy of their district unknown
PAPERS = ("BL-01", "BL-04", "BL-12", "CL-05", "IN-01", "IN-12", "MT-04", "MT-05")


def district_of(world: World, job: Job) -> int:
    """Return the district of the job's customer; −1 where there is none."""
    return int(world.customers.district[job.customer]) if job.customer >= 0 else -1


def _say(world: World, job: Job, note: str, rule: str | None = None, spans: Spans = NOW) -> None:
    """Write the job into the key with its district; another rule that cannot but report it does so as a fault."""
    kind = FAULT if rule else job.kind
    subject = ("district", f"D{DISTRICT_BASE + district_of(world, job)}")
    for first, last in spans:
        world.plan.key.add(rule or job.rule, kind, subject, None, first, last, note=note)


@on("archive", "LL-03")
def jump(world: World, job: Job) -> None:
    """Let the loss rise on four days or fall on two; the look-alike's district is fed for another one on these days."""
    rises = job.index % 2 == 0
    span = (OCTOBER + 8, OCTOBER + 11, 107) if rises else (OCTOBER + 8, OCTOBER + 9, 94)
    world.plan.master_faults[district_of(world, job)] = [span]
    note = "loss rises on four days" if rises else "loss falls on two days"
    _say(world, job, note if job.fault else "load transferred for some days")


@on("rows", "LL-03")
def transfer(world: World, job: Job, rows: Rows) -> None:
    """Write the switching of a look-alike's district."""
    if not job.fault:
        rows["feeder_switching"].append(
            {
                "switching_id": f"SL{job.number}", "feeder_id": f"F{FEEDER_BASE + int(world.customers.feeder[job.customer])}",
                "district_id": f"D{DISTRICT_BASE + district_of(world, job)}", "from_at": when(OCTOBER + 8, 6), "to_at": when(OCTOBER + 11, 20),
            }
        )  # fmt: skip


@on("archive", "LL-04")
def lose_on_feeder(world: World, job: Job) -> None:
    """Let the head of the feeder pass 8 % more, or 4 % less; a district of the look-alike's was switched all month."""
    more = job.index % 2 == 0
    job.memo["feeder"] = int(world.customers.feeder[job.customer])
    job.memo["share"] = 108 if more else 96
    note = ("high loss" if more else "negative loss") if job.fault else "a district switched over all month"
    job.memo["subject"] = f"F{FEEDER_BASE + job.memo['feeder']}"
    say(world, job, "feeder", job.memo["subject"], spans=NOW, note=note)


@on("rows", "LL-04")
def switch_feeder(world: World, job: Job, rows: Rows) -> None:
    """Write the switching of a district to or from a look-alike's feeder."""
    if not job.fault:
        rows["feeder_switching"].append(
            {
                "switching_id": f"SF{job.number}", "feeder_id": job.memo["subject"], "district_id": f"D{DISTRICT_BASE + district_of(world, job)}",
                "from_at": when(OCTOBER - 2, 6), "to_at": when(DAYS - 1, 20),
            }
        )  # fmt: skip


@on("archive", "LL-06")
def split_reading_days(world: World, job: Job) -> None:
    """Read a large shop four days after the homes around it; look-alikes as all shops at the month's end."""
    if job.fault:
        world.customers.read_day[job.customer] = 9 + district_of(world, job) % 11
        world.customers.section[job.customer] = 2_000_000 + district_of(world, job)
    note = "a large shop read four days later" if job.fault else "a large shop read at the month's end"
    _say(world, job, note, spans=ALWAYS)


@on("archive", "LL-07")
def fail_master_meter(world: World, job: Job) -> None:
    """Let the master meter stand for a day or miss four; look-alikes miss two."""
    stands = job.fault and job.index % 2 == 0
    if stands:
        job.memo["zero"] = slice(OCTOBER + 22, OCTOBER + 23)
    else:
        job.memo["lost"] = slice(OCTOBER + 22, OCTOBER + (26 if job.fault else 24))
    note = "at zero for a day" if stands else "missing on four days" if job.fault else "missing on two days"
    _say(world, job, note)


@on("rows", "LL-08")
def edit_loss(world: World, job: Job, rows: Rows) -> None:
    """Lower what came in, or move a point to another district, without an order; look-alikes do so under one."""
    station = int(world.customers.station[job.customer])
    clerk = world.staff.one("line_loss", station, job.index)
    day = OCTOBER + 13
    order = None if job.fault else f"WL{job.number}"
    at = when(int(world.calendar.on_or_after(BASE + day + 2)) - BASE, 10, job.index)
    entry: dict[str, Any] = {
        "op_id": f"LL{job.number}", "account_id": f"A{clerk[1:]}", "terminal": f"PC-{clerk[1:]}", "at": at, "action": "update", "order_no": order,
    }  # fmt: skip
    if job.index % 3 == 2:
        now = f"D{DISTRICT_BASE + district_of(world, job)}"
        entry |= {"table_name": "metering_point", "record_key": job.point, "customer_no": job.number, "field": "district_id",
                  "old_value": f"D{DISTRICT_BASE + max(0, district_of(world, job) - 1)}", "new_value": now}  # fmt: skip
    else:
        kwh: Decimal = job.memo["supply"]
        key = f"D{DISTRICT_BASE + district_of(world, job)}|{to_date(BASE + day)}"
        entry |= {
            "table_name": "district_daily",
            "record_key": key,
            "field": "supply_kwh",
            "old_value": str(kwh + 60),
            "new_value": str(kwh),
        }
    rows["operation_log"].append(entry)
    if order:
        rows["work_order"].append(
            {
                "order_no": order, "kind": "meter_test", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
                "opened_at": at - timedelta(days=1), "closed_at": at + timedelta(days=1), "state": "done",
            }
        )  # fmt: skip
    note = "changed by hand" if job.fault else "changed under an order"
    say(world, job, "operation_log", entry["op_id"], spans=NOW, note=note)


@on("archive", "LL-09")
def neglect(world: World, job: Job) -> None:
    """Tap the district since May; look-alikes were inspected in a special campaign."""
    world.plan.master_faults[district_of(world, job)] = [(MAY, DAYS - 1, 113 + job.index % 3)]
    _say(world, job, "tapped since May" if job.fault else "tapped since May, but inspected", spans=WATCHED)
    _say(world, job, "follows", "LL-01", WATCHED)


@on("rows", "LL-09")
def inspect_district(world: World, job: Job, rows: Rows) -> None:
    """Inspect three customers of a look-alike's district in September."""
    if job.fault:
        return
    station = int(world.customers.station[job.customer])
    inside = (world.customers.district == district_of(world, job)) & old(world)
    for place, customer in enumerate(np.flatnonzero(inside)[:NEIGHBOURS]):
        day = in_month(LAST - 1, 10 + place).date()
        number = f"NL{job.number}{place}"
        rows["inspection"].append(
            {
                "inspection_no": number, "customer_no": str(int(customer) + 3_401_000_001), "kind": "special", "planned_on": day, "done_on": day,
                "inspector_1": world.staff.one("inspector", station), "inspector_2": world.staff.one("inspector", station, 1),
                "sheet_no": f"GZD{number}", "customer_signed": True, "hazard_found": False,
            }
        )  # fmt: skip


@on("archive", "LL-10")
def derive_supply(world: World, job: Job) -> None:
    """Take the supply from the sale, all October or for five days; look-alikes for two days."""
    first, last = (0, 31) if job.fault and job.index % 2 == 0 else (9, 14 if job.fault else 11)
    job.memo["copied"] = slice(OCTOBER + first, OCTOBER + last)
    _say(world, job, f"exactly nothing lost on {last - first} days")


@on("energy", "LL-11")
def take_now_and_then(part: Part, job: Job, row: int) -> None:
    """Hide 80 % of the energy on six days; look-alikes truly use so much less on these days."""
    days = OCTOBER + np.array(THEFT_DAYS)
    part.metered[row, days] = part.true[row, days] // 5
    if not job.fault:
        part.true[row] = part.metered[row]
    say_point(
        part.world, job, "80 % hidden on six days" if job.fault else "little used on six days", spans=NOW
    )


def measure_supply(part: Part, districts: Ints, supply: Ints) -> Ints:
    """Return the supply as the master meters show it: standing still, or taken from the sale."""
    for job in part.world.plan.jobs:
        row = _row(part, job, districts)
        if row is None:
            continue
        if "copied" in job.memo:
            days = job.memo["copied"]
            sold, export = _sold(part, district_of(part.world, job))
            supply[row, days] = (sold - export)[days]
        if "zero" in job.memo:
            supply[row, job.memo["zero"]] = 0
        if job.rule == "LL-08":
            job.memo["supply"] = Decimal(int(supply[row, OCTOBER + 13])).scaleb(-4)
    return supply


def arrived(part: Part, districts: Ints) -> Bools:
    """Return on which days the energy of each district's master meter was loaded."""
    result = np.ones((len(districts), DAYS), dtype=np.bool_)
    for job in part.world.plan.jobs:
        row = _row(part, job, districts)
        if row is not None and "lost" in job.memo:
            result[row, job.memo["lost"]] = False
    return result


def measure_feeders(part: Part, feeders: Ints, total: Ints) -> Ints:
    """Return the supply of the feeders in October as their head meters show it."""
    for job in part.world.plan.jobs:
        if job.rule == "LL-04":
            rows = np.flatnonzero(feeders == job.memo["feeder"])
            total[rows, OCTOBER:] = total[rows, OCTOBER:] * job.memo["share"] // 100
    return total


def tell_jumps(part: Part, districts: Ints, supply: Ints, loaded: Bools) -> None:
    """Write which districts another fault makes jump, by the arithmetic of LL-03: the rate of a day against the middle one."""
    seen: set[int] = set()
    for job in part.world.plan.jobs:
        if job.rule not in MOVING or district_of(part.world, job) < 0:
            continue
        own = district_of(part.world, job)
        for district in (own, own + 1) if job.rule == "LL-05" else (own,):
            row = np.flatnonzero(districts == district)
            if (
                len(row) == 1
                and part.customers.start <= job.customer < part.customers.stop
                and district not in seen
            ):
                seen.add(district)
                _tell(part, job, district, supply[row[0]], loaded[row[0]])


def _tell(part: Part, job: Job, district: int, supply: Ints, loaded: Bools) -> None:
    sold, export = _sold(part, district)
    incoming = supply + export
    known = _known(part, district)
    for month, days in ((LAST - 1, slice(SEPTEMBER, OCTOBER)), (LAST, slice(OCTOBER, DAYS))):
        usable = loaded[days] & (incoming[days] >= LEAST_DAY) & known[days]
        rate = 1 - sold[days][usable] / incoming[days][usable]
        away = np.abs(rate - _middle(rate))
        if (away > max(0.03, 5 * _middle(away))).sum() >= 2:
            _tell_of(part, job, district, "LL-03", month)
        if job.rule == "LL-05" and all(_fails(part, district, supply, month - back) for back in range(3)):
            _tell_of(part, job, district, "LL-09", month)


def _known(part: Part, district: int) -> Bools:
    """Return on which days every customer of a district has both registers: not on the first day of a new one or without a freeze."""
    known = np.ones(DAYS, dtype=np.bool_)
    for customer in np.flatnonzero(part.world.customers.district == district):
        first = int(part.world.customers.opened[customer]) - BASE
        if 0 <= first < DAYS:
            known[first] = False
        if int(customer) in part.world.plan.lost:
            begin, end = part.world.plan.lost[int(customer)]
            known[max(0, begin - 1) : end + 1] = False
    return known


def _tell_of(part: Part, job: Job, district: int, rule: str, month: int) -> None:
    subject = ("district", f"D{DISTRICT_BASE + district}")
    part.world.plan.key.add(rule, FAULT, subject, None, month, month, note=f"follows {job.rule}")


def _fails(part: Part, district: int, supply: Ints, month: int) -> bool:
    """Return whether a district is out of the limits of LL-09 in a month, by what was read and the supply between the readings."""
    sold = weighed = read = export = 0.0
    opened = part.of_customer("opened")
    for row in np.flatnonzero(part.of_customer("district") == district):
        if (
            part.state[row, month] == ABSENT
            and opened[row] < MONTH_START[month]
            and part.get("role")[row] == MAIN
        ):
            return False  # nobody knows what was used
        missed = bool(part.state[row, month] == MISSED)
        begin, end = (int(day) for day in part.boundary[row, month - missed : month + 2 - missed])
        energy = float(part.metered[row, begin:end].sum() * part.unit()[row])
        if part.get("role")[row] == EXPORT:
            export += energy
        elif part.get("role")[row] == MAIN:
            sold += energy
            if not missed:
                read += energy
                weighed += energy * float(supply[begin:end].sum())
    incoming = weighed / read + export
    return not -0.02 <= 1 - sold / incoming <= 0.08


def _middle(values: np.ndarray) -> float:
    """Return the middle one of some values, the lower of two."""
    return float(np.sort(values)[(len(values) - 1) // 2])


def _row(part: Part, job: Job, districts: Ints) -> int | None:
    """Return where the district of a job stands among those of the part."""
    inside = job.rule.startswith("LL-") and part.customers.start <= job.customer < part.customers.stop
    if not inside:
        return None
    rows = np.flatnonzero(districts == district_of(part.world, job))
    return int(rows[0]) if len(rows) else None


def _sold(part: Part, district: int) -> tuple[Ints, Ints]:
    """Return what the main meters of a district took and what its generators exported, by day in 0.0001 kWh."""
    members = np.flatnonzero(part.of_customer("district") == district)
    role = part.get("role")[members]
    energy = part.metered[members] * part.unit()[members, None]
    return energy[role == MAIN].sum(axis=0), energy[role == EXPORT].sum(axis=0)


def _free(world: World) -> list[Ints]:
    """Return three groups of districts whose loss no older plant watches; those of the last may be blind on many days."""
    watched = {
        place
        for job in world.plan.jobs
        if job.rule in ("LL-01", "LL-02", "LL-05")
        for place in (district_of(world, job), district_of(world, job) + 1 if job.rule == "LL-05" else -1)
    }
    # What a sunny district exports does not pass its master meter: a share of what does says little there.
    low = world.customers.district >= 0
    used = np.bincount(world.customers.district[low], weights=world.customers.base[low])
    panels = np.bincount(world.customers.district[low], weights=world.customers.pv_kw[low])
    watched |= {int(district) for district in np.flatnonzero(SUN_HOURS * panels > used / 4)}
    blind = {district_of(world, job) for job in world.plan.jobs if job.rule in BLINDING} - watched
    bright = [d for d in range(len(world.network.district_feeder)) if d not in watched | blind]
    return [
        np.array(group, dtype=np.int64) for group in (bright[::3], bright[1::3], bright[2::3] + sorted(blind))
    ]


def _ordinary(world: World) -> Bools:
    """Return homes that no other plant sits on."""
    people = world.customers
    return np.asarray(
        people.of("urban_home", "rural_home") & old(world) & ~people.special & (people.pv_kw == 0)
    )


def _of_free(place: int) -> Callable[[World], Bools]:
    """Return one customer in each free district of a group, but none where a district is switched over (LL-04)."""

    def choose(world: World) -> Bools:
        switched = [
            district_of(world, job) for job in world.plan.jobs if job.rule == "LL-04" and not job.fault
        ]
        chosen = np.setdiff1d(_free(world)[place], np.array(switched, dtype=np.int64))
        return alone(world, _ordinary(world) & np.isin(world.customers.district, chosen))

    return choose


def _of_watched(world: World) -> Bools:
    """Return one customer in each district whose loss LL-01 or LL-02 watches."""
    chosen = [district_of(world, job) for job in world.plan.jobs if job.rule in ("LL-01", "LL-02")]
    return alone(world, _ordinary(world) & np.isin(world.customers.district, np.array(chosen)))


def _on_feeder(remainder: int) -> Callable[[World], Bools]:
    """Return one home on each third feeder."""

    def choose(world: World) -> Bools:
        return _first(world, np.flatnonzero(_ordinary(world) & (world.customers.feeder % 3 == remainder)))

    return choose


def _switched(world: World) -> Bools:
    """Return one home on each third feeder, in a district that may be switched over."""
    inside = np.isin(world.customers.district, _free(world)[2]) & (world.customers.feeder % 3 == 1)
    return _first(world, np.flatnonzero(_ordinary(world) & inside))


def _large_shop(world: World) -> Bools:
    """Return shops that take more than a sixth of the energy of their district."""
    people = world.customers
    low = people.district >= 0
    whole = np.bincount(people.district[low], weights=people.base[low])
    fits = people.of("shop", "workshop") & old(world) & ~people.special & (people.read_day == 1)
    fits[low] &= 6 * people.base[low] > whole[people.district[low]]
    return alone(world, fits & low)


def _large(remainder: int) -> Callable[[World], Bools]:
    """Return the largest works of each third feeder that is not quite all of it and carries no plant but one of papers."""

    def choose(world: World) -> Bools:
        people = world.customers
        whole = np.bincount(people.feeder, weights=people.base)
        burdened = [job.customer for job in world.plan.jobs if job.rule not in PAPERS and job.customer >= 0]
        fits = (
            people.is_hv() & ~people.of("hv_pump", "hv_farm") & old(world) & (people.feeder % 3 == remainder)
        )
        fits[np.array(burdened, dtype=np.int64)] = False
        share = people.base / whole[people.feeder]
        rows = np.flatnonzero(fits & (share >= LEAST_SHARE) & (share <= MOST_SHARE))
        return _first(world, rows[np.argsort(-people.base[rows], kind="stable")])

    return choose


def _first(world: World, rows: Ints) -> Bools:
    """Return the first of some customers on each feeder."""
    _, first = np.unique(world.customers.feeder[rows], return_index=True)
    result = np.zeros(len(world.customers), dtype=np.bool_)
    result[rows[first]] = True
    return result


RECIPES: tuple[Recipe, ...] = (
    Recipe("LL-06", _large_shop),
    Recipe("LL-04", _on_feeder(0), alike=_switched),
    Recipe("LL-03", _of_free(0)),
    Recipe("LL-10", _of_free(1)),
    Recipe("LL-09", _of_free(2)),
    Recipe("LL-07", _of_watched),
    Recipe("LL-08", _ordinary),
    Recipe("LL-11", _large(2), own=True, alike=_large(1), alike_own=True, beside=True),
)
