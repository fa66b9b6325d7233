"""Planted faults of collection (收费账务): CL-01 … CL-08."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from jicha.demo.answer_key import FAULT
from jicha.demo.grid import LAST, MONTH_START, NULL
from jicha.demo.money import CASH, TRANSFER
from jicha.demo.plant.registry import NOW, Job, MoneyScene, Rows, Spans, in_month, on, say
from jicha.demo.segments import SEGMENTS
from jicha.demo.world import Part, World

SEPTEMBER = LAST - 1
TRANSIT_LIMIT = Decimal(50_000)


@on("money", "CL-01")
def forget_debt(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Leave a bill unpaid without a reminder; the look-alikes were reminded and warned, or owe for four days."""
    month = SEPTEMBER - job.index % 3 if job.fault else (SEPTEMBER - 1 if job.index % 2 == 0 else LAST)
    bill = scene.bills.row(row, month)
    scene.payments.paid_on[bill] = NULL
    scene.payments.late_fee[bill] = 0
    amount = Decimal(int(scene.bills.total[bill])).scaleb(-2)
    if job.fault:
        scene.payments.no_dunning[bill] = True
        spans: Spans = ((month + 1, LAST),)
        note = "more than 30 days overdue, no reminder"
    else:
        spans, note = NOW, "overdue, reminded and warned" if job.index % 2 == 0 else "overdue for four days"
    say(part.world, job, "bill", f"B{job.number}{month:02d}", spans=spans, note=note, yuan=amount)
    if month == LAST - 3:
        # By now it is 95 days overdue.
        say(
            part.world,
            job,
            "bill",
            f"B{job.number}{month:02d}",
            rule="CL-02",
            spans=NOW,
            note="follows",
            yuan=amount,
        )


@on("rows", "CL-03")
def waive(world: World, job: Job, rows: Rows) -> None:
    """Waive late fees without approval, or more than 1,000 yuan; the look-alike is small and approved."""
    station = int(world.customers.station[job.customer])
    large = job.fault and job.index % 3 == 2
    approved = not job.fault or large
    month = LAST if job.index % 4 != 3 or not job.fault else 11
    amount = Decimal("1260.00") if large else Decimal("18.50") + job.index
    rows["late_fee_waiver"].append(
        {
            "waiver_id": f"JX{job.number}", "customer_no": job.number, "bill_id": f"B{job.number}{month - 1:02d}", "amount_yuan": amount,
            "operator_id": world.staff.one("cashier", station, job.index), "approved_by": world.staff.one("manager", station) if approved else None,
            "at": in_month(month, 19, 10), "reason": "客户申请",
        }
    )  # fmt: skip
    note = ("more than 1,000 yuan" if large else "no approval") if job.fault else "small and approved"
    say(
        world,
        job,
        "late_fee_waiver",
        f"JX{job.number}",
        spans=((month, month),),
        note=note,
        yuan=amount if job.fault else None,
    )


