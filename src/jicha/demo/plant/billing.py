"""Planted faults of price and calculation (电价电费): BL-01 … BL-31."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.charges import HALF
from jicha.demo.curve import Curves
from jicha.demo.grid import DAYS, LAST, NULL, day_number
from jicha.demo.plant.causes import REBILL
from jicha.demo.plant.registry import NOW, Job, MoneyScene, Rows, in_month, on, say, say_point
from jicha.demo.points import CAPACITY, NO_BASIC, PF_80, PF_85, PF_90, PLAIN, TARIFFS
from jicha.demo.world import Part, World

SINGLE_RATE, TWO_PART = TARIFFS.index("CI_SINGLE"), TARIFFS.index("CI_TWO")


def _point(world: World, job: Job) -> int:
    return int(np.searchsorted(world.points.owner, job.customer))


@on("archive", "BL-01")
def wrong_system(world: World, job: Job) -> None:
    """Bill single-rate from 315 kVA, or two-part below it, without the record of a choice; with it in look-alikes."""
    point = _point(world, job)
    kva = int(world.customers.kva[job.customer])
    if kva >= 315:
        world.points.tariff[point], world.points.basic[point] = SINGLE_RATE, NO_BASIC
        world.points.contract_demand[point] = NULL
        # Connected after the rule of June 2023: nobody was on the single rate before it.
        if job.fault:
            opened = day_number(date(2024, 3, 4)) + job.index
            world.customers.opened[job.customer] = opened
            world.points.installed[point], world.points.verified[point] = opened, opened - 40
        note = f"{kva} kVA on the single rate"
    else:
        world.points.tariff[point], world.points.basic[point] = TWO_PART, CAPACITY
        world.plan.without_proof[job.customer] = job.fault
        note = f"{kva} kVA on the two-part price"
    if not job.fault:
        job.memo["choice"] = True
    say_point(world, job, note + (", no choice on file" if job.fault else ", choice on file"))


@on("rows", "BL-01")
def file_choice(world: World, job: Job, rows: Rows) -> None:
    """File the choice of the look-alikes."""
    if job.memo.get("choice") and world.customers.kva[job.customer] >= 315:
        rows["proof"].append(
            {
                "proof_id": f"QX{job.number}",
                "customer_no": job.number,
                "kind": "tariff_choice",
                "valid_from": in_month(0, 1).date(),
            }
        )


@on("archive", "BL-02")
def no_bands(world: World, job: Job) -> None:
    """Meter and bill a customer of 100 kVA or more without time of use; the look-alike is a hospital."""
    world.points.registers[_point(world, job)] = PLAIN
    say_point(
        world,
        job,
        "100 kVA or more without time of use" if job.fault else "hospital, exempt from time of use",
    )


@on("archive", "BL-03")
def no_standard(world: World, job: Job) -> None:
    """Assess no power factor."""
    if job.fault:
        world.points.pf_standard[_point(world, job)] = NULL
    say_point(world, job, "no power-factor standard" if job.fault else "below 100 kVA: not assessed")


@on("archive", "BL-04")
def wrong_standard(world: World, job: Job) -> None:
    """Assess the power factor by another standard than table 3.1 gives."""
    point = _point(world, job)
    right = int(world.points.pf_standard[point])
    if job.fault:
        world.points.pf_standard[point] = {PF_90: PF_85, PF_85: PF_80, PF_80: PF_85}[right]
    say_point(
        world,
        job,
        f"standard {world.points.pf_standard[point] / 1e6:.2f} instead of {right / 1e6:.2f}"
        if job.fault
        else "the standard of table 3.1",
    )


@on("archive", "BL-09")
def wrong_column(world: World, job: Job) -> None:
    """Bill a 10 kV customer by the price column below 1 kV."""
    if job.fault:
        world.points.price_voltage[_point(world, job)] = 0
    say_point(world, job, "10 kV supply, price below 1 kV" if job.fault else "35 kV supply and price")


@on("archive", "BL-12")
def low_contract(world: World, job: Job) -> None:
    """Contract a demand below 40 % of the capacity; the look-alike contracts exactly 40 %."""
    point = _point(world, job)
    kva = int(world.customers.kva[job.customer])
    share = 28 + job.index % 8 if job.fault else 40
    world.points.contract_demand[point] = kva * share * 100
    say_point(world, job, f"contract demand {share} % of {kva} kVA")


@on("energy", "BL-20")
def small_main(part: Part, job: Job, row: int) -> None:
    """Let the main meter pass less than its sub meter; the look-alike passes a little more."""
    days = slice(int(part.planned[row, LAST - 1]), DAYS)
    share = 12 if job.fault else 30
    part.metered[row, days] = part.metered[row, days] * share // 100
    part.true[row] = part.metered[row]
    say_point(
        part.world,
        job,
        "main meter below its sub meter" if job.fault else "main meter a little above its sub meter",
        spans=((LAST - 1, LAST),),
    )


@on("rows", "BL-23")
def odd_correction(world: World, job: Job, rows: Rows) -> None:
    """Enter corrections without an order, too large, by one person alone, again and again, or forth and back."""
    station = int(world.customers.station[job.customer])
    clerk, chief = world.staff.one("calculator", station), world.staff.one("manager", station)
    variant = job.index % 5 if job.fault else 9
    base: dict[str, Any] = {
        "customer_no": job.number, "mp_id": job.point, "kind": "supplement", "cause": "计量差错", "kwh": "300", "amount_yuan": "195.00",
        "source_order_no": None if variant == 0 else f"WT{job.number}", "entered_by": clerk, "approved_by": chief,
    }  # fmt: skip
    if variant == 1:
        base |= {"kwh": "16500", "amount_yuan": "10725.00"}
    if variant == 2:
        base |= {"approved_by": clerk}
    months = {3: (8, 11, LAST), 4: (12, LAST)}.get(variant, (LAST,))
    for place, month in enumerate(months):
        entry = {
            **base,
            "back_bill_id": f"UX{job.number}{place}",
            "bill_month": in_month(month, 1).date(),
            "entered_at": in_month(month, 15, 14),
        }
        if variant == 4 and place == 1:
            entry |= {"kind": "refund"}
        if variant == 9:
            entry |= {"kwh": "4900", "amount_yuan": "3185.00"}
        rows["back_bill"].append(entry)
    if variant != 0:
        rows["work_order"].append(_correction_order(world, job))
    note = (
        "no source order",
        "10,000 yuan or more",
        "entered and approved by one person",
        "three in twelve months",
        "taken back the next month",
    )
    last = len(months) - 1
    amount = Decimal(str(base["amount_yuan"]))
    say(
        world,
        job,
        "back_bill",
        f"UX{job.number}{last}",
        spans=NOW,
        note=note[variant] if job.fault else "large but below the limits, with order",
        yuan=amount,
    )


def _correction_order(world: World, job: Job) -> dict[str, Any]:
    return {
        "order_no": f"WT{job.number}", "kind": "back_bill", "customer_no": job.number,
        "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
        "opened_at": in_month(8, 12, 9), "closed_at": in_month(8, 14, 16), "state": "done",
    }  # fmt: skip


@on("money", "BL-26")
def negative_bill(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Issue a bill of negative energy; the look-alike is a reversal with its refund order."""
    bills = scene.bills
    bill = bills.row(row, LAST)
    if bill < 0:
        return
    if not job.fault:
        _reverse(part, job, row, scene)
        return
    lines = np.flatnonzero(bills.lines["bill"] == bill)
    kwh = 17 + job.index
    amount = (kwh * bills.lines["price"][lines] + HALF) // (2 * HALF)
    right = int(bills.total[bill])
    bills.lines["quantity"][lines], bills.lines["amount"][lines] = -kwh * 10_000, -amount
    bills.kwh[bill], bills.total[bill] = -kwh, -int(amount.sum())
    off = right - int(bills.total[bill])
    say(part.world, job, "bill", _bill_id(job, LAST), rule=REBILL, spans=NOW, note="negative energy billed",
        yuan=Decimal(abs(off)).scaleb(-2), direction="company", cause="negative_energy")  # fmt: skip
    say(part.world, job, "bill", _bill_id(job, LAST), spans=NOW, note="negative energy without a refund order",
        kwh=Decimal(abs(int(bills.kwh[bill]))), yuan=Decimal(abs(int(bills.total[bill]))).scaleb(-2))  # fmt: skip


