"""Planted faults of inspection and of cases (用电检查、违窃): IN-03 … IN-05, IN-07, IN-10, IN-12, IN-13."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from jicha.demo.grid import LAST
from jicha.demo.plant.candidates import Recipe, home, hv, unwatched
from jicha.demo.plant.registry import NOW, Job, Rows, Spans, follows, in_month, on, say
from jicha.demo.world import World

AUGUST, SEPTEMBER = LAST - 2, LAST - 1
BYPASS = "绕越供电企业用电计量装置用电"
CATEGORY = "私自改变用电类别"
CAPACITY = "私自超过合同约定的容量用电"
MOVED = "私自更动电能计量装置"


def _case(world: World, job: Job, rows: Rows, found: date, *, rank: int = 0, **more: Any) -> str:
    """Add a case of theft, 2,400 kWh at 0.65 and three times that, settled and received, with its order."""
    number, order = f"WC{job.number}{rank}", f"WD{job.number}{rank}"
    case: dict[str, Any] = {
        "case_no": number, "customer_no": job.number, "order_no": order, "nature": "theft", "act": BYPASS, "found_on": found, "kwh": "2400",
        "days": 180, "hours_per_day": "12", "back_yuan": "1560.00", "multiple": "3", "penalty_yuan": "4680.00", "received_yuan": "6240.00",
        "evidence": "现场照片、用电检查工作单、客户签字", "state": "closed", "closed_on": found + timedelta(days=14), **more,
    }  # fmt: skip
    is_open = case["state"] == "open"
    station = int(world.customers.station[job.customer])
    opened = datetime(found.year, found.month, found.day, 15)
    rows["breach_case"].append(case)
    rows["work_order"].append(
        {
            "order_no": order, "kind": "breach", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
            "opened_at": opened, "closed_at": None if is_open else opened + timedelta(days=14), "state": "open" if is_open else "done",
        }
    )  # fmt: skip
    return number


def _day(month: int, day: int) -> date:
    return in_month(month, day).date()


@on("rows", "IN-03")
def drag_on(world: World, job: Job, rows: Rows) -> None:
    """Leave a case open for 49 days or longer; look-alikes were found in October, or went to the police."""
    kind = job.index % 2 + (0 if job.fault else 2)
    found, first, note = (
        (_day(SEPTEMBER, 12), LAST, "open for seven weeks"),
        (_day(AUGUST, 10), SEPTEMBER, "open since August"),
        (_day(LAST, 8), LAST, "found in October"),
        (_day(AUGUST, 10), LAST, "with the police"),
    )[kind]
    evidence = "现场照片；已移送公安机关" if kind == 3 else "现场照片、用电检查工作单"
    number = _case(
        world, job, rows, found, state="open", closed_on=None, received_yuan="0.00", evidence=evidence
    )
    spans: Spans = ((first, LAST),)
    say(world, job, "breach_case", number, spans=spans, note=note, yuan=Decimal("6240.00"))


@on("rows", "IN-04")
def collect_too_little(world: World, job: Job, rows: Rows) -> None:
    """Settle a theft without a charge, at twice instead of three times, or unpaid; look-alikes are settled as agreed."""
    changes: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"multiple": None, "penalty_yuan": "0.00", "received_yuan": "1560.00"}, "4680.00", "no charge"),
        ({"multiple": "2", "penalty_yuan": "3120.00", "received_yuan": "4680.00"}, "1560.00", "twice where three times are agreed"),
        ({"received_yuan": "1560.00"}, "4680.00", "closed with the charge open"),
        ({"nature": "default", "act": CATEGORY, "multiple": "2", "penalty_yuan": "3120.00", "received_yuan": "4680.00"}, "0", "twice, the most for this act"),
        ({}, "0", "three times, all received"),
    )  # fmt: skip
    change, yuan, note = changes[job.index % 3 if job.fault else 3 + job.index % 2]
    number = _case(world, job, rows, _day(LAST, 9), **change)
    say(
        world, job, "breach_case", number, spans=NOW, note=note, yuan=Decimal(yuan) if job.fault else None, direction="company" if job.fault else ""
    )  # fmt: skip


@on("rows", "IN-05")
def call_by_wrong_name(world: World, job: Job, rows: Rows) -> None:
    """Handle a shunt or an opened cover as default usage, or a changed category as theft; look-alikes bear their right name."""
    kind = job.index % 3 if job.fault else 3 + job.index % 2
    moved = {
        "nature": "default",
        "act": MOVED,
        "kwh": None,
        "days": None,
        "hours_per_day": None,
        "multiple": None,
        "penalty_yuan": "500.00",
    }
    changes: tuple[tuple[dict[str, Any], str, str, str], ...] = (
        # 3 × 1,560 − 500
        (moved | {"received_yuan": "2060.00", "evidence": "封印被开启，表内短接，现场照片"}, "4180.00", "company", "a shunt, called default usage"),
        # 2 × 1,560 − 4,680
        ({"act": CATEGORY}, "1560.00", "customer", "a changed category, called theft"),
        (moved | {"act": CAPACITY, "back_yuan": None, "capacity_kva": "5", "penalty_yuan": "250.00", "received_yuan": "250.00"}, "", "", "opened cover"),
        (moved | {"received_yuan": "2060.00", "evidence": "封印完好，未发现窃电"}, "", "", "seals whole, called default usage"),
        ({"evidence": "表内短接，现场照片"}, "", "", "a shunt, called theft"),
    )  # fmt: skip
    change, yuan, direction, note = changes[kind]
    number = _case(world, job, rows, _day(LAST, 9), **change)
    if kind == 2:
        opened = in_month(SEPTEMBER, 22, 3, job.index)
        rows["meter_event"].append(
            {
                "event_id": f"EC{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "code": "301B", "started_at": opened,
                "ended_at": opened + timedelta(minutes=12),
            }
        )  # fmt: skip
    say(
        world,
        job,
        "breach_case",
        number,
        spans=NOW,
        note=note,
        yuan=Decimal(yuan) if yuan else None,
        direction=direction,
    )


@on("rows", "IN-07")
def disappoint_reporter(world: World, job: Job, rows: Rows) -> None:
    """Answer a report of theft after eleven working days, or never pay its reward; look-alikes are in time."""
    station = int(world.customers.station[job.customer])
    is_reward = job.index % 2 == 1
    received = in_month(SEPTEMBER, 4, 10) if is_reward else in_month(LAST, 12, 10)
    answered = in_month(LAST, 27, 15) if job.fault and not is_reward else received + timedelta(days=3)
    complaint: dict[str, Any] = {
        "complaint_no": f"CJ{job.number}", "org_no": str(world.network.station_numbers()[station]), "kind": "report_theft", "zone": "urban",
        "received_at": received, "contacted_at": received + timedelta(hours=1), "answered_at": answered, "upheld": is_reward,
        "recorded_action": "已现场核实",
    }  # fmt: skip
    if is_reward:
        complaint |= {
            "reward_due_yuan": "800.00",
            "reward_paid_at": None if job.fault else answered + timedelta(days=20),
        }
    rows["complaint"].append(complaint)
    late = "answered after eleven working days" if job.fault else "answered in three days"
    paid = "reward never paid" if job.fault else "reward paid after twenty days"
    yuan = Decimal("800.00") if job.fault and is_reward else None
    say(
        world,
        job,
        "complaint",
        f"CJ{job.number}",
        spans=NOW,
        note=paid if is_reward else late,
        yuan=yuan,
        direction="customer" if yuan else "",
    )
    if job.fault and not is_reward:
        say(world, job, "complaint", f"CJ{job.number}", rule="CS-01", spans=NOW, note="follows")


@on("rows", "IN-10")
def offend_again(world: World, job: Job, rows: Rows) -> None:
    """Steal in March and again in October; look-alikes' first case was ended, or the one case was entered twice."""
    first: dict[str, Any] = {}
    found, note = _day(LAST - 7, 12), "found in March and in October"
    if job.fault and job.index % 2:
        first = {
            "nature": "default",
            "act": CATEGORY,
            "multiple": "2",
            "penalty_yuan": "3120.00",
            "received_yuan": "4680.00",
        }
    elif not job.fault and job.index % 2 == 0:
        first, note = {"state": "terminated"}, "the case of March was ended"
    elif not job.fault:
        found, note = _day(LAST, 7), "entered twice within two days"
    _case(world, job, rows, found, **first)
    _case(world, job, rows, _day(LAST, 9), rank=1)
    say(world, job, "customer", job.number, spans=NOW, note=note)


