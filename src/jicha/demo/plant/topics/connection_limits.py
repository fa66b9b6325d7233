"""Planted faults of the time limits and the course of orders (业扩时限), and of suspensions and reductions beyond theirs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import NULL, Bools, day_number, to_date
from jicha.demo.orders import CONTRACTORS
from jicha.demo.plant.candidates import Recipe, home, hv, of_main, old
from jicha.demo.plant.registry import NOW, Job, Rows, on, say, say_customer
from jicha.demo.points import CAPACITY, HV_HV, MAIN, VOLTAGES
from jicha.demo.prices import unit_price
from jicha.demo.transformers import REDUCED, SUSPENDED
from jicha.demo.world import World

# Node, working day on which it starts, working day on which it ends (None: still open), days suspended for the customer's sake.
Step = tuple[str, int, int | None, int]
SEPTEMBER = date(2026, 9, 14)
POSTS = {"survey": "inspector", "meter_install": "meter_installer", "approve": "manager"}


def write_order(
    world: World,
    job: Job,
    rows: Rows,
    name: str,
    kind: str,
    opened: date,
    steps: tuple[Step, ...],
    **more: Any,
) -> str:
    """Write an order of the job's station and its steps, counted in working days from a day; `more` says what else the order holds.

    An order is done when its last step has ended, unless `more` says otherwise.
    """
    number = f"W{name}{job.number}"
    start = int(world.calendar.on_or_after(day_number(opened)))
    nodes = [_node(world, job, number, start, place, step) for place, step in enumerate(steps)]
    station = int(world.customers.station[job.customer])
    ended = nodes[-1]["finished_at"]
    rows["work_order"].append(
        {
            "order_no": number, "kind": kind, "org_no": str(world.network.station_numbers()[station]), "supply": "lv_res",
            "opened_at": nodes[0]["started_at"], "closed_at": ended, "state": "open" if ended is None else "done", "materials_requested": 1, **more,
        }
    )  # fmt: skip
    rows["work_order_node"] += nodes
    return number


def _node(world: World, job: Job, number: str, start: int, place: int, step: Step) -> dict[str, Any]:
    name, begin, end, suspended = step
    station = int(world.customers.station[job.customer])
    return {
        "order_no": number, "seq": place + 1, "node": name, "started_at": _at(world, start, begin, 9 + place - 1 if place else 8, 40),
        "finished_at": None if end is None else _at(world, start, end, 9 + place, 20),
        "operator_id": world.staff.one(POSTS.get(name, "connection"), station, place), "suspended_working_days": suspended,
    }  # fmt: skip


def _at(world: World, start: int, count: int, hour: int, minute: int) -> datetime:
    day = to_date(int(world.calendar.shift(start, count)))
    return datetime(day.year, day.month, day.day, hour, minute)


def say_order(world: World, job: Job, number: str, note: str, **more: Any) -> None:
    """Write the job into the answer key with an order as its subject."""
    say(world, job, "work_order", number, spans=NOW, note=note, **more)


@on("rows", "BX-01")
def answer_late(world: World, job: Job, rows: Rows) -> None:
    """Answer a factory after seventeen working days, or a home after four; look-alikes waited for the customer or are in time."""
    waited = 0 if job.fault else 2
    if job.index % 2 == 0:
        steps: tuple[Step, ...] = (("accept", 0, 0, 0), ("survey", 0, 8, waited), ("plan_reply", 8, 17, 0))
        more: dict[str, Any] = {"supply": "hv_single", "materials_requested": 2, "capacity_kva": 400}
    else:
        steps = (("accept", 0, 0, 0), ("survey", 0, 2, 0), ("plan_reply", 2, 4 if job.fault else 3, 0))
        more = {"capacity_kva": 8}
    opened = date(2026, 9, 15 + job.index % 3) if job.index % 2 == 0 else date(2026, 10, 12 + job.index % 3)
    # The customer goes on with its own works, so the order stays open after the reply.
    number = write_order(
        world, job, rows, "A", "new_connection", opened, steps, **more, state="open", closed_at=None
    )
    alike = (
        "two of seventeen days suspended by the customer"
        if job.index % 2 == 0
        else "answered on the third day"
    )
    late = (
        "answered after seventeen working days" if job.index % 2 == 0 else "answered after four working days"
    )
    say_order(world, job, number, late if job.fault else alike)


CHECKS = (("design_review", 11), ("mid_check", 6), ("final_check", 6))


@on("rows", "BX-02")
def check_late(world: World, job: Job, rows: Rows) -> None:
    """Review drawings for eleven working days, or check works for six; look-alikes end a day earlier, or the customer had to repair."""
    node, days = CHECKS[job.index % len(CHECKS)]
    repaired = 0 if job.fault or job.index % 2 else 1
    took = days if job.fault or repaired else days - 1
    steps: tuple[Step, ...] = (
        ("accept", 0, 0, 0),
        ("survey", 0, 1, 0),
        ("plan_reply", 1, 3, 0),
        (node, 12, 12 + took, repaired),
    )
    number = write_order(
        world, job, rows, "B", "new_connection", date(2026, 9, 17), steps, supply="hv_single", materials_requested=2, capacity_kva=315, state="open",
        closed_at=None,
    )  # fmt: skip
    alike = (
        "a day of it suspended while the customer repaired" if repaired else "on the last day of the limit"
    )
    say_order(world, job, number, f"{node} took {took} working days" if job.fault else alike)


@on("rows", "BX-07")
def start_anew(world: World, job: Job, rows: Rows) -> None:
    """Cancel an application after four days and take it again; look-alikes ask for another capacity, or come back after 40 days."""
    who = {
        "applicant": f"申请人{job.number[-4:]}",
        "address": f"青溪县新桥路{job.number[-4:]}号",
        "supply": "lv_nonres",
        "materials_requested": 2,
    }
    other = not job.fault and job.index % 2 == 0
    begun = date(2026, 8, 20) if not job.fault and not other else date(2026, 9, 22)
    steps: tuple[Step, ...] = (("accept", 0, 0, 0), ("survey", 0, 3, 0))
    ended = _at(world, int(world.calendar.on_or_after(day_number(begun))), 4, 15, 30)
    write_order(
        world,
        job,
        rows,
        "C",
        "new_connection",
        begun,
        steps,
        **who,
        capacity_kva=50,
        state="cancelled",
        closed_at=ended,
    )
    again: tuple[Step, ...] = (
        ("accept", 0, 0, 0),
        ("survey", 0, 1, 0),
        ("plan_reply", 1, 2, 0),
        ("contract", 2, 3, 0),
    )
    number = write_order(
        world, job, rows, "D", "new_connection", date(2026, 10, 14), again, **who, capacity_kva=80 if other else 50, state="open", closed_at=None
    )  # fmt: skip
    alike = "came back for another capacity" if other else "came back after more than a month"
    say_order(world, job, number, "cancelled and applied for again within weeks" if job.fault else alike)


@on("rows", "BX-08")
def ask_too_much(world: World, job: Job, rows: Rows) -> None:
    """Ask a home for three papers, or send it back twice; the look-alike came back once with the one paper that is asked for."""
    often = job.index % 2 == 1
    repeats: tuple[Step, ...] = (("accept", 1, 1, 0), ("accept", 2, 2, 0))
    steps: tuple[Step, ...] = (
        ("accept", 0, 0, 0),
        *(repeats if job.fault and often else repeats[:1]),
        ("survey", 2, 2, 0),
        ("plan_reply", 2, 3, 0),
    )
    number = write_order(
        world, job, rows, "E", "new_connection", date(2026, 10, 26), steps, capacity_kva=8, state="open", closed_at=None,
        materials_requested=3 if job.fault and not often else 1,
    )  # fmt: skip
    fault = "handed in three times" if often else "three papers asked for"
    say_order(world, job, number, fault if job.fault else "handed in again once")


MARCH, TWO_YEARS_AGO = day_number(date(2026, 3, 1)), day_number(date(2024, 8, 15))
SEPTEMBER_5, SEPTEMBER_20 = day_number(date(2026, 9, 5)), day_number(date(2026, 9, 20))
YEAR_END, NEXT_SUMMER = day_number(date(2026, 12, 31)), day_number(date(2027, 6, 30))


def _capacity_yuan(world: World, job: Job) -> Decimal:
    """Return what a month of the customer's last transformer costs by capacity."""
    row = int(np.flatnonzero((world.points.owner == job.customer) & (world.points.role == MAIN))[0])
    voltage = VOLTAGES[int(world.points.price_voltage[row])]
    price = unit_price("CI_TWO", voltage, "capacity", "any", day_number(date(2026, 9, 16)))
    return (
        Decimal(int(world.transformers.kva[_last_unit(world, job)]) * price)
        .scaleb(-9)
        .quantize(Decimal("0.01"))
    )


