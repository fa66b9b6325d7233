"""Planted faults of screens by trade and class (专项筛查): IN-11, IN-14."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from jicha.demo.grid import LAST, MONTHS, Bools
from jicha.demo.plant.candidates import Recipe, shop, with_fixed
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say_customer
from jicha.demo.world import World

HUNG = date(2024, 4, 16)


@on("archive", "IN-11")
def serve_tenants(world: World, job: Job) -> None:
    """Let a shop use 190 kWh a day, far more than its class, since ever; every second look-alike uses what shops use."""
    large = job.fault or job.index % 2 == 0
    if large:
        world.customers.base[job.customer], world.customers.kva[job.customer] = 190, 40
    fault = "lets property" if job.index % 2 == 0 else "four meters behind its meter"
    alike = "one large user" if large else "lets property, and uses what shops use"
    say_customer(world, job, fault if job.fault else alike, spans=NOW)


@on("rows", "IN-11")
def hang_sub_meters(world: World, job: Job, rows: Rows) -> None:
    """Register four meters of tenants behind the meter of every second fault."""
    if job.fault and job.index % 2:
        for rank in (6, 7, 8, 9):
            _hang(world, job, rows, rank)


def _hang(world: World, job: Job, rows: Rows, rank: int) -> None:
    """Add a check point behind the main one, with a meter that is read with the others."""
    point, meter = f"P{job.number}{rank}", f"M{job.number}{rank}0"
    station = str(world.network.station_numbers()[int(world.customers.station[job.customer])])
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "org_no": station, "parent_mp_id": job.point, "usage": "check", "metering_mode": "lv_lv",
            "wiring": "1p2w", "class": "V", "status": "running", "opened_on": HUNG,
        }
    )  # fmt: skip
    rows["meter"].append(
        {
            "meter_id": meter, "kind": "single_phase_smart", "digits": 6, "decimals": 2, "ref_voltage_v": 220, "basic_current_a": 5,
            "max_current_a": 60, "accuracy": "1.0", "verified_on": date(2024, 3, 5), "verify_due_on": date(2032, 3, 5), "state": "running",
        }
    )  # fmt: skip
    rows["meter_installation"].append(
        {
            "mp_id": point, "meter_id": meter, "installed_at": datetime(2024, 4, 16, 10), "ct_ratio": 1, "pt_ratio": 1, "multiplier": 1,
        }
    )  # fmt: skip
    day = int(world.customers.read_day[job.customer])
    rows["reading"].append(
        {
            "mp_id": point, "meter_id": meter, "bill_month": MONTHS[LAST], "register": "total", "previous_value": 27_000, "value": 27_900 + rank,
            "previous_at": in_month(LAST - 1, day, 0, 30), "read_at": in_month(LAST, day, 0, 30), "method": "ami", "status": "read",
        }
    )  # fmt: skip


@on("archive", "IN-14")
def use_little(world: World, job: Job) -> None:
    """Let a hotel or restaurant use a sixth of what shops use on as many kVA; look-alikes use what shops use."""
    world.customers.base[job.customer] = 7 if job.fault else 48
    world.customers.kva[job.customer] = 20
    say_customer(
        world, job, "a sixth of its peers per kVA" if job.fault else "as much as its peers", spans=NOW
    )


def _shops(world: World) -> Bools:
    """Return shops that share their energy by no fixed quantity; those with a sub meter too, for a small county has few left."""
    fits = shop(world, 5, 500) & world.customers.of("shop") & (world.customers.pv_kw == 0)
    return np.asarray(fits & ~with_fixed(world))


RECIPES: tuple[Recipe, ...] = tuple(Recipe(rule, _shops, own=True) for rule in ("IN-11", "IN-14"))