@on("archive", "IN-12")
def make_important(world: World, job: Job) -> None:
    """Make the customer an important one (重要用户), whose inspections are written by hand."""
    if job.fault or job.index % 3 < 2:
        world.plan.made_important.add(job.customer)
    world.plan.uninspected.append(job.customer)


@on("rows", "IN-12")
def leave_hazard(world: World, job: Job, rows: Rows) -> None:
    """Leave a hazard of summer as it is; look-alikes put it right, found it in September, or are not important."""
    kind = 0 if job.fault else 1 + job.index % 3
    found = _day(SEPTEMBER, 3) if kind == 2 else _day(LAST - 3, 8 + job.index % 15)
    fixed = found + timedelta(days=40) if kind == 1 else None
    note = (
        "not fixed since July",
        "fixed after forty days",
        "found in September",
        "not important, not fixed since July",
    )[kind]
    # It was still there when somebody came again.
    again = {"done_on": _day(SEPTEMBER, 22), "planned_on": _day(SEPTEMBER, 22), "hazard_found": kind != 1}
    first = _inspection(world, job, 0, found) | {"hazard_found": True, "hazard_fixed_on": fixed}
    rows["inspection"] += [first, _inspection(world, job, 1, found) | again]
    say(world, job, "inspection", str(first["inspection_no"]), spans=NOW, note=note)


