"""Planted faults of service (客户服务): CS-03 … CS-07."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.archive import important
from jicha.demo.charges import ITEMS
from jicha.demo.grid import LAST, Ints
from jicha.demo.network import DISTRICT_BASE, FEEDER_BASE
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.candidates import Recipe, home
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say
from jicha.demo.world import Part, World

EXPLAINED = "已现场核实并向客户解释"


def _complaint(
    world: World, job: Job, rank: int, kind: str, received: datetime, **more: Any
) -> dict[str, Any]:
    """Return a complaint that was contacted in two hours and answered two working days later, or as `more` says."""
    station = int(world.customers.station[job.customer])
    return {
        "complaint_no": f"CY{job.number}{rank}", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]), "kind": kind,
        "zone": "urban", "received_at": received, "contacted_at": received + timedelta(hours=2), "answered_at": received + timedelta(days=2, hours=1),
        "upheld": False, "recorded_action": EXPLAINED, **more,
    }  # fmt: skip


def _say_complaint(world: World, job: Job, rank: int, note: str, **more: Any) -> None:
    say(world, job, "complaint", f"CY{job.number}{rank}", spans=NOW, note=note, **more)


@on("rows", "CS-03")
def announce_late(world: World, job: Job, rows: Rows) -> None:
    """Announce a planned outage five days ahead, or a temporary one ten hours before it reaches an important customer."""
    starts = in_month(LAST, 20 + job.index % 8, 8)
    notice: dict[str, Any] = {
        "notice_id": f"TX{job.number}", "kind": "planned", "district_id": f"D{DISTRICT_BASE + int(world.customers.district[job.customer])}",
        "notified_at": starts - timedelta(days=5), "starts_at": starts, "ends_at": starts + timedelta(hours=4),
    }  # fmt: skip
    note = "planned outage announced five days ahead"
    if job.fault and job.index % 2:
        feeder = _important_feeder(world, job.index)
        notice |= {
            "kind": "temporary", "district_id": None, "feeder_id": f"F{FEEDER_BASE + feeder}", "notified_at": starts - timedelta(hours=10),
        }  # fmt: skip
        note = "important customer told ten hours before a temporary outage"
    elif not job.fault and job.index % 2 == 0:
        notice["notified_at"] = starts - timedelta(days=7)
        note = "planned outage announced seven days ahead"
    elif not job.fault:
        notice |= {"kind": "temporary", "notified_at": starts - timedelta(hours=2)}
        note = "temporary outage of a district without important customers"
    rows["outage_notice"].append(notice)
    say(world, job, "outage_notice", str(notice["notice_id"]), spans=NOW, note=note)


def _important_feeder(world: World, index: int) -> int:
    """Return the feeder of one of the important customers."""
    everyone = np.arange(len(world.customers), dtype=np.int64)
    chosen = np.flatnonzero(important(world, everyone) > 0)
    return int(world.customers.feeder[chosen[index % len(chosen)]])


@on("rows", "CS-04")
def complain_again(world: World, job: Job, rows: Rows) -> None:
    """Complain of the bill in September and of the meter in October; look-alikes in July, or a call entered twice."""
    again = in_month(LAST, 12 + job.index % 3, 10)
    first, kind, note = again - timedelta(days=28), "bill", "28 days between two complaints"
    if not job.fault and job.index % 2 == 0:
        first, note = again - timedelta(days=77), "77 days between two complaints"
    elif not job.fault:
        first, kind, note = again - timedelta(minutes=20), "meter", "one call, entered twice"
    rows["complaint"] += [
        _complaint(world, job, 0, kind, first),
        _complaint(world, job, 1, "meter", again),
    ]
    say(world, job, "customer", job.number, spans=NOW, note=note)


CLAIMS = ("已为客户换表并告知", "电能表已校验合格", "多收电费已退还客户")


@on("rows", "CS-05")
def claim_falsely(world: World, job: Job, rows: Rows) -> None:
    """Answer that something was done that no record knows; look-alikes needed nothing, or had the meter tested."""
    received = in_month(LAST, 12 + job.index % 3, 11)
    claim = CLAIMS[job.index % 3]
    note = f"answered “{claim}”, no record"
    if not job.fault and job.index % 2 == 0:
        claim, note = "表计运行正常，无需换表", "the answer says that no exchange was needed"
    elif not job.fault:
        claim, note = CLAIMS[1], "the meter was tested the day after"
        rows["meter_test"].append(
            {
                "test_id": f"TY{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "kind": "on_request", "requested_at": received,
                "tested_on": (received + timedelta(days=1)).date(), "result_at": received + timedelta(days=1, hours=5), "error_pct": "0.12",
                "limit_pct": "1", "passed": True,
            }
        )  # fmt: skip
    rows["complaint"].append(_complaint(world, job, 0, "meter", received, recorded_action=claim))
    _say_complaint(world, job, 0, note)


@on("rows", "CS-06")
def doubt_unanswered(world: World, job: Job, rows: Rows) -> None:
    """Answer a doubt about a meter or reading after eleven working days, which CS-01 reports as well; look-alikes within five."""
    received = in_month(LAST, 12, 9 + job.index % 6)
    answered = in_month(LAST, 27 if job.fault else 19, 15)
    kind = ("meter", "reading")[job.index % 2]
    rows["complaint"].append(_complaint(world, job, 0, kind, received, answered_at=answered))
    _say_complaint(
        world,
        job,
        0,
        "answered after eleven working days" if job.fault else "answered on the fifth working day",
    )
    if job.fault:
        _say_complaint(world, job, 0, "follows", rule="CS-01")


@on("bills", "CS-07")
def bill_too_much(_part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Type a sixth too much for the energy of every other customer whose complaint is right."""
    attempt = scene.attempt(job, row, LAST) if job.fault and job.index % 2 == 0 else None
    if attempt is not None:
        attempt.alter = _sixth_more
        job.memo["cents"] = scene.issue(attempt)
        scene.tell(job, LAST, "amount_slip", job.memo["cents"])


def _sixth_more(lines: dict[str, Ints]) -> None:
    rows = np.flatnonzero(lines["item"] == ITEMS.index("energy"))
    row = rows[np.argmax(lines["amount"][rows])]
    lines["amount"] = lines["amount"].copy()
    lines["amount"][row] += lines["amount"][row] // 6


@on("rows", "CS-07")
def complain_rightly(world: World, job: Job, rows: Rows) -> None:
    """Find a complaint about a bill right, with a wrong bill of the month or without; look-alikes are not right."""
    received = in_month(LAST, 26, 9 + job.index % 6)
    kind = "bill" if "cents" in job.memo or job.index % 4 < 2 else "meter"
    rows["complaint"].append(_complaint(world, job, 0, kind, received, upheld=job.fault))
    if "cents" in job.memo:
        cents = int(job.memo["cents"])
        _say_complaint(
            world, job, 0, "right, the bill of the month is too high", yuan=Decimal(cents).scaleb(-2), direction="customer"
        )  # fmt: skip
    else:
        _say_complaint(world, job, 0, "right, cause unknown" if job.fault else "not right")


RECIPES: tuple[Recipe, ...] = tuple(
    Recipe(rule, lambda w: home(w, 2, 30)) for rule in ("CS-03", "CS-04", "CS-05", "CS-06", "CS-07")
)
