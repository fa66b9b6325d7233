"""Planted faults of calculation and issue (核算发行): BL-33, BL-35."""

from __future__ import annotations

from jicha.demo.grid import LAST
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.candidates import Recipe, home
from jicha.demo.plant.registry import NOW, Job, Rows, on, say, when
from jicha.demo.world import Part, World

RECIPES = (Recipe("BL-33", lambda w: home(w, 2, 30)), Recipe("BL-35", lambda w: home(w, 2, 30)))


@on("archive", "BL-33")
def review_nothing(world: World, job: Job) -> None:
    """Let nobody review the bill of the month; the look-alike's is reviewed."""
    if job.fault:
        world.plan.unreviewed.add(job.customer)


@on("bills", "BL-33")
def find_period(part: Part, job: Job, row: int, _scene: BillScene) -> None:
    """Remember a day inside the period of the month's bill, on which its price changes."""
    job.memo["day"] = int(part.planned[row, LAST]) + 3 + job.index % 20


@on("rows", "BL-33")
def change_price(world: World, job: Job, rows: Rows) -> None:
    """Finish an order in the period, so that the month's bill is the first one after it."""
    station = int(world.customers.station[job.customer])
    day = job.memo["day"]
    rows["work_order"].append({
        "order_no": f"WP{job.number}", "kind": "price_change", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
        "opened_at": when(day - 2, 9), "closed_at": when(day, 16), "state": "done", "materials_requested": 1,
    })  # fmt: skip
    note = (
        "first bill after a change, reviewed by nobody"
        if job.fault
        else "first bill after a change, reviewed"
    )
    say(world, job, "bill", f"B{job.number}{LAST:02d}", spans=NOW, note=note)


@on("archive", "BL-35")
def issue_late(world: World, job: Job) -> None:
    """Issue the month's bill five to seven working days after the reading; the look-alike's after three."""
    days = 5 + job.index % 3 if job.fault else 3
    world.plan.issued_after[job.customer] = days
    say(
        world,
        job,
        "bill",
        f"B{job.number}{LAST:02d}",
        spans=NOW,
        note=f"issued {days} working days after the end of its period",
    )
