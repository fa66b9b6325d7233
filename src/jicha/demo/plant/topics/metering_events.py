"""Planted faults of metering in operation: transformers, tests, events and curves (MT-02 … MT-18)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np

from jicha.demo.grid import END
from jicha.demo.plant.candidates import Recipe, hv
from jicha.demo.plant.registry import NOW, Job, Rows, on, say_point
from jicha.demo.points import CLASSES, MODES, WIRINGS
from jicha.demo.world import World

CLASS_II = 1


def _main(world: World, job: Job) -> int:
    """Return the row of the customer's main point."""
    return int(np.searchsorted(world.points.owner, job.customer))


def _meter(job: Job) -> str:
    return f"M{job.number}00"


@on("archive", "MT-02")
def size_transformers(world: World, job: Job) -> None:
    """Hang current transformers four times too large or three times too small; look-alikes are pumps that rest in autumn."""
    points, point = world.points, _main(world, job)
    world.plan.curve_customers.append(job.customer)
    note = "an irrigation pump that hardly runs in October"
    if job.fault:
        ratio = int(points.ct[point])
        points.ct[point] = ratio * 4 if job.index % 2 == 0 else max(2, ratio // 3)
        points.multiplier[point] = points.billed_multiplier[point] = points.ct[point] * points.pt[point]
        note = f"CT ratio {points.ct[point]}, {ratio} would fit"
    say_point(world, job, note, spans=NOW)


@on("archive", "MT-04")
def skip_tests(world: World, job: Job) -> None:
    """Let nobody test the metering since long; look-alikes were last tested shortly within the cycle of their class."""
    second_class = world.points.meter_class[_main(world, job)] == CLASS_II
    days = (375, 200) if second_class else (780, 400)
    world.plan.untested[job.customer] = END - (days[0] if job.fault else days[1])
    note = "not tested within the cycle of its class" if job.fault else "last test within the cycle"
    say_point(world, job, note, spans=NOW)


@on("rows", "MT-05")
def add_check_meter(world: World, job: Job, rows: Rows) -> None:
    """Hang a check meter (副表) at a high-voltage customer and do not test it in time; look-alikes are tested, or new."""
    point, meter = f"P{job.number}8", f"M{job.number}80"
    installed = date(2026, 8, 3 + job.index % 20)
    tested: date | None = None
    note = "not tested since it was installed"
    if job.fault and job.index % 3 == 2:
        installed, tested, note = date(2026, 9, 7), date(2026, 10, 21), "tested two weeks late"
    elif not job.fault and job.index % 2 == 0:
        tested, note = installed + timedelta(days=24), "tested within the month"
    elif not job.fault:
        installed, note = date(2026, 10, 9), "installed three weeks ago"
    _hang(world, job, rows, installed)
    if tested:
        rows["meter_test"].append(
            {
                "test_id": f"YX{job.number}", "mp_id": point, "meter_id": meter, "kind": "first", "tested_on": tested,
                "result_at": datetime.combine(tested, time(16)), "error_pct": "0.1", "limit_pct": "0.5", "passed": True,
            }
        )  # fmt: skip
    key = world.plan.key
    for first, last in NOW:
        key.add("MT-05", job.kind, ("metering_point", point), job.customer, first, last, note=note)


def _hang(world: World, job: Job, rows: Rows, installed: date) -> None:
    """Add the rows of a check point beside the main point, with a meter of its own."""
    points, row = world.points, _main(world, job)
    mode, wiring = MODES[int(points.mode[row])], WIRINGS[int(points.wiring[row])]
    point, meter = f"P{job.number}8", f"M{job.number}80"
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "usage": "check", "metering_mode": mode, "wiring": wiring,
            "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
            "class": CLASSES[int(points.meter_class[row])], "status": "running", "opened_on": installed,
        }
    )  # fmt: skip
    rows["meter"].append(
        {
            "meter_id": meter, "kind": "three_phase_smart", "digits": 6, "decimals": 4, "ref_voltage_v": 100 if wiring == "3p3w" else 220,
            "basic_current_a": "1.5", "max_current_a": 6, "accuracy": "0.5S", "verified_on": installed - timedelta(days=30),
            "verify_due_on": installed + timedelta(days=8 * 365), "state": "running",
        }
    )  # fmt: skip
    rows["meter_installation"].append(
        {
            "mp_id": point, "meter_id": meter, "installed_at": datetime.combine(installed, time(10)), "ct_ratio": int(points.ct[row]),
            "pt_ratio": int(points.pt[row]), "multiplier": int(points.multiplier[row]),
        }
    )  # fmt: skip


RECIPES: tuple[Recipe, ...] = (
    Recipe("MT-02", hv("hv_works", "hv_industry", "hv_nonindustry"), alike=hv("hv_pump")),
    Recipe("MT-04", hv("hv_works", "hv_industry", "hv_nonindustry", "hv_commerce", "hv_farm")),
    Recipe("MT-05", hv("hv_works", "hv_industry", "hv_nonindustry", "hv_commerce", "hv_farm")),
)
