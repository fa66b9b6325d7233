"""Planted faults of inspection (用电检查): IN-01, IN-02, IN-06, IN-09."""

from __future__ import annotations

from datetime import date
from typing import Any

from jicha.demo.grid import LAST
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say, say_customer
from jicha.demo.world import World


@on("archive", "IN-01")
def forget_inspection(world: World, job: Job) -> None:
    """Take the customer's inspections away; one old one comes back by hand."""
    world.plan.uninspected.append(job.customer)


@on("rows", "IN-01")
def inspect_long_ago(world: World, job: Job, rows: Rows) -> None:
    """Inspect last in spring 2025; the look-alike 11 months before the end of the audited month, at 35 kV five and a half."""
    lately = date(2025, 12, 8) if world.customers.kva[job.customer] < 2_500 else date(2026, 5, 18)
    day = date(2025, 3, 10 + job.index % 15) if job.fault else lately
    rows["inspection"].append(_inspection(world, job, f"NX{job.number}", day, "periodic"))
    say_customer(world, job, f"last inspected on {day}", spans=((8, LAST),) if job.fault else NOW)


@on("rows", "IN-02")
def end_case(world: World, job: Job, rows: Rows) -> None:
    """End a case of default or theft without a settlement; the look-alike was entered twice and one of the two was settled."""
    station = int(world.customers.station[job.customer])
    case: dict[str, Any] = {
        "case_no": f"WZ{job.number}", "customer_no": job.number, "order_no": f"WB{job.number}", "nature": "theft" if job.index % 2 else "default",
        "act": "绕越供电企业用电计量装置用电" if job.index % 2 else "私自超过合同约定的容量用电", "found_on": in_month(LAST - 1, 22).date(),
        "kwh": "2400", "days": 180, "hours_per_day": "12", "back_yuan": "1560.00", "multiple": "3", "penalty_yuan": "4680.00",
        "received_yuan": "0.00", "evidence": "现场照片、用电检查工作单", "state": "terminated", "closed_on": in_month(LAST, 14).date(),
    }  # fmt: skip
    if not job.fault:
        case |= {"case_no": f"WZ{job.number}A"}
        rows["breach_case"].append(
            {**case, "case_no": f"WZ{job.number}B", "received_yuan": "6240.00", "state": "closed"}
        )
        rows["work_order"].append(_order(world, job, station, f"WB{job.number}", "done"))
    else:
        rows["work_order"].append(_order(world, job, station, f"WB{job.number}", "cancelled"))
    rows["breach_case"].append(case)
    note = "case terminated without a settlement" if job.fault else "entered twice, the other entry settled"
    say(world, job, "breach_case", str(case["case_no"]), spans=NOW, note=note)


@on("rows", "IN-09")
def inspect_badly(world: World, job: Job, rows: Rows) -> None:
    """Inspect alone, without a work sheet, or without a signature; the look-alike lacks nothing."""
    day = in_month(LAST, 12 + job.index % 15).date()
    inspection = _inspection(world, job, f"NZ{job.number}", day, "special")
    missing = ("inspector_2", "sheet_no", "customer_signed")[job.index % 3]
    if job.fault:
        inspection |= {missing: False if missing == "customer_signed" else None}
    rows["inspection"].append(inspection)
    say(
        world,
        job,
        "inspection",
        f"NZ{job.number}",
        spans=NOW,
        note=f"no {missing}" if job.fault else "two inspectors, sheet and signature",
    )


def _inspection(world: World, job: Job, number: str, day: date, kind: str) -> dict[str, Any]:
    station = int(world.customers.station[job.customer])
    return {
        "inspection_no": number, "customer_no": job.number, "kind": kind, "planned_on": day, "done_on": day,
        "inspector_1": world.staff.one("inspector", station), "inspector_2": world.staff.one("inspector", station, 1),
        "sheet_no": f"GZD{number}", "customer_signed": True, "hazard_found": False,
    }  # fmt: skip


def _order(world: World, job: Job, station: int, number: str, state: str) -> dict[str, Any]:
    return {
        "order_no": number, "kind": "breach", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
        "opened_at": in_month(LAST - 1, 22, 15), "closed_at": in_month(LAST, 14, 16), "state": state,
    }  # fmt: skip


@on("rows", "IN-06")
def settle_wrongly(world: World, job: Job, rows: Rows) -> None:
    """Settle a theft with a wrong penalty, too few days, odd hours or a wrong energy; the look-alike's days are proved."""
    station = int(world.customers.station[job.customer])
    # 10 kW × 180 days × 12 hours = 21,600 kWh; at 0.60 yuan 12,960.00, three times 38,880.00 (domain.md G05).
    case: dict[str, Any] = {
        "case_no": f"WS{job.number}", "customer_no": job.number, "order_no": f"WB{job.number}", "nature": "theft",
        "act": "在供电企业的供电设施上，擅自接线用电", "found_on": in_month(LAST, 12).date(), "kwh": "21600", "days": 180, "hours_per_day": "12",
        "capacity_kva": "10", "back_yuan": "12960.00", "multiple": "3", "penalty_yuan": "38880.00", "received_yuan": "51840.00",
        "evidence": "现场照片、用电检查工作单、客户签字", "state": "closed", "closed_on": in_month(LAST, 27).date(),
    }  # fmt: skip
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"penalty_yuan": "25920.00", "received_yuan": "38880.00"}, "penalty of twice the back-pay, multiple 3"),
        ({"days": 90, "kwh": "10800", "back_yuan": "6480.00", "penalty_yuan": "19440.00", "received_yuan": "25920.00"}, "90 days without proof"),
        ({"hours_per_day": "8", "kwh": "14400", "back_yuan": "8640.00", "penalty_yuan": "25920.00", "received_yuan": "34560.00"}, "8 hours a day"),
        ({"kwh": "20000", "back_yuan": "12000.00", "penalty_yuan": "36000.00", "received_yuan": "48000.00"}, "energy is not power × days × hours"),
    )  # fmt: skip
    change, note = changes[job.index % 4]
    if not job.fault:
        change, note = (
            changes[1][0] | {"evidence": "采集曲线查实窃电起始日期、现场照片、客户签字"},
            "90 days proved by the curve",
        )
        if job.index % 2:
            change, note = {}, "180 days, 12 hours, three times"
    rows["breach_case"].append(case | change)
    rows["work_order"].append(
        _order(world, job, station, f"WB{job.number}", "done")
        | {"opened_at": in_month(LAST, 12, 15), "closed_at": in_month(LAST, 27, 16)}
    )
    say(world, job, "breach_case", str(case["case_no"]), spans=NOW, note=note)
