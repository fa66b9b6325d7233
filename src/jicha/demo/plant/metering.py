"""Planted metering (计量) faults: MT-01 … MT-13."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from jicha.demo.curve import CURVE_DAYS, QUARTERS, Curves
from jicha.demo.grid import DAYS, LAST, day_number, to_date
from jicha.demo.plant.registry import NOW, Job, Rows, follows, in_month, on, say, say_point
from jicha.demo.world import Part, World


@on("archive", "MT-01")
def wrong_multiplier(world: World, job: Job) -> None:
    """Hold another multiplier (倍率) in the billing archive than the transformers have."""
    point = int(np.searchsorted(world.points.owner, job.customer))
    right = int(world.points.multiplier[point])
    if job.fault:
        world.points.billed_multiplier[point] = right * 2 // 3 if job.index % 2 == 0 else max(1, right // 2)
    note = f"multiplier {world.points.billed_multiplier[point]} in the archive, CT × PT = {right}"
    say_point(world, job, note)


@on("archive", "MT-03")
def let_lapse(world: World, job: Job) -> None:
    """Let a meter hang past its verification date; the look-alike is due in some weeks."""
    if job.fault:
        month = (LAST, 9, LAST, 11)[job.index % 4]
        due = day_number(in_month(month, 12).date())
    else:
        month, due = LAST, day_number(date(2026, 11, 20))
    world.plan.overdue_meters[job.customer] = due
    world.points.verified[int(np.searchsorted(world.points.owner, job.customer))] = due - 8 * 365
    note = "verification overdue" if job.fault else "verification due next month"
    say(world, job, "meter", f"M{job.number}00", spans=((month, LAST),), note=note)


@on("archive", "MT-06", "MT-08")
def watch(world: World, job: Job) -> None:
    """Keep the customer's curve."""
    world.plan.curve_customers.append(job.customer)


@on("curves", "MT-06")
def lose_voltage(_part: Part, job: Job, row: int, curves: Curves) -> None:
    """Lose a phase voltage for three hours on four days; the look-alike for one quarter of an hour."""
    place = int(np.searchsorted(curves.rows, row))
    phase = job.index % 3
    for day in range(8, 12) if job.fault else range(8, 9):
        quarters = slice(36, 48) if job.fault else slice(36, 37)
        curves.voltage[place, day, quarters, phase] *= 0.55
        curves.current[place, day, quarters, phase] = np.maximum(
            curves.current[place, day, quarters, phase], 0.4
        )


@on("rows", "MT-06")
def record_loss(world: World, job: Job, rows: Rows) -> None:
    """Record the loss of voltage as the meter's event."""
    start = in_month(LAST, 9, 9)
    rows["meter_event"].append(
        {
            "event_id": f"EX{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "code": "3000", "started_at": start,
            "ended_at": in_month(LAST, 9, 12) if job.fault else in_month(LAST, 9, 9, 12), "phase": "ABC"[job.index % 3],
        }
    )  # fmt: skip
    say_point(
        world, job, "phase voltage lost for three hours" if job.fault else "phase voltage lost for 12 minutes"
    )


@on("energy", "MT-08")
def measure_less(part: Part, job: Job, row: int) -> None:
    """Measure two thirds on the days of the lost current."""
    if job.fault:
        days = slice(DAYS - CURVE_DAYS + 5, DAYS - CURVE_DAYS + 15)
        part.metered[row, days] = part.metered[row, days] * 2 // 3


@on("curves", "MT-08")
def lose_current(part: Part, job: Job, row: int, curves: Curves) -> None:
    """Lose a phase current for ten days; the look-alike for ten hours."""
    place = int(np.searchsorted(curves.rows, row))
    phase = job.index % 3
    if job.fault:
        curves.current[place, 5:15, :, phase] = 0
    else:
        curves.current[place, 5, 32:72, phase] = 0
    others = [p for p in range(3) if p != phase]
    span = curves.current[place, 5:15][:, :QUARTERS]
    span[..., others] = np.maximum(span[..., others], 0.25)
    say_point(
        part.world,
        job,
        "one phase without current for ten days" if job.fault else "one phase without current for ten hours",
    )


@on("rows", "MT-13")
def open_cover(world: World, job: Job, rows: Rows) -> None:
    """Open the meter's cover without an order; look-alikes were opened before installation or within a test's order."""
    point = int(np.searchsorted(world.points.owner, job.customer))
    installed = int(world.points.installed[point])
    at = in_month(LAST, 6 + job.index % 20, 20 + job.index % 3)
    note = "cover opened without an order"
    if not job.fault:
        at, note = _benign(world, job, rows, installed)
    rows["meter_event"].append(
        {
            "event_id": f"EX{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "code": "301B", "started_at": at,
            "ended_at": at.replace(minute=40),
        }
    )  # fmt: skip
    say_point(world, job, note)
    if job.fault:
        follows(world, job, "SL-05", NOW)


def _benign(world: World, job: Job, rows: Rows, installed: int) -> tuple[datetime, str]:
    if job.index % 2 == 0:
        day = to_date(installed - 40)
        return in_month(0, 1).replace(
            year=day.year, month=day.month, day=day.day
        ), "opened in the laboratory before installation"
    rows["work_order"].append(
        {
            "order_no": f"WE{job.number}", "kind": "meter_test", "customer_no": job.number,
            "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
            "opened_at": in_month(LAST, 12, 9), "closed_at": in_month(LAST, 14, 16), "state": "done",
        }
    )  # fmt: skip
    _reseal(world, job, rows)
    return in_month(LAST, 13, 10), "opened within a test's order"


def _reseal(world: World, job: Job, rows: Rows) -> None:
    """Take the old cover seal off and put a new one on, both by the test's order."""
    station = int(world.customers.station[job.customer])
    worker = world.staff.one("meter_installer", station)
    new = f"ZT{job.number}"
    rows["seal"].append(
        {
            "seal_no": new,
            "trade": "verification",
            "issued_to": worker,
            "issued_at": in_month(LAST, 9, 9),
            "state": "applied",
        }
    )
    base = {"operator_id": worker, "mp_id": job.point, "place": "meter_cover", "order_no": f"WE{job.number}"}
    rows["seal_operation"] += [
        {
            "operation_id": f"OT{job.number}0",
            "seal_no": new,
            "action": "issue",
            "at": in_month(LAST, 9, 9),
            "operator_id": worker,
        },
        {
            **base,
            "operation_id": f"OT{job.number}1",
            "seal_no": f"Z{job.number}000",
            "action": "remove",
            "at": in_month(LAST, 13, 9, 50),
        },
        {
            **base,
            "operation_id": f"OT{job.number}2",
            "seal_no": new,
            "action": "apply",
            "at": in_month(LAST, 13, 10, 50),
        },
        {
            "operation_id": f"OT{job.number}3",
            "seal_no": f"Z{job.number}000",
            "action": "return",
            "at": in_month(LAST, 14, 15),
            "operator_id": worker,
        },
    ]
