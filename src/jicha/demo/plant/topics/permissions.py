"""Planted faults of accounts and data (权限与数据): PM-03 … PM-08."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.charges import ITEMS
from jicha.demo.grid import BASE, LAST, MONTH_START, Ints
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.candidates import Recipe, home
from jicha.demo.plant.permission import hire
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say, say_customer
from jicha.demo.world import Part, World


@on("archive", "PM-03", "PM-04", "PM-05")
def open_account(world: World, job: Job) -> None:
    """Hire somebody whose account is watched."""
    job.memo["person"] = hire(world, job, post="connection")
    job.memo["customer"] = job.number
    job.customer = -1


def _log(job: Job, person: object, rank: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "op_id": f"LX{job.rule[3:]}{person}{rank:03d}", "account_id": f"A{person}", "terminal": f"PC-{person}", "at": at, "action": "update", **more,
    }  # fmt: skip


def _say_account(world: World, job: Job, note: str) -> None:
    say(world, job, "account", f"A{job.memo['person']}", spans=NOW, note=note)


@on("rows", "PM-03")
def lend_account(world: World, job: Job, rows: Rows) -> None:
    """Work at two desks within two minutes; look-alikes walk over in ten, or write the terminal in small letters."""
    person = job.memo["person"]
    at = in_month(LAST, 12 + job.index % 15, 9, 30)
    gap, other, note = 2, f"PC-{person}B", "two terminals within two minutes"
    if not job.fault:
        gap, other, note = (
            (10, f"PC-{person}B", "ten minutes between two terminals")
            if job.index % 2 == 0
            else (1, f"pc-{person}", "one terminal, written in two ways")
        )
    rows["operation_log"] += [
        _log(job, person, 0, at, action="login"),
        _log(job, person, 1, at + timedelta(minutes=gap), action="login", terminal=other),
    ]
    _say_account(world, job, note)


@on("rows", "PM-04")
def edit_in_bulk(world: World, job: Job, rows: Rows) -> None:
    """Change sixty telephone numbers in a day without an order; look-alikes have one, or change fifty."""
    person = job.memo["person"]
    at = in_month(LAST, 12 + job.index % 10, 9)
    count, order = (60, None) if job.fault else (60, f"WP{job.memo['customer']}")
    if not job.fault and job.index % 2:
        count, order = 50, None
    if order:
        rows["work_order"].append(_campaign(world, job, order, at))
    first = int(job.memo["customer"])
    for rank in range(count):
        number = 3_401_000_001 + (first - 3_401_000_001 + rank) % len(world.customers)
        rows["operation_log"].append(
            _log(
                job, person, rank, at + timedelta(minutes=2 * rank), table_name="customer", record_key=str(number), customer_no=str(number),
                field="phone", old_value="无", new_value=f"139{number % 100_000_000:08d}", order_no=order,
            )
        )  # fmt: skip
    _say_account(world, job, f"{count} records in a day, {'under an order' if order else 'no order'}")


def _campaign(world: World, job: Job, order: str, at: datetime) -> dict[str, Any]:
    station = int(world.customers.station[int(job.memo["customer"]) - 3_401_000_001])
    return {
        "order_no": order, "kind": "report", "org_no": str(world.network.station_numbers()[station]), "opened_at": at - timedelta(days=1),
        "closed_at": at + timedelta(days=1), "state": "done",
    }  # fmt: skip


NIGHT = (
    ("meter_installation", "multiplier", "30", "30"),
    ("reading", "value", "1200", "1180"),
    ("late_fee_waiver", None, None, None),
    ("price_scheme", "fixed_verified_on", "2025-10-01", "2026-10-01"),
)


@on("rows", "PM-05")
def change_at_night(world: World, job: Job, rows: Rows) -> None:
    """Touch multiplier, reading, waiver or scheme at night; look-alikes do it at six, or touch a telephone number."""
    person = job.memo["person"]
    table, field, before, after = NIGHT[job.index % len(NIGHT)]
    hour, minute = (23, 10) if job.index % 2 == 0 else (2, 40)
    note = f"{table} at {hour}:{minute}"
    if not job.fault:
        hour, minute, note = 6, 0, f"{table} at six in the morning"
        if job.index % 2:
            table, field, hour, note = "customer", "phone", 23, "a telephone number at night"
    number = job.memo["customer"]
    rows["operation_log"].append(
        _log(
            job, person, 0, in_month(LAST, 12 + job.index % 15, hour, minute), table_name=table, record_key=number, customer_no=number,
            field=field, old_value=before, new_value=after,
        )
    )  # fmt: skip
    _say_account(world, job, note)


@on("rows", "PM-06")
def change_alone(world: World, job: Job, rows: Rows) -> None:
    """Log a change of what a bill is computed with that nobody reviews; look-alikes are approved in the log or by an order."""
    station = int(world.customers.station[job.customer])
    person = world.staff.one("connection", station)[1:]
    manager = world.staff.one("manager", station)
    at = in_month(LAST, 12 + job.index % 12, 10, 15)
    changed = {"table_name": "price_scheme", "record_key": f"{job.point}|2020-01-01"}
    order = f"WC{job.number}"
    rows["operation_log"].append(
        _log(
            job, person, 0, at, **changed, customer_no=job.number, field=("tou", "line_loss_pct", "step_scheme")[job.index % 3],
            old_value="是", new_value="否", order_no=None if job.fault or job.index % 2 == 0 else order, op_id=f"LX06{job.number}0",
        )
    )  # fmt: skip
    note = "nobody reviewed the change"
    if not job.fault and job.index % 2 == 0:
        rows["operation_log"].append(
            _log(job, manager[1:], 1, at + timedelta(days=1), **changed, action="approve", op_id=f"LX06{job.number}1")
        )  # fmt: skip
        note = "approved by the manager the day after"
    elif not job.fault:
        rows["work_order"].append(
            {
                "order_no": order, "kind": "price_change", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
                "opened_at": at - timedelta(days=2), "closed_at": at + timedelta(hours=2), "state": "done",
            }
        )  # fmt: skip
        rows["work_order_node"].append(
            {
                "order_no": order, "seq": 1, "node": "approve", "started_at": at - timedelta(days=1), "finished_at": at - timedelta(hours=20),
                "operator_id": manager, "suspended_working_days": 0,
            }
        )  # fmt: skip
        note = "the order was approved by the manager"
    say(world, job, "operation_log", f"LX06{job.number}0", spans=NOW, note=note)


@on("archive", "PM-07")
def own_a_home(world: World, job: Job) -> None:
    """Let the customer belong to an employee: with privileges, or without in every other look-alike."""
    post = "calculator" if job.fault or job.index % 2 == 0 else "line_loss"
    number = world.staff.ids(post, np.array([world.customers.station[job.customer]]), job.index).numbers[0]
    world.plan.employee_of[job.customer] = int(number)


def _falls(job: Job) -> bool:
    return job.index % 2 == 0 if job.fault else job.index % 2 == 1


@on("energy", "PM-07")
def meter_little(part: Part, job: Job, row: int) -> None:
    """Let the meter count a third in the last cycle; look-alikes without privileges use as little, the others what they did."""
    if _falls(job):
        days = slice(int(part.planned[row, LAST]), int(part.planned[row, LAST + 1]))
        part.metered[row, days] = part.metered[row, days] // 3
        if not job.fault:
            part.true[row, days] = part.metered[row, days]
        note = "energy fell to a third" if job.fault else "energy fell, an employee without privileges"
        say_customer(part.world, job, note, spans=NOW)
    elif not job.fault:
        say_customer(part.world, job, "a calculator's home, billed as it should be", spans=NOW)


@on("bills", "PM-07")
def bill_little(part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Type a tenth less for the energy of every other employee's home."""
    attempt = scene.attempt(job, row, LAST) if job.fault and not _falls(job) else None
    if attempt is None:
        return
    attempt.alter = _tenth_less
    cents = scene.issue(attempt)
    scene.tell(job, LAST, "amount_slip", cents)
    say_customer(
        part.world,
        job,
        "billed a tenth too little",
        spans=NOW,
        yuan=Decimal(-cents).scaleb(-2),
        direction="company",
    )


def _tenth_less(lines: dict[str, Ints]) -> None:
    rows = np.flatnonzero(lines["item"] == ITEMS.index("energy"))
    row = rows[np.argmax(lines["amount"][rows])]
    lines["amount"] = lines["amount"].copy()
    lines["amount"][row] -= lines["amount"][row] // 10


@on("archive", "PM-08")
def lose_load(world: World, job: Job) -> None:
    """Lose a day of a station's feeder supply; the last two stations get all of theirs."""
    stations, kept = world.network.stations, 2
    station = job.index if job.fault else stations - kept + job.index
    job.customer = -1
    if station < (stations - kept if job.fault else stations):
        day = int(MONTH_START[LAST]) - BASE + 19 + job.index
        if job.fault:
            world.plan.lost_loads.add((station, day))
        org = str(world.network.station_numbers()[station])
        note = "a day of feeder supply missing" if job.fault else "all days loaded"
        say(world, job, "org", org, spans=NOW, note=note)


RECIPES: tuple[Recipe, ...] = (
    *(Recipe(rule, lambda w: home(w, 2, 30)) for rule in ("PM-03", "PM-04", "PM-05", "PM-06", "PM-08")),
    Recipe("PM-07", lambda w: home(w, 4.5, 7)),
)
