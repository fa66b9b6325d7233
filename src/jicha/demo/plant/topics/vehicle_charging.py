"""Planted faults of charging sites (充电设施): EV-02, EV-03, EV-05."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import BASE, DAYS, LAST, MONTHS, to_date
from jicha.demo.plant.candidates import Recipe, old
from jicha.demo.plant.registry import NOW, Job, Rows, on, say
from jicha.demo.world import Part, World

QUARTERS = 96
TESTED = date(2024, 5, 14)


def _say_site(world: World, job: Job, note: str) -> None:
    say(world, job, "charging_site", f"V{job.number}", spans=NOW, note=note)


@on("archive", "EV-02")
def charge_strangers(world: World, job: Job) -> None:
    """Let a home's pile use 85 kWh a day since ever; look-alikes 50, as a taxi does."""
    world.customers.base[job.customer] = 85 if job.fault else 50
    _say_site(world, job, "more than 2,000 kWh a month at home" if job.fault else "a taxi of the household")


@on("energy", "EV-03")
def keep_charging(part: Part, job: Job, row: int) -> None:
    """Remember what the site used in October, in 0.0001 kWh, and its multiplier, for the curve."""
    job.memo["kwh"] = (part.metered[row, DAYS - 31 :] * part.unit()[row]).tolist()
    job.memo["multiplier"] = int(part.get("multiplier")[row])


@on("rows", "EV-03")
def feed_another_load(world: World, job: Job, rows: Rows) -> None:
    """Draw 40 % of the energy at a constant power; look-alikes rest at night, or their base follows the traffic."""
    busy = not job.fault and job.index % 2 == 1
    days = range(4, 16)
    mean = sum(job.memo["kwh"][day] for day in days) / len(days)
    for day in days:
        base = 0.4 if job.fault else (0.15, 0.6, 0.35)[day % 3] if busy else 0.0
        share = min(0.9, base * mean / job.memo["kwh"][day])
        kw = Decimal(int(job.memo["kwh"][day])).scaleb(-4) / job.memo["multiplier"] * 4
        rows["curve"] += _curve_rows(job.point, date(2026, 10, day + 1), kw, share)
    alike = "busy day and night, as the traffic goes" if busy else "rests at night"
    _say_site(world, job, "two fifths of the energy at a constant power" if job.fault else alike)


def _curve_rows(point: str, day: date, kw: Decimal, base: float) -> list[dict[str, Any]]:
    """Return the 96 points of a day: a constant base, and sessions at noon and from six to midnight."""
    quarter = np.arange(QUARTERS)
    sessions = ((quarter >= 44) & (quarter < 56)) | (quarter >= 72)
    shape = base / QUARTERS + (1 - base) * sessions / sessions.sum()
    start = datetime(day.year, day.month, day.day)
    return [
        {
            "mp_id": point,
            "at": start + timedelta(minutes=15 * (place + 1)),
            "p_kw": (kw * Decimal(round(float(shape[place]), 6))).quantize(Decimal("0.0001")),
        }
        for place in range(QUARTERS)
    ]


@on("energy", "EV-05")
def keep_station(part: Part, job: Job, row: int) -> None:
    """Remember the station's energy of the last cycle, in 0.0001 kWh, and the days on which it was read."""
    first, last = (int(part.boundary[row, month]) for month in (LAST, LAST + 1))
    job.memo["kwh"] = int(part.metered[row, first:last].sum() * part.unit()[row])
    job.memo["days"] = (first, last)


@on("rows", "EV-05")
def meter_piles(world: World, job: Job, rows: Rows) -> None:
    """Let the pile's own meter count a tenth less or more than the station's; look-alikes a fiftieth less."""
    share = (90, 110)[job.index % 2] if job.fault else 98
    kwh = (Decimal(job.memo["kwh"]).scaleb(-4) * share / 100).quantize(Decimal("0.01"))
    point, meter = f"P{job.number}8", f"M{job.number}80"
    station = str(world.network.station_numbers()[int(world.customers.station[job.customer])])
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "org_no": station, "parent_mp_id": job.point, "usage": "check", "metering_mode": "lv_lv",
            "wiring": "3p4w", "class": "V", "status": "running", "opened_on": TESTED,
        }
    )  # fmt: skip
    rows["meter"].append(
        {
            "meter_id": meter, "kind": "three_phase_smart", "digits": 6, "decimals": 2, "ref_voltage_v": 220, "basic_current_a": 5,
            "max_current_a": 60, "accuracy": "1.0", "verified_on": date(2024, 4, 2), "verify_due_on": date(2032, 4, 2), "state": "running",
        }
    )  # fmt: skip
    rows["meter_installation"].append(
        {
            "mp_id": point, "meter_id": meter, "installed_at": datetime(2024, 5, 14, 10), "ct_ratio": 1, "pt_ratio": 1, "multiplier": 1,
        }
    )  # fmt: skip
    first, last = (datetime.combine(to_date(BASE + day), datetime.min.time()) for day in job.memo["days"])
    rows["reading"].append(
        {
            "mp_id": point, "meter_id": meter, "bill_month": MONTHS[LAST], "register": "total", "previous_value": Decimal(20_000),
            "previous_at": first + timedelta(minutes=30), "value": 20_000 + kwh, "read_at": last + timedelta(minutes=30), "method": "ami",
            "status": "read",
        }
    )  # fmt: skip
    less = (
        "a tenth is used besides the pile" if share < 100 else "the station counts a tenth less than its pile"
    )
    _say_site(world, job, less if job.fault else "two per cent are lost or lit the place")


RECIPES: tuple[Recipe, ...] = (
    Recipe("EV-02", lambda w: w.customers.of("home_pile") & (w.customers.pv_kw == 0) & old(w)),
    Recipe("EV-03", lambda w: w.customers.of("compound_pile") & old(w)),
    Recipe("EV-05", lambda w: w.customers.of("parking_pile") & old(w)),
)
