"""Planted faults of connection and change (业扩变更): BX-03 … BX-12."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from jicha.demo.grid import LAST, NULL, day_number, to_date
from jicha.demo.plant.registry import NOW, Job, Rows, on, say, say_customer
from jicha.demo.segments import SEGMENTS
from jicha.demo.world import World

OPENED = day_number(date(2026, 10, 22))
# Node, working day on which it starts, working day on which it ends, counted from the application.
Schedule = tuple[tuple[str, int, int], ...]
NORMAL: Schedule = (
    ("accept", 0, 0),
    ("survey", 0, 1),
    ("plan_reply", 1, 1),
    ("contract", 1, 2),
    ("meter_install", 2, 3),
    ("energise", 3, 3),
    ("archive", 3, 4),
)
SLOW_INSTALL: Schedule = (
    ("accept", 0, 0),
    ("survey", 0, 0),
    ("plan_reply", 0, 1),
    ("contract", 1, 1),
    ("meter_install", 1, 8),
    ("energise", 8, 8),
    ("archive", 8, 8),
)
SLOW_ALL: Schedule = (
    ("accept", 0, 0),
    ("survey", 0, 4),
    ("plan_reply", 4, 7),
    ("contract", 7, 8),
    ("meter_install", 8, 9),
    ("energise", 9, 9),
    ("archive", 9, 9),
)


@on("archive", "BX-03", "BX-04", "BX-05", "BX-06")
def come_in_october(world: World, job: Job) -> None:
    """Connect the customer in the audited month; the order is written by hand."""
    world.customers.opened[job.customer] = OPENED - job.index % 2
    rows = world.points.owner == job.customer
    world.points.installed[rows] = world.customers.opened[job.customer]
    world.points.verified[rows] = world.customers.opened[job.customer] - 40
    world.points.start[rows] = 0
    world.plan.own_orders.add(job.customer)


@on("rows", "BX-03")
def install_late(world: World, job: Job, rows: Rows) -> None:
    """Take seven working days to hang the meter; the look-alike takes them because the customer was not ready."""
    order = _order(world, job, rows, SLOW_INSTALL, 8, {} if job.fault else {"meter_install": 6})
    say(
        world,
        job,
        "work_order",
        order,
        spans=NOW,
        note="seven working days to hang the meter"
        if job.fault
        else "six of the days suspended by the customer",
    )
    if job.fault:
        say(world, job, "work_order", order, rule="BX-04", spans=NOW, note="follows")


@on("rows", "BX-04")
def take_long(world: World, job: Job, rows: Rows) -> None:
    """Take nine working days in all; the look-alike was suspended for six of them."""
    order = _order(world, job, rows, SLOW_ALL, 9, {} if job.fault else {"survey": 3, "plan_reply": 3})
    say(
        world,
        job,
        "work_order",
        order,
        spans=NOW,
        note="nine working days in all" if job.fault else "six of nine days suspended by the customer",
    )
    if job.fault and SEGMENTS[int(world.customers.segment[job.customer])].kind == "lv_res":
        # Of the nine days a home waits seven for its supply plan.
        say(world, job, "work_order", order, rule="BX-01", spans=NOW, note="follows")


@on("rows", "BX-05")
def start_before_application(world: World, job: Job, rows: Rows) -> None:
    """Hang the meter before the application; the look-alike on the day of the application."""
    order = _order(world, job, rows, NORMAL, -2 if job.fault else 0, {})
    say(
        world,
        job,
        "work_order",
        order,
        spans=NOW,
        note="meter installed and energised before the application"
        if job.fault
        else "applied and connected on one day",
    )


@on("rows", "BX-06")
def fake_steps(world: World, job: Job, rows: Rows) -> None:
    """Finish three nodes within a minute by one user; the look-alike's are an hour apart."""
    order = _order(world, job, rows, NORMAL, 3, {})
    nodes = [node for node in rows["work_order_node"] if node["order_no"] == order]
    if job.fault:
        first = nodes[1]
        for place, node in enumerate(nodes[1:4]):
            node |= {
                "finished_at": first["finished_at"] + timedelta(seconds=15 * place),
                "operator_id": first["operator_id"],
                "started_at": first["started_at"],
            }
    say(
        world,
        job,
        "work_order",
        order,
        spans=NOW,
        note="three nodes finished within a minute by one user" if job.fault else "nodes an hour apart",
    )