def _last_unit(world: World, job: Job) -> int:
    return int(np.searchsorted(world.transformers.owner, job.customer, side="right")) - 1


def _stop(world: World, job: Job, begin: int, end: int, agreed: int, state: int = SUSPENDED) -> None:
    units, unit = world.transformers, _last_unit(world, job)
    units.suspended_from[unit], units.suspended_to[unit] = begin, end
    units.agreed_until[unit], units.state[unit] = agreed, state


@on("archive", "BX-10")
def suspend_beyond_limit(world: World, job: Job) -> None:
    """Suspend for eight months, or for nine days; look-alikes for fifteen days, or with an exemption on file."""
    if job.index % 2 == 0:
        _stop(world, job, MARCH, NULL, YEAR_END)
    else:
        end = SEPTEMBER_5 + (9 if job.fault else 15)
        _stop(world, job, SEPTEMBER_5, end, end)
    if not job.fault:
        say_customer(
            world,
            job,
            "suspended for fifteen days" if job.index % 2 else "an exemption is on file",
            spans=NOW,
        )
    elif job.index % 2:
        # The bill counts a suspension as short as that as in service.
        say_customer(
            world, job, "suspended for nine days", spans=NOW, yuan=Decimal("0.00"), direction="company"
        )
    else:
        yuan = _capacity_yuan(world, job)
        say_customer(
            world, job, "suspended for eight months of the year", spans=NOW, yuan=yuan, direction="company"
        )


