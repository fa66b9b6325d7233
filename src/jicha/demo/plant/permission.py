"""Planted faults of accounts (权限与数据): PM-01, PM-02."""

from __future__ import annotations

from datetime import date
from typing import Any

from jicha.demo.grid import LAST
from jicha.demo.plant.registry import NOW, Job, on, say
from jicha.demo.world import World

CLASHES = (
    ("reading", "calculation"),
    ("calculation", "back_bill_approval"),
    ("cashier", "refund_approval"),
    ("order", "archive"),
)
HARMLESS = ("reading", "order")
FIRST_EXTRA = 900_001


@on("archive", "PM-01")
def join_roles(world: World, job: Job) -> None:
    """Give one account two roles that must not meet; the look-alike's two may."""
    pair = CLASHES[job.index % len(CLASHES)] if job.fault else HARMLESS
    number = hire(world, job, post="line_loss", extra_roles=list(pair))
    job.customer = -1
    say(world, job, "employee", f"E{number}", spans=((0, LAST),), note=" + ".join(pair))


@on("archive", "PM-02")
def keep_account(world: World, job: Job) -> None:
    """Keep the account of somebody who left; the look-alike's was closed the same day."""
    left = date(2026, 10, 10 + job.index % 12) if job.index % 2 == 0 else date(2026, 7, 31)
    number = hire(world, job, post="reader", left_on=left, keeps_account=job.fault)
    job.customer = -1
    spans = NOW if left.month == 10 else ((11, LAST),)
    say(
        world,
        job,
        "account",
        f"A{number}",
        spans=spans,
        note="active after leaving" if job.fault else "closed on the day of leaving",
    )


def hire(world: World, job: Job, **more: Any) -> int:
    """Return the number of a new employee at the customer's station, with an account."""
    number = FIRST_EXTRA + len(world.staff.extra)
    station = int(world.customers.station[job.customer])
    world.staff.extra.append(
        {
            "employee_id": f"E{number}", "org_no": str(world.network.station_numbers()[station]), "name": "周" + "一二三四五六七八九十"[number % 10],
            "hired_on": date(2015, 7, 1), "left_on": None, **more,
        }
    )  # fmt: skip
    return number