@on("archive", "BX-09")
def stay_suspended(world: World, job: Job) -> None:
    """Let a suspension run past its agreed end; the look-alike's end lies ahead."""
    agreed = date(2026, 10, 12 + job.index % 9) if job.index % 2 == 0 else date(2026, 8, 15)
    if not job.fault:
        agreed = date(2026, 12, 15)
    _suspend(world, job, date(2026, 7, 1), agreed)
    spans = NOW if agreed.month == 10 else ((11, LAST),)
    say_customer(world, job, f"agreed until {agreed}, still suspended", spans=spans if job.fault else NOW)


@on("archive", "BX-12")
def use_while_suspended(world: World, job: Job) -> None:
    """Use energy while all transformers are suspended; the look-alike uses none."""
    _suspend(world, job, date(2026, 8, 1), date(2026, 12, 28))
    if job.fault:
        world.plan.using_while_suspended.add(job.customer)
    world.plan.curve_customers.append(job.customer)
    say_customer(
        world,
        job,
        "energy while fully suspended" if job.fault else "suspended and still",
        spans=((11, LAST),),
    )


def _suspend(world: World, job: Job, begin: date, agreed: date) -> None:
    units = world.transformers
    rows = np.flatnonzero(units.owner == job.customer)
    units.suspended_from[rows] = day_number(begin)
    units.suspended_to[rows] = NULL
    units.agreed_until[rows] = day_number(agreed)


def _order(
    world: World, job: Job, rows: Rows, schedule: Schedule, done_on: int, suspended: dict[str, int]
) -> str:
    """Write a new-connection order whose working day `done_on` is the day the customer was connected."""
    opened = int(world.customers.opened[job.customer])
    start = int(world.calendar.shift(opened, -done_on))
    station = int(world.customers.station[job.customer])
    segment = SEGMENTS[int(world.customers.segment[job.customer])]
    number = f"W{job.number}1"
    nodes = [_node(world, job, number, start, place, step, suspended) for place, step in enumerate(schedule)]
    rows["work_order"].append(
        {
            "order_no": number, "kind": "new_connection", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
            "capacity_kva": int(world.customers.kva[job.customer]), "supply": "lv_res" if segment.kind == "lv_res" else "lv_nonres",
            "opened_at": nodes[0]["started_at"], "closed_at": nodes[-1]["finished_at"], "state": "done", "materials_requested": 1,
        }
    )  # fmt: skip
    rows["work_order_node"] += nodes
    return number


def _node(
    world: World,
    job: Job,
    number: str,
    start: int,
    place: int,
    step: tuple[str, int, int],
    suspended: dict[str, int],
) -> dict[str, Any]:
    name, begin, end = step
    station = int(world.customers.station[job.customer])
    post = {"survey": "inspector", "meter_install": "meter_installer"}.get(name, "connection")
    return {
        "order_no": number, "seq": place + 1, "node": name, "started_at": _at(world, start, begin, 9 + place - 1 if place else 8, 40),
        "finished_at": _at(world, start, end, 9 + place, 20), "operator_id": world.staff.one(post, station, place),
        "suspended_working_days": suspended.get(name, 0),
    }  # fmt: skip


def _at(world: World, start: int, count: int, hour: int, minute: int) -> datetime:
    day = to_date(int(world.calendar.shift(start, count)))
    return datetime(day.year, day.month, day.day, hour, minute)
