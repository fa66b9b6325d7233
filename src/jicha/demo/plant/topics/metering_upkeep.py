"""Planted faults of the upkeep of meters (计量运维): MT-19, MT-21, MT-23, MT-25, MT-27, MT-28, MT-29."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from jicha.demo.grid import LAST, to_date
from jicha.demo.plant.candidates import Recipe, home, of_main
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say, say_point
from jicha.demo.plant.topics.connection_limits import Step, say_order, write_order
from jicha.demo.world import World

# Monday 12 October: the third working day is the 15th, the fourth the 16th, the fifth the 19th, the sixth the 20th.
MONDAY = date(2026, 10, 12)
THIRD, FOURTH, FIFTH, SIXTH = (datetime(2026, 10, day, 15) for day in (15, 16, 19, 20))


def _test(job: Job, rank: int, kind: str, **more: Any) -> dict[str, Any]:
    """Return a test of the customer's meter on Monday, passed unless `more` says otherwise."""
    return {
        "test_id": f"TU{job.number}{rank}", "mp_id": job.point, "meter_id": f"M{job.number}00", "kind": kind, "tested_on": MONDAY,
        "result_at": datetime(2026, 10, 12, 16), "error_pct": "0.3", "limit_pct": "2", "passed": True, **more,
    }  # fmt: skip


@on("rows", "MT-23")
def keep_failed(_world: World, job: Job, rows: Rows) -> None:
    """Leave a meter that failed where it hangs, or replace it a day late; look-alikes are replaced in time, or passed a second test."""
    late = FOURTH if job.index % 2 else None
    replaced = late if job.fault else (THIRD if job.index % 2 else None)
    failed = {"error_pct": "-3.1", "passed": False, "replaced_at": replaced}
    rows["meter_test"].append(_test(job, 0, "periodic", **failed))
    if not job.fault and job.index % 2 == 0:
        rows["meter_test"].append(_test(job, 1, "periodic", tested_on=date(2026, 10, 14)))
    fault = "replaced on the fourth working day" if late else "failed and never replaced"
    alike = "replaced on the third working day" if replaced else "passed a second test"
    say_point(_world, job, fault if job.fault else alike, spans=NOW)


@on("rows", "MT-27")
def mend_late(world: World, job: Job, rows: Rows) -> None:
    """Close a fault order on the sixth working day, or never; look-alikes close a day earlier, or the customer refused access."""
    is_open = job.fault and job.index % 2 == 0
    refused = 1 if not job.fault and job.index % 2 == 0 else 0
    days = None if is_open else 6 if job.fault or refused else 5
    steps: tuple[Step, ...] = (("accept", 0, 0, 0), ("approve", 0, days, refused))
    number = write_order(
        world,
        job,
        rows,
        "U",
        "meter_fault",
        MONDAY,
        steps,
        customer_no=job.number,
    )
    fault = "fault order still open" if is_open else "closed on the sixth working day"
    alike = "a day of refused access" if refused else "closed on the fifth working day"
    say_order(world, job, number, fault if job.fault else alike)


@on("rows", "MT-28")
def test_late(world: World, job: Job, rows: Rows) -> None:
    """Give the result of a requested test on the sixth working day, or not at all; look-alikes on the fifth, or over the holidays."""
    asked = datetime(2026, 10, 12, 9)
    row = _test(job, 0, "on_request", requested_at=asked, tested_on=date(2026, 10, 14), result_at=SIXTH)
    note = "result on the sixth working day"
    if job.fault and job.index % 2 == 0:
        row |= {
            "tested_on": None,
            "result_at": None,
            "error_pct": None,
            "passed": None,
        }
        note = "asked for and not tested"
    elif not job.fault and job.index % 2 == 0:
        row["result_at"], note = FIFTH, "result on the fifth working day"
    elif not job.fault:
        row |= {
            "requested_at": datetime(2026, 9, 28, 9),
            "tested_on": date(2026, 10, 8),
            "result_at": datetime(2026, 10, 9, 15),
        }
        note = "the holidays of October lie between"
    rows["meter_test"].append(row)
    say_point(world, job, note, spans=NOW)