@on("money", "CL-05")
def fake_receipt(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Book a receipt on the last day of the quarter and cancel it days later; look-alikes are in mid-month."""
    month = SEPTEMBER if job.fault else LAST
    bill = scene.bills.row(row, month)
    amount = Decimal(int(scene.bills.total[bill])).scaleb(-2)
    at = datetime(2026, 9, 30, 16, 20 + job.index) if job.fault else in_month(LAST, 13, 10, job.index)
    station = int(part.world.customers.station[job.customer])
    scene.rows["receipt"].append(
        {
            "receipt_id": f"RX{job.number}", "customer_no": job.number, "bill_id": f"B{job.number}{month:02d}", "amount_yuan": amount,
            "late_fee_yuan": "0.00", "channel": "transfer", "received_at": at, "banked_at": None,
            "operator_id": part.world.staff.one("cashier", station), "cancelled_at": at + timedelta(days=2 + job.index % 2, hours=-6) if job.fault else at + timedelta(minutes=20),
            "cancel_reason": "冲正" if job.fault else "录入重复",
        }
    )  # fmt: skip
    # The money came after the due date: the late fee is 2 ‰ a day.
    if job.fault:
        late = 9 + job.index % 5
        scene.payments.paid_on[bill] = int(MONTH_START[month]) + 27 + late
        scene.payments.late_fee[bill] = (int(scene.bills.total[bill]) * 2 * late + 500) // 1_000
    note = (
        "booked on 30 September, cancelled in October"
        if job.fault
        else "cancelled within the hour in mid-month"
    )
    say(part.world, job, "receipt", f"RX{job.number}", spans=NOW, note=note, yuan=amount)
    if job.fault and amount > TRANSIT_LIMIT:
        # On 30 September the money is nowhere, and too much to be on its way.
        say(
            part.world,
            job,
            "receipt",
            f"RX{job.number}",
            rule="CL-06",
            spans=((month, month),),
            note="follows",
            yuan=amount,
        )


@on("money", "CL-06")
def hold_money(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Keep cash for more than three days before it is banked; look-alikes for a day, or over the public holidays."""
    payments = scene.payments
    month = LAST if job.fault or job.index % 2 == 0 else SEPTEMBER
    bill = scene.bills.row(row, month)
    start = int(MONTH_START[LAST])
    if job.fault:
        paid, note = start + 12 + job.index % 8, "cash not banked for more than three days"
    elif job.index % 2 == 0:
        paid, note = start + 29, "received on the 30th, banked next week"
    else:
        paid, note = start - 1, "received before the holidays, banked on the first working day after them"
        payments.banked_on[bill] = start + 7
    payments.paid_on[bill] = paid
    payments.channel[bill] = CASH
    if month == LAST:
        payments.banked_on[bill] = -1
    late = max(0, paid - int(MONTH_START[month]) - 27)
    payments.late_fee[bill] = (int(scene.bills.total[bill]) * 2 * late + 500) // 1_000
    say(
        part.world,
        job,
        "receipt",
        f"R{job.number}{month:02d}",
        spans=NOW,
        note=note,
        yuan=Decimal(int(scene.bills.total[bill])).scaleb(-2),
    )
    _kept_overnight(part.world, job, month, paid, int(scene.bills.total[bill] + payments.late_fee[bill]))


def _kept_overnight(world: World, job: Job, bill_month: int, paid: int, cents: int) -> None:
    """Even look-alikes kept their cash overnight, which CL-09 reports in the month of the receipt."""
    month = LAST if paid >= int(MONTH_START[LAST]) else SEPTEMBER
    world.plan.key.add(
        "CL-09", FAULT, ("receipt", f"R{job.number}{bill_month:02d}"), job.customer, month, month, yuan=Decimal(cents).scaleb(-2), note="follows"
    )  # fmt: skip


@on("money", "CL-08")
def pay_back(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Refund too much, to somebody else, within a week, or a card payment; the look-alike is small and to the customer."""
    world = part.world
    station = int(world.customers.station[job.customer])
    variant = job.index % 4 if job.fault else 9
    bill = scene.bills.row(row, LAST)
    paid = int(scene.payments.paid_on[bill])
    refund: dict[str, Any] = {
        "refund_id": f"TX{job.number}", "customer_no": job.number, "amount_yuan": Decimal("64.20"), "payee_name": scene.names[job.customer],
        "refunded_at": in_month(LAST, 27, 15), "operator_id": world.staff.one("cashier", station), "approved_by": world.staff.one("manager", station),
        "reason": "多交电费退还",
    }  # fmt: skip
    if variant == 0:
        refund |= {"amount_yuan": Decimal("12800.00")}
    elif variant == 1:
        refund |= {"payee_name": "吴代收", "amount_yuan": Decimal("980.00")}
    elif variant in (2, 3):
        scene.payments.channel[bill] = TRANSFER if variant == 2 else 1
        refund |= {
            "receipt_id": f"R{job.number}{LAST:02d}",
            "amount_yuan": Decimal(int(scene.bills.total[bill])).scaleb(-2),
            "refunded_at": datetime(1970, 1, 1) + timedelta(days=paid + 2, hours=15),
        }
    scene.rows["refund"].append(refund)
    if "receipt_id" not in refund:
        # What goes back had been paid in advance.
        paid_in = in_month(LAST, 5)
        scene.rows["receipt"].append(
            {
                "receipt_id": f"RQ{job.number}", "customer_no": job.number, "amount_yuan": refund["amount_yuan"], "late_fee_yuan": "0.00",
                "channel": "online", "received_at": paid_in, "banked_at": paid_in,
            }
        )  # fmt: skip
    notes = {
        0: "10,000 yuan or more",
        1: "payee is not the customer",
        2: "refunded within seven days",
        3: "paid by card and refunded",
        9: "small, to the customer",
    }
    say(
        world,
        job,
        "refund",
        f"TX{job.number}",
        spans=NOW,
        note=notes[variant],
        yuan=refund["amount_yuan"] if job.fault else None,
    )


@on("money", "CL-04")
def charge_wrong_late_fee(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Charge a late fee (违约金) at another rate, for another day, or none; the look-alikes' fee is right."""
    payments = scene.payments
    bill = scene.bills.row(row, SEPTEMBER)
    due = int(MONTH_START[SEPTEMBER]) + 27
    days = 13 + job.index % 9
    payments.paid_on[bill] = due + days
    permille = 1 if SEGMENTS[int(part.of_customer("segment")[row])].kind == "lv_res" else 2
    total = int(scene.bills.total[bill])
    right = (total * permille * days + 500) // 1_000
    charged, note = (
        (_late_fee(total, permille + 1, days), f"{permille + 1} ‰ a day instead of {permille} ‰"),
        (0, "no late fee"),
        (_late_fee(total, permille, days + 2), f"{days + 2} days instead of {days}"),
    )[job.index % 3]
    if not job.fault:
        charged, note = right, f"{days} days late at {permille} ‰"
    payments.late_fee[bill] = charged
    say(
        part.world,
        job,
        "receipt",
        f"R{job.number}{SEPTEMBER:02d}",
        spans=NOW,
        note=note,
        yuan=Decimal(abs(charged - right)).scaleb(-2) if job.fault else None,
        direction=("customer" if charged > right else "company") if job.fault else "",
    )


def _late_fee(total: int, permille: int, days: int) -> int:
    return (total * permille * days + 500) // 1_000