@on("archive", "BX-11")
def stay_reduced(world: World, job: Job) -> None:
    """Stay reduced past two years or past the agreed end; look-alikes have time left, or an extension."""
    if job.fault and job.index % 2 == 0:
        _stop(world, job, TWO_YEARS_AGO, NULL, NULL, REDUCED)
        say_customer(
            world,
            job,
            "reduced for more than two years",
            spans=NOW,
            yuan=_capacity_yuan(world, job),
            direction="company",
        )
        return
    ahead = not job.fault and job.index % 2 == 0
    _stop(world, job, MARCH, NULL, NEXT_SUMMER if ahead else SEPTEMBER_20, REDUCED)
    if job.fault:
        # The bill charges from the agreed end on by itself.
        say_customer(
            world, job, "the agreed end has passed", spans=NOW, yuan=Decimal("0.00"), direction="company"
        )
    else:
        say_customer(world, job, "the agreed end lies ahead" if ahead else "extended by an order", spans=NOW)


@on("rows", "BX-11")
def extend(world: World, job: Job, rows: Rows) -> None:
    """Write the order that extends every other look-alike's reduction."""
    if not job.fault and job.index % 2:
        steps: tuple[Step, ...] = (
            ("accept", 0, 0, 0),
            ("survey", 1, 2, 0),
            ("approve", 2, 4, 0),
            ("archive", 5, 6, 0),
        )
        write_order(
            world, job, rows, "F", "capacity_reduction", date(2026, 9, 8), steps, customer_no=job.number, supply="hv_single", materials_requested=2
        )  # fmt: skip


FAULT_STATIONS, PROJECTS, FAVOURED = 3, 30, 27


@on("rows", "BX-23")
def favour(world: World, job: Job, rows: Rows) -> None:
    """Give one contractor 27 of a station's 30 projects; the look-alike gives three of them ten each, at another station."""
    stations = world.network.stations
    place = job.index if job.fault else FAULT_STATIONS + job.index
    if job.index >= FAULT_STATIONS or place >= stations:
        return
    station = int(world.network.station_numbers()[place])
    for rank in range(PROJECTS):
        chosen = CONTRACTORS[0] if rank < FAVOURED else CONTRACTORS[rank - FAVOURED + 1]
        opened = date(2026, 1 + rank % 8, 12)
        steps: tuple[Step, ...] = (
            ("accept", 0, 0, 0),
            ("survey", 0, 2, 0),
            ("plan_reply", 2, 4, 0),
            ("contract", 4, 5, 0),
            ("energise", 8, 8, 0),
        )
        write_order(
            world, job, rows, f"L{rank}", "new_connection", opened, steps, org_no=str(station), supply="hv_single", materials_requested=2, capacity_kva=400,
            contractor=chosen if job.fault else CONTRACTORS[rank % 3],
        )  # fmt: skip
    say(
        world,
        job,
        "org",
        str(station),
        spans=NOW,
        note="one contractor built 27 of 30" if job.fault else "three contractors, ten projects each",
    )


LATE = (("relocation", 16), ("rename", 6), ("transfer", 6), ("category_change", 6))


@on("rows", "BX-25")
def dawdle(world: World, job: Job, rows: Rows) -> None:
    """Leave an order open beyond the limit of its kind; look-alikes end on the last day, or waited for the customer."""
    kind, days = LATE[job.index % len(LATE)]
    waited = 2 if not job.fault and job.index % 2 else 0
    took = days if job.fault or waited else days - 2
    steps: tuple[Step, ...] = (("accept", 0, 0, 0), ("approve", 0, 1, waited), ("archive", took - 1, took, 0))
    number = write_order(
        world, job, rows, "N", kind, date(2026, 9, 22 + job.index % 3), steps, customer_no=job.number
    )
    alike = "two of the days suspended by the customer" if waited else "in time"
    say_order(world, job, number, f"{kind} took {took} working days" if job.fault else alike)


def by_capacity(world: World) -> Bools:
    """Return who is charged by capacity and metered at high voltage."""
    return np.asarray((of_main(world, "basic") == CAPACITY) & (of_main(world, "mode") == HV_HV) & old(world))


RECIPES: tuple[Recipe, ...] = (
    *(
        Recipe(rule, lambda w: home(w, 2, 30))
        for rule in ("BX-01", "BX-02", "BX-07", "BX-08", "BX-23", "BX-25")
    ),
    *(
        Recipe(rule, by_capacity, alike=lambda w: hv("hv_charging")(w) & (of_main(w, "mode") == HV_HV))
        for rule in ("BX-10", "BX-11")
    ),
)