@on("rows", "MT-29")
def scrap_early(world: World, job: Job, rows: Rows) -> None:
    """Scrap the meter of a check point three months after its removal, or hang it elsewhere; look-alikes keep it, or waited long enough."""
    meter, elsewhere = f"M{job.number}70", job.fault and job.index % 2 == 1
    kept = elsewhere or (not job.fault and job.index % 2 == 0)
    removed = date(2026, 7, 20) if job.fault or kept else date(2026, 3, 20)
    _store_meter(rows, meter, "removed" if kept else "scrapped")
    _hang_check(world, job, rows, 7, date(2021, 4, 12), removed)
    if elsewhere:
        _hang_check(world, job, rows, 8, date(2026, 8, 12), date(2026, 9, 22))
    fault = "hung at another point three weeks later" if elsewhere else "scrapped within months"
    alike = "kept since its removal" if kept else "scrapped after seven months"
    say(world, job, "meter", meter, spans=NOW, note=fault if job.fault else alike)


@on("rows", "MT-25")
def contradict_ledger(world: World, job: Job, rows: Rows) -> None:
    """Let the meter of a check point run by the ledger after its removal, or be lost; look-alikes are removed, or were days ago."""
    meter, late = f"M{job.number}70", not job.fault and job.index % 2 == 1
    removed = date(2026, 10, 21) if late else date(2026, 7, 20)
    lost = job.fault and job.index % 2 == 1
    state = "lost" if lost else "running" if job.fault or late else "removed"
    _store_meter(rows, meter, state)
    _hang_check(world, job, rows, 7, date(2021, 4, 12), removed)
    fault = "lost since its removal" if lost else "runs by the ledger, removed in July"
    alike = "the ledger follows a removal of last week" if late else "removed and so by the ledger"
    say(world, job, "meter", meter, spans=NOW, note=fault if job.fault else alike)


@on("rows", "MT-19", "MT-21")
def report_event(world: World, job: Job, rows: Rows) -> None:
    """Report an energy difference or a clearing without an order; look-alikes happened in the laboratory, or a clearing in an order."""
    at = in_month(LAST, 14, 9 + job.index % 6)
    note = "no work explains the event"
    if not job.fault and job.rule == "MT-21" and job.index % 2 == 0:
        steps: tuple[Step, ...] = (("accept", 0, 0, 0), ("approve", 0, 3, 0))
        write_order(world, job, rows, "V", "meter_fault", MONDAY, steps, customer_no=job.number)
        note = "within a fault order"
    elif not job.fault:
        hung = to_date(int(of_main(world, "installed")[job.customer]))
        at, note = datetime.combine(hung - timedelta(days=20), time(10)), "in the laboratory"
    codes = ("310C", "ERC28") if job.rule == "MT-19" else ("3012", "3013", "3014")
    rows["meter_event"].append(
        {
            "event_id": f"EU{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "code": codes[job.index % len(codes)],
            "started_at": at, "ended_at": at + timedelta(minutes=10),
        }
    )  # fmt: skip
    say_point(world, job, note, spans=NOW)


def _store_meter(rows: Rows, meter: str, state: str) -> None:
    """Add a meter to the ledger."""
    rows["meter"].append(
        {
            "meter_id": meter, "kind": "single_phase_smart", "digits": 6, "decimals": 2, "ref_voltage_v": 220, "basic_current_a": 5, "max_current_a": 60,
            "accuracy": "1.0", "verified_on": date(2021, 3, 2), "verify_due_on": date(2031, 3, 2), "state": state,
        }
    )  # fmt: skip


def _hang_check(world: World, job: Job, rows: Rows, rank: int, hung: date, removed: date) -> None:
    """Add a check point that is no more, with the meter that hung there."""
    station = int(world.customers.station[job.customer])
    point = f"P{job.number}{rank}"
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]), "usage": "check",
            "metering_mode": "lv_lv", "wiring": "1p2w", "class": "V", "status": "removed", "opened_on": hung, "removed_on": removed,
        }
    )  # fmt: skip
    rows["meter_installation"].append(
        {
            "mp_id": point, "meter_id": f"M{job.number}70", "installed_at": datetime(hung.year, hung.month, hung.day, 10),
            "removed_at": datetime(removed.year, removed.month, removed.day, 10), "ct_ratio": 1, "pt_ratio": 1, "multiplier": 1,
        }
    )  # fmt: skip


RECIPES = tuple(
    Recipe(rule, lambda w: home(w, 2, 30))
    for rule in ("MT-19", "MT-21", "MT-23", "MT-25", "MT-27", "MT-28", "MT-29")
)
