"""Planted faults of service (客户服务): CS-01, CS-02."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from jicha.demo.grid import LAST
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say
from jicha.demo.world import World


@on("rows", "CS-01")
def answer_late(world: World, job: Job, rows: Rows) -> None:
    """Answer after more than seven working days, or contact after two days; look-alikes answer within five over a weekend."""
    received = in_month(LAST, 12 + job.index % 3, 9, 30)
    complaint = _complaint(world, job, "bill", received)
    if job.fault and job.index % 2 == 0:
        complaint |= {"answered_at": in_month(LAST, 27, 15), "contacted_at": received + timedelta(hours=3)}
    elif job.fault:
        complaint |= {"contacted_at": received + timedelta(hours=51), "answered_at": in_month(LAST, 16, 15)}
    else:
        complaint |= {"contacted_at": received + timedelta(hours=5), "answered_at": in_month(LAST, 16, 15)}
    rows["complaint"].append(complaint)
    note = (
        ("answered after nine working days" if job.index % 2 == 0 else "contacted after two days")
        if job.fault
        else "answered within five working days"
    )
    say(world, job, "complaint", str(complaint["complaint_no"]), spans=NOW, note=note)


@on("rows", "CS-02")
def arrive_late(world: World, job: Job, rows: Rows) -> None:
    """Reach a repair later than 45, 90 or 120 minutes in town, country or mountains; look-alikes just in time."""
    zone, limit = (("urban", 45), ("rural", 90), ("remote", 120))[job.index % 3]
    received = in_month(LAST, 9 + job.index % 18, 8 + job.index % 9, 12)
    minutes = limit + 25 + job.index % 30 if job.fault else limit - 2
    complaint = _complaint(world, job, "repair", received)
    complaint |= {
        "zone": zone, "contacted_at": received + timedelta(minutes=4), "arrived_at": received + timedelta(minutes=minutes),
        "answered_at": received + timedelta(minutes=minutes + 55), "recorded_action": "已完成抢修恢复供电",
    }  # fmt: skip
    rows["complaint"].append(complaint)
    say(
        world,
        job,
        "complaint",
        str(complaint["complaint_no"]),
        spans=NOW,
        note=f"{minutes} minutes to a repair, {zone}",
    )


def _complaint(world: World, job: Job, kind: str, received: datetime) -> dict[str, Any]:
    station = int(world.customers.station[job.customer])
    return {
        "complaint_no": f"CX{job.number}", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]), "kind": kind,
        "zone": "urban", "received_at": received, "upheld": False, "recorded_action": "已现场核实并向客户解释",
    }  # fmt: skip
