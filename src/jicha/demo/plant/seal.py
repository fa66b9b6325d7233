"""Planted faults of seals (封印): SL-01, SL-03, SL-05."""

from __future__ import annotations

from typing import Any

import numpy as np

from jicha.demo.grid import BASE, LAST
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say, say_point
from jicha.demo.seals import SEAL_PLACES
from jicha.demo.world import World


@on("archive", "SL-01")
def leave_open(world: World, job: Job) -> None:
    """Leave a place without a seal; the look-alike has all three."""
    place = job.index % 3
    if job.fault:
        world.plan.no_seal[job.customer] = place
    say_point(world, job, f"no seal on the {SEAL_PLACES[place]}" if job.fault else "all three seals in place")


@on("archive", "SL-03")
def find_other(world: World, job: Job) -> None:
    """Choose the nearest ordinary customer as the second point, whose meter then stays as it is."""
    free = np.flatnonzero(
        ~world.customers.special & (world.customers.opened < BASE) & (world.customers.district >= 0)
    )
    other = int(free[np.argmin(np.abs(free - job.customer))])
    world.customers.special[other] = True
    job.memo["other"] = f"P{other + 3_401_000_001}0"


@on("rows", "SL-03")
def use_twice(world: World, job: Job, rows: Rows) -> None:
    """Register the customer's box seal on the meter of the next customer as well; look-alikes re-apply it at the same point."""
    station = int(world.customers.station[job.customer])
    seal = f"Z{job.number}002"
    base: dict[str, Any] = {
        "seal_no": seal,
        "place": "box",
        "operator_id": world.staff.one("meter_installer", station),
        "mp_id": job.point,
    }
    if job.fault:
        other = job.memo["other"]
        rows["seal_operation"].append(
            {
                **base,
                "operation_id": f"OX{job.number}",
                "mp_id": other,
                "action": "apply",
                "at": in_month(LAST, 15, 10),
            }
        )
        say(world, job, "seal", seal, spans=NOW, note=f"also applied at {other}")
        return
    rows["work_order"].append(_order(world, job))
    base["order_no"] = f"WF{job.number}"
    rows["seal_operation"] += [
        {**base, "operation_id": f"OX{job.number}0", "action": "remove", "at": in_month(LAST, 15, 10)},
        {**base, "operation_id": f"OX{job.number}1", "action": "apply", "at": in_month(LAST, 15, 10, 40)},
    ]
    say(
        world,
        job,
        "seal",
        seal,
        spans=NOW,
        note="taken off and put on again at the same point within an order",
    )


@on("rows", "SL-05")
def break_seal(world: World, job: Job, rows: Rows) -> None:
    """Take a seal off without an order and put a new one on; the look-alike has a meter-fault order."""
    station = int(world.customers.station[job.customer])
    worker = world.staff.one("meter_installer", station)
    old, new = f"Z{job.number}001", f"ZX{job.number}"
    order = None if job.fault else f"WF{job.number}"
    if not job.fault:
        rows["work_order"].append(_order(world, job))
    rows["seal"].append(
        {
            "seal_no": new,
            "trade": "installation",
            "issued_to": worker,
            "issued_at": in_month(LAST, 9, 9),
            "state": "applied",
        }
    )
    base = {"operator_id": worker, "mp_id": job.point, "place": "terminal_cover", "order_no": order}
    removal = f"OX{job.number}1"
    rows["seal_operation"] += [
        {
            "operation_id": f"OX{job.number}0",
            "seal_no": new,
            "action": "issue",
            "at": in_month(LAST, 9, 9),
            "operator_id": worker,
        },
        {**base, "operation_id": removal, "seal_no": old, "action": "remove", "at": in_month(LAST, 15, 10)},
        {
            **base,
            "operation_id": f"OX{job.number}2",
            "seal_no": new,
            "action": "apply",
            "at": in_month(LAST, 15, 10, 40),
        },
        {
            "operation_id": f"OX{job.number}3",
            "seal_no": old,
            "action": "return",
            "at": in_month(LAST, 16, 15),
            "operator_id": worker,
        },
    ]
    say_point(
        world,
        job,
        f"seal {old} removed without an order ({removal})"
        if job.fault
        else "seal changed within a meter-fault order",
        spans=NOW,
    )


def _order(world: World, job: Job) -> dict[str, Any]:
    return {
        "order_no": f"WF{job.number}", "kind": "meter_fault", "customer_no": job.number,
        "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
        "opened_at": in_month(LAST, 14, 9), "closed_at": in_month(LAST, 15, 16), "state": "done",
    }  # fmt: skip