def _inspection(world: World, job: Job, rank: int, day: date) -> dict[str, Any]:
    station = int(world.customers.station[job.customer])
    return {
        "inspection_no": f"NC{job.number}{rank}", "customer_no": job.number, "kind": "hazard", "planned_on": day, "done_on": day,
        "inspector_1": world.staff.one("inspector", station), "inspector_2": world.staff.one("inspector", station, 1),
        "sheet_no": f"GZDNC{job.number}{rank}", "customer_signed": True,
    }  # fmt: skip


@on("archive", "IN-13")
def say_generation(world: World, job: Job) -> None:
    """Let the archive of every other customer say that it generates."""
    if job.fault and job.index % 2 == 0:
        world.plan.says_generation.add(job.customer)


@on("rows", "IN-13")
def feed_back(world: World, job: Job, rows: Rows) -> None:
    """Feed a fifth of the energy back in two months without a registered plant; look-alikes feed half a per cent back."""
    note = "the archive says generation"
    if not job.fault or job.index % 2:
        month_kwh = Decimal(round(float(world.customers.base[job.customer]), 1)) * 30
        step = (month_kwh * (Decimal("0.2") if job.fault else Decimal("0.005"))).quantize(Decimal("0.01"))
        rows["reading"] += [_reverse_reading(world, job, month, step) for month in (SEPTEMBER, LAST)]
        note = "reverse energy in two months" if job.fault else "half a per cent of reverse energy"
    say(world, job, "customer", job.number, spans=NOW, note=note)
    if job.fault and job.index % 2:
        follows(world, job, "MT-10", ((SEPTEMBER, LAST),))


def _reverse_reading(world: World, job: Job, month: int, step: Decimal) -> dict[str, Any]:
    day, before = int(world.customers.read_day[job.customer]), month - SEPTEMBER
    return {
        "mp_id": job.point, "meter_id": f"M{job.number}00", "bill_month": _day(month, 1), "register": "reverse", "previous_value": step * before,
        "previous_at": in_month(month - 1, day, 0, 5), "value": step * (before + 1), "read_at": in_month(month, day, 0, 5), "method": "ami",
        "status": "read",
    }  # fmt: skip


RECIPES: tuple[Recipe, ...] = (
    Recipe("IN-12", hv("hv_nonindustry", "hv_works", "hv_commerce", "hv_industry")),
    *(Recipe(rule, lambda w: home(w, 4, 30)) for rule in ("IN-03", "IN-04", "IN-05", "IN-07", "IN-10")),
    # Generation whose export no register tells leaves the loss of its district unknown.
    Recipe("IN-13", lambda w: home(w, 4, 30) & unwatched(w)),
)