def _reverse(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    bills = scene.bills
    bill = bills.row(row, LAST - 1)
    if bill < 0:
        return
    world = part.world
    station = int(world.customers.station[job.customer])
    kwh, total = Decimal(int(bills.kwh[bill])), Decimal(int(bills.total[bill])).scaleb(-2)
    scene.rows["bill"].append(
        {
            "bill_id": f"BR{job.number}", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
            "bill_month": in_month(LAST, 1).date(), "kind": "reversal", "reverses_bill_id": _bill_id(job, LAST - 1),
            "period_from": in_month(LAST - 1, 1).date(), "period_to": in_month(LAST, 1).date(), "kwh": -kwh, "total_yuan": -total,
            "calculated_at": in_month(LAST, 20, 9), "issued_at": in_month(LAST, 20, 15),
            "calculated_by": world.staff.one("calculator", station), "reviewed_by": world.staff.one("manager", station),
        }
    )  # fmt: skip
    scene.rows["bill_line"].append(
        {
            "bill_id": f"BR{job.number}",
            "line_no": 1,
            "mp_id": job.point,
            "item": "other",
            "quantity": -kwh,
            "unit": "kwh",
            "amount_yuan": -total,
        }
    )
    scene.rows["work_order"].append(_correction_order(world, job))
    scene.rows["back_bill"].append(
        {
            "back_bill_id": f"UR{job.number}", "customer_no": job.number, "mp_id": job.point, "bill_month": in_month(LAST, 1).date(),
            "kind": "refund", "cause": "抄表差错", "kwh": kwh, "amount_yuan": total, "source_order_no": f"WT{job.number}",
            "entered_by": world.staff.one("calculator", station), "approved_by": world.staff.one("manager", station), "entered_at": in_month(LAST, 19, 14),
        }
    )  # fmt: skip
    say(world, job, "bill", f"BR{job.number}", spans=NOW, note="reversal with a refund order")


@on("archive", "BL-31")
def watch_curve(world: World, job: Job) -> None:
    """Keep the customer's curve."""
    world.plan.curve_customers.append(job.customer)


@on("curves", "BL-31")
def overload(part: Part, job: Job, row: int, curves: Curves) -> None:
    """Draw a quarter more than the capacity on six days; the look-alike only in eight quarters of two days."""
    place = int(np.searchsorted(curves.rows, row))
    limit = float(part.of_customer("kva")[row]) / float(part.get("multiplier")[row])
    days = range(4, 10) if job.fault else range(4, 6)
    for day in days:
        quarters = slice(36, 48) if job.fault else slice(36, 40)
        before = curves.power[place, day, quarters].copy()
        curves.power[place, day, quarters] = limit * 1.25
        curves.current[place, day, quarters] *= (limit * 1.25 / np.maximum(before, 1e-9))[:, None]
    say_point(
        part.world,
        job,
        "over capacity on six days" if job.fault else "eight quarters over capacity on two days",
    )


def _bill_id(job: Job, month: int) -> str:
    return f"B{job.number}{month:02d}"
