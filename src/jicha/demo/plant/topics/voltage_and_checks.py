"""Planted faults of what is measured beside the main meter (副表, 二次压降): MT-22, MT-24."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import BASE, LAST, MONTHS, Bools, to_date
from jicha.demo.plant.candidates import Recipe, of_main, old
from jicha.demo.plant.registry import NOW, Job, Rows, on, say_point
from jicha.demo.points import CLASSES, HV_HV, MODES, SECOND, WIRINGS
from jicha.demo.world import Part, World

HUNG = date(2024, 4, 16)
AT_35_KV = 2_500


@on("energy", "MT-22")
def keep_main(part: Part, job: Job, row: int) -> None:
    """Remember what the main meter showed in the last cycle, in its own units, and the days on which it was read."""
    first, last = (int(part.boundary[row, month]) for month in (LAST, LAST + 1))
    job.memo["shown"] = Decimal(int(part.metered[row, first:last].sum())).scaleb(
        -int(part.get("decimals")[row])
    )
    job.memo["days"] = (first, last)


@on("rows", "MT-22")
def differ_from_check(world: World, job: Job, rows: Rows) -> None:
    """Hang a check meter that counts 3 % more or less than the main one; look-alikes 0.5 % more."""
    share = (Decimal("1.03"), Decimal("0.97"))[job.index % 2] if job.fault else Decimal("1.005")
    _hang(world, job, rows)
    first, last = (datetime.combine(to_date(BASE + day), datetime.min.time()) for day in job.memo["days"])
    rows["reading"].append(
        {
            "mp_id": f"P{job.number}8", "meter_id": f"M{job.number}80", "bill_month": MONTHS[LAST], "register": "total",
            "previous_value": Decimal(5_000), "previous_at": first + timedelta(minutes=30),
            "value": 5_000 + (job.memo["shown"] * share).quantize(Decimal("0.0001")), "read_at": last + timedelta(minutes=30), "method": "ami",
            "status": "read",
        }
    )  # fmt: skip
    fault = f"the check meter shows {'more' if share > 1 else 'less'} by 3 %"
    say_point(world, job, fault if job.fault else "half a per cent apart", spans=NOW)


def _hang(world: World, job: Job, rows: Rows) -> None:
    """Add a check point with the ratios of the main one, its meter, and the tests that are due."""
    points, row = world.points, int(np.searchsorted(world.points.owner, job.customer))
    mode, wiring = MODES[int(points.mode[row])], WIRINGS[int(points.wiring[row])]
    point, meter = f"P{job.number}8", f"M{job.number}80"
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "usage": "check", "metering_mode": mode, "wiring": wiring,
            "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
            "class": CLASSES[int(points.meter_class[row])], "status": "running", "opened_on": HUNG,
        }
    )  # fmt: skip
    rows["meter"].append(
        {
            "meter_id": meter, "kind": "three_phase_smart", "digits": 6, "decimals": 4, "ref_voltage_v": 100 if wiring == "3p3w" else 220,
            "basic_current_a": "1.5", "max_current_a": 6, "accuracy": "0.5S", "verified_on": date(2024, 3, 5),
            "verify_due_on": date(2032, 3, 5), "state": "running",
        }
    )  # fmt: skip
    rows["meter_installation"].append(
        {
            "mp_id": point, "meter_id": meter, "installed_at": datetime.combine(HUNG, datetime.min.time()) + timedelta(hours=10),
            "ct_ratio": int(points.ct[row]), "pt_ratio": int(points.pt[row]), "multiplier": int(points.multiplier[row]),
        }
    )  # fmt: skip
    for rank, kind, tested in ((0, "first", date(2024, 4, 30)), (1, "periodic", date(2026, 9, 22))):
        rows["meter_test"].append(
            _test(f"TC{job.number}{rank}", point, meter, tested, kind=kind, error_pct="0.1", limit_pct="0.5")
        )


def _test(number: str, point: str, meter: str, tested: date, **more: Any) -> dict[str, Any]:
    """Return a test that was passed unless `more` says otherwise."""
    return {
        "test_id": number, "mp_id": point, "meter_id": meter, "tested_on": tested, "passed": True,
        "result_at": datetime.combine(tested, datetime.min.time()) + timedelta(hours=16), **more,
    }  # fmt: skip


@on("rows", "MT-24")
def lose_voltage(world: World, job: Job, rows: Rows) -> None:
    """Leave a drop of 0.62 % as it is, or test it last in summer 2024; look-alikes put it right, or were tested 23 months ago."""
    beyond = job.index % 2 == 0 or world.customers.kva[job.customer] < AT_35_KV
    more: dict[str, Any] = {"error_pct": "-0.62", "passed": False} if beyond else {"error_pct": "-0.05"}
    if beyond and not job.fault:
        more["replaced_at"] = datetime(2026, 9, 28, 15)
    tested = date(2026, 9, 8) if beyond else date(2024, 6, 18) if job.fault else date(2024, 12, 3)
    rows["meter_test"].append(
        _test(
            f"TV{job.number}",
            job.point,
            f"M{job.number}00",
            tested,
            kind="voltage_drop",
            limit_pct=None,
            **more,
        )
    )
    fault = "a drop of 0.62 % for two months" if beyond else "last tested in June 2024"
    alike = "put right within the month" if beyond else "tested 23 months ago"
    say_point(world, job, fault if job.fault else alike, spans=NOW)


def _one_feed(world: World) -> Bools:
    """Return high-voltage customers of one feed."""
    doubled = world.points.owner[world.points.role == SECOND]
    return np.asarray(
        world.customers.is_hv() & old(world) & ~np.isin(np.arange(len(world.customers)), doubled)
    )


def _high_metered(world: World) -> Bools:
    """Return who is metered at high voltage, by voltage transformers."""
    return np.asarray(_one_feed(world) & (of_main(world, "mode") == HV_HV))


# What is tested does not disturb a special life; a small county has few customers at 35 kV.
RECIPES: tuple[Recipe, ...] = (
    Recipe("MT-22", lambda w: _one_feed(w) & (w.customers.base > 200)),
    Recipe("MT-24", lambda w: _high_metered(w) & (w.customers.kva >= AT_35_KV), own=True),
    Recipe("MT-24", lambda w: _high_metered(w) & (w.customers.kva < AT_35_KV), own=True),
)
