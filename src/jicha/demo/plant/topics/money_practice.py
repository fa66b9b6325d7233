"""Planted faults of money (收费账务) and of what alarms leave undone: CL-02, CL-07, CL-09, CL-10, CL-12 … CL-18, IN-08."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import LAST, MONTH_START, NULL, Bools
from jicha.demo.money import CASH, CHANNELS
from jicha.demo.plant.candidates import Recipe, home, hv, old
from jicha.demo.plant.permission import hire
from jicha.demo.plant.registry import NOW, Job, MoneyScene, Rows, Spans, follows, in_month, on, say, say_point
from jicha.demo.world import Part, World

AUGUST = LAST - 2
SEPTEMBER = LAST - 1
DECEMBER = 3
OFFSET = CHANNELS.index("prepaid_offset")


def bill_id(job: Job, month: int) -> str:
    """Return the identifier of the customer's bill of a month."""
    return f"B{job.number}{month:02d}"


def yuan_of(scene: MoneyScene, bill: int) -> Decimal:
    """Return the total of a bill."""
    return Decimal(int(scene.bills.total[bill])).scaleb(-2)


def leave_unpaid(scene: MoneyScene, bill: int) -> None:
    """Let nobody pay a bill; the reminders of ordinary life follow."""
    scene.payments.paid_on[bill] = NULL
    scene.payments.late_fee[bill] = 0


def prepay(job: Job, at: datetime, amount: Decimal, rank: int = 0, **more: Any) -> dict[str, Any]:
    """Return a receipt that names no bill."""
    return {
        "receipt_id": f"RP{job.number}{rank}", "customer_no": job.number, "amount_yuan": amount, "late_fee_yuan": "0.00", "channel": "online",
        "received_at": at, "banked_at": at, **more,
    }  # fmt: skip


def bystander(world: World, job: Job) -> str:
    """Return the number of a home to which nothing else happens."""
    homes = home(world, 2, 30)
    quiet = np.flatnonzero(homes & ~world.customers.special)
    if not len(quiet):  # a toy county is full of plants
        quiet = np.flatnonzero(homes)
    return str(int(quiet[job.customer % len(quiet)]) + 3_401_000_001)


@on("money", "CL-02")
def owe_for_long(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Owe a bill of summer, or of last year, though reminded; look-alikes owe for 64 days, or had paid in advance."""
    kind = job.index % 3 if job.fault else 3 + job.index % 2
    month, first, note = (
        (LAST - 3, LAST, "95 days overdue"),
        (LAST - 4, LAST - 1, "125 days overdue"),
        (DECEMBER, DECEMBER + 1, "carried over the year end"),
        (LAST - 2, LAST, "64 days overdue"),
        (LAST - 3, LAST, "paid out of a prepayment"),
    )[kind]
    bill = scene.bills.row(row, month)
    leave_unpaid(scene, bill)
    if kind == 4:
        scene.payments.no_dunning[bill] = True
        scene.rows["receipt"].append(prepay(job, in_month(month, 9), yuan_of(scene, bill)))
    spans: Spans = ((first, LAST),)
    say(part.world, job, "bill", bill_id(job, month), spans=spans, note=note, yuan=yuan_of(scene, bill))


@on("money", "CL-07")
def move_prepayment(part: Part, job: Job, _row: int, scene: MoneyScene) -> None:
    """Move a prepayment to a stranger, or without a document; look-alikes moved house and have one."""
    world = part.world
    amount = Decimal("61.30") + job.index
    at = in_month(LAST, 13 + job.index % 12, 14)
    other = bystander(world, job)
    station = int(world.customers.station[job.customer])
    related = not job.fault or job.index % 3 == 1
    documented = not job.fault or job.index % 3 == 0
    scene.rows["receipt"].append(prepay(job, at - timedelta(days=25), amount))
    scene.rows["prepaid_transfer"].append(
        {
            "transfer_id": f"HX{job.number}", "from_customer_no": job.number, "to_customer_no": other, "amount_yuan": amount, "at": at,
            "operator_id": world.staff.one("cashier", station), "document_no": f"HZ-2026-{job.number}" if documented else None,
        }
    )  # fmt: skip
    if related:
        scene.rows["work_order"].append(
            {
                "order_no": f"WG{job.number}", "kind": "transfer", "customer_no": other, "org_no": str(world.network.station_numbers()[station]),
                "applicant": scene.names[job.customer], "opened_at": at - timedelta(days=30), "closed_at": at - timedelta(days=28), "state": "done",
            }
        )  # fmt: skip
    note = f"{'to another number of the giver' if related else 'to a stranger'}, {'a' if documented else 'no'} document"
    say(world, job, "prepaid_transfer", f"HX{job.number}", spans=NOW, note=note, yuan=amount)


@on("money", "CL-09")
def keep_cash(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Deposit the cash of a Tuesday on Wednesday; look-alikes took it on a Saturday and deposited it on Monday."""
    payments = scene.payments
    bill = scene.bills.row(row, LAST)
    start = int(MONTH_START[LAST])
    paid, banked, note = start + 19, start + 20, "cash of Tuesday deposited on Wednesday"
    if not job.fault:
        paid, banked, note = start + 16, start + 18, "cash of Saturday deposited on Monday"
    payments.paid_on[bill], payments.banked_on[bill], payments.channel[bill] = paid, banked, CASH
    payments.late_fee[bill] = 0
    say(
        part.world, job, "receipt", f"R{job.number}{LAST:02d}", spans=NOW, note=note, yuan=yuan_of(scene, bill), direction="company" if job.fault else ""
    )  # fmt: skip


@on("money", "CL-10")
def invoice_wrongly(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Invoice more than the bill, or to a stranger, or void too many; look-alikes invoice in parts, or with the late fee."""
    bill = scene.bills.row(row, LAST)
    paid = int(MONTH_START[LAST]) + 19
    scene.payments.paid_on[bill], scene.payments.late_fee[bill] = paid, 0
    total, at = yuan_of(scene, bill), in_month(LAST, 21, 10, job.index)
    invoice: dict[str, Any] = {
        "invoice_no": f"IX{job.number}", "bill_id": bill_id(job, LAST), "amount_yuan": total, "issued_at": at, "buyer_name": scene.names[job.customer],
    }  # fmt: skip
    # Voided invoices are a rate: a toy county has too few faults for it.
    kind = min(job.index % (5 if part.world.plan.count >= 5 else 2), 2) if job.fault else 3
    stake, note = total, ("amount of the bill and 100 yuan", "to a stranger", "voided", "in two parts")[kind]
    if kind == 0:
        invoice["amount_yuan"], stake = total + 100, Decimal("100.00")
    elif kind == 1:
        invoice["buyer_name"] = "云浦商贸有限公司"
    elif kind == 2:
        invoice["voided_at"] = at + timedelta(minutes=20)
    else:
        invoice["amount_yuan"] = Decimal("10.00")
        scene.rows["invoice"].append(invoice | {"invoice_no": f"IY{job.number}", "amount_yuan": total - 10})
    scene.rows["invoice"].append(invoice)
    say(part.world, job, "invoice", f"IX{job.number}", spans=NOW, note=note, yuan=stake)


def dun(world: World, job: Job, rank: int, step: str, at: datetime) -> dict[str, Any]:
    """Return a step of dunning for the customer's bill of August."""
    return {
        "dunning_id": f"DX{job.number}{rank}", "customer_no": job.number, "bill_id": bill_id(job, AUGUST), "step": step, "at": at,
        "operator_id": world.staff.one("cashier", int(world.customers.station[job.customer])),
    }  # fmt: skip


def pay_late(scene: MoneyScene, bill: int, due: int, days: int) -> None:
    """Pay a home's bill so many days late, with the charge of 1 per mille a day."""
    scene.payments.paid_on[bill] = due + days
    scene.payments.late_fee[bill] = (int(scene.bills.total[bill]) * days + 500) // 1_000


@on("money", "CL-12")
def restore_late(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Pay after a stop and wait two days for the supply, or for ever; look-alikes have it the next morning."""
    day = 13 + job.index % 12
    pay_late(scene, scene.bills.row(row, AUGUST), int(MONTH_START[AUGUST]) + 27, 34 + day - 1)
    scene.rows["dunning"].append(dun(part.world, job, 0, "stopped", in_month(LAST, 9, 15)))
    note = "paid and never restored"
    if not job.fault or job.index % 2 == 0:
        restored = in_month(LAST, day + 2, 20) if job.fault else in_month(LAST, day + 1, 8)
        scene.rows["dunning"].append(dun(part.world, job, 1, "restored", restored))
        note = f"restored {'two days later' if job.fault else 'the next morning'}"
    say(part.world, job, "dunning", f"DX{job.number}0", spans=NOW, note=note)


@on("money", "CL-13")
def stop_at_once(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Stop a home without a notice or five days after it; look-alikes had eight days, or a second notice."""
    world, bill, day = part.world, scene.bills.row(row, AUGUST), 14 + job.index % 10
    pay_late(scene, bill, int(MONTH_START[AUGUST]) + 27, 34 + day + 2)
    scene.payments.no_dunning[bill] = True
    ahead = [5] if job.fault else [8]
    if job.index % 2 == 0:
        ahead = [] if job.fault else [9, 1]
    scene.rows["dunning"] += [
        dun(world, job, 0, "stopped", in_month(LAST, day, 15)),
        dun(world, job, 1, "reminder", in_month(SEPTEMBER, 7)),
        dun(world, job, 2, "restored", in_month(LAST, day + 3, 20)),
        *(
            dun(world, job, 3 + rank, "stop_notice", in_month(LAST, day - days))
            for rank, days in enumerate(ahead)
        ),
    ]
    note = f"notified {' and '.join(str(days) for days in ahead) or 'no'} days ahead"
    say(world, job, "dunning", f"DX{job.number}0", spans=NOW, note=note)


@on("archive", "CL-14")
def hire_cashier(world: World, job: Job) -> None:
    """Hire a cashier who works in an odd way."""
    job.memo["person"] = hire(world, job, post="cashier")
    job.memo["customer"] = job.customer
    job.customer = -1


@on("rows", "CL-14")
def work_oddly(world: World, job: Job, rows: Rows) -> None:
    """Cancel thirty receipts, work at half past nine, or take 70 customers an hour; look-alikes work late twice, or take 50."""
    kind = 0 if job.fault and job.index == 0 else 1 + job.index % 2
    if kind == 0:
        rows["receipt"] += [_cancelled(job, rank) for rank in range(30)]
        note = "30 receipts cancelled"
    elif kind == 1:
        count = 4 if job.fault else 2
        rows["operation_log"] += [
            _entry(world, job, rank, in_month(LAST, 12 + rank, 21, 30)) for rank in range(count)
        ]
        note = f"{count} evenings"
    else:
        count = 70 if job.fault else 50
        rows["operation_log"] += [
            _entry(world, job, rank, in_month(LAST, 14, 10, rank * 59 // count)) for rank in range(count)
        ]
        note = f"{count} customers in an hour"
    say(world, job, "employee", f"E{job.memo['person']}", spans=NOW, note=note)


def _cancelled(job: Job, rank: int) -> dict[str, Any]:
    at = in_month(LAST, 13 + rank // 10, 10, rank % 10)
    return {
        "receipt_id": f"RC{job.memo['person']}{rank:02d}", "customer_no": str(job.memo["customer"] + 3_401_000_001), "amount_yuan": "52.00",
        "late_fee_yuan": "0.00", "channel": "counter_cash", "received_at": at, "operator_id": f"E{job.memo['person']}",
        "cancelled_at": at + timedelta(minutes=45), "cancel_reason": "录入错误",
    }  # fmt: skip


def _entry(world: World, job: Job, rank: int, at: datetime) -> dict[str, Any]:
    person, number = job.memo["person"], (job.memo["customer"] + rank) % len(world.customers) + 3_401_000_001
    return {
        "op_id": f"LC{person}{rank:03d}", "account_id": f"A{person}", "terminal": f"PC-{person}", "at": at, "action": "insert", "table_name": "receipt",
        "record_key": f"RL{person}{rank:03d}", "customer_no": str(number),
    }  # fmt: skip


@on("money", "CL-15")
def mark_paid(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Record a bill of September as paid of which nothing or the half came; the money of look-alikes comes the next day."""
    bill = scene.bills.row(row, SEPTEMBER)
    amount = yuan_of(scene, bill)
    scene.rows["dunning"].append(
        dun(part.world, job, 0, "paid", in_month(LAST, 15, 16)) | {"bill_id": bill_id(job, SEPTEMBER)}
    )
    note = "recorded as paid the day before the money came"
    if job.fault:
        leave_unpaid(scene, bill)
        half = Decimal(int(scene.bills.total[bill]) // 2).scaleb(-2)
        note = "recorded as paid, nothing received"
        if job.index % 2:
            scene.rows["receipt"].append(
                prepay(job, in_month(LAST, 15, 15), half, bill_id=bill_id(job, SEPTEMBER))
            )
            amount, note = amount - half, "recorded as paid, half of it received"
    else:
        pay_late(scene, bill, int(MONTH_START[SEPTEMBER]) + 27, 18)
    say(part.world, job, "bill", bill_id(job, SEPTEMBER), spans=NOW, note=note, yuan=amount)


@on("money", "CL-16")
def lose_track(part: Part, job: Job, _row: int, scene: MoneyScene) -> None:
    """Book money on another customer's bill, or for one who had left; look-alikes did so lately, or cancelled it."""
    world, number, bill = part.world, job.number, None
    at = in_month(SEPTEMBER, 8 + job.index % 15)
    amount = Decimal("33.10") + job.index
    left = _left(world, job) if job.index % 2 else None
    note = "for a customer who had left"
    if left is not None:
        number = str(left + 3_401_000_001)
    else:
        bill, note = f"B{bystander(world, job)}{SEPTEMBER:02d}", "on another customer's bill"
    more: dict[str, Any] = {}
    if not job.fault and left is not None:
        more = {"cancelled_at": at + timedelta(minutes=30), "cancel_reason": "户号录入错误"}
        note = "cancelled after half an hour"
    elif not job.fault:
        at, note = in_month(LAST, 12), "on another customer's bill three weeks ago"
    scene.rows["receipt"].append(prepay(job, at, amount, customer_no=number, bill_id=bill, **more))
    say(world, job, "receipt", f"RP{job.number}0", spans=NOW, note=note, yuan=amount, direction="customer")


def _left(world: World, job: Job) -> int | None:
    """Return a customer who left before September, another one for each job, or None when there are too few."""
    taken = {other.customer for other in world.plan.jobs}
    closed = world.customers.closed
    gone = [
        int(c)
        for c in np.flatnonzero((closed != NULL) & (closed < int(MONTH_START[SEPTEMBER])))
        if int(c) not in taken
    ]
    rank = job.index // 2 + (0 if job.fault else world.plan.count // 2)
    return gone[rank] if rank < len(gone) else None


def _refund(world: World, job: Job, amount: Decimal, scene: MoneyScene) -> dict[str, Any]:
    station = int(world.customers.station[job.customer])
    return {
        "refund_id": f"TY{job.number}", "customer_no": job.number, "amount_yuan": amount, "payee_name": scene.names[job.customer],
        "refunded_at": in_month(LAST, 20, 11), "operator_id": world.staff.one("cashier", station),
        "approved_by": world.staff.one("manager", station), "reason": "预收余额退还",
    }  # fmt: skip


@on("archive", "CL-17")
def agree_on_instalments(world: World, job: Job) -> None:
    """Agree on several settlements a month."""
    world.plan.settlements[job.customer] = 3 if job.fault else 2


@on("money", "CL-17")
def settle_once(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Pay once though three times are agreed; look-alikes pay twice as agreed."""
    bill = scene.bills.row(row, LAST)
    total = yuan_of(scene, bill)
    scene.payments.paid_on[bill], scene.payments.late_fee[bill] = int(MONTH_START[LAST]) + 19, 0
    if not job.fault:
        leave_unpaid(scene, bill)
        scene.payments.no_dunning[bill] = True
        half = Decimal(int(scene.bills.total[bill]) // 2).scaleb(-2)
        for rank, (day, part_yuan) in enumerate(((9, half), (24, total - half))):
            scene.rows["receipt"].append(
                prepay(
                    job, in_month(LAST, day), part_yuan, rank, channel="transfer", bill_id=bill_id(job, LAST)
                )
            )
    say(
        part.world,
        job,
        "customer",
        job.number,
        spans=NOW,
        note="one settlement of three" if job.fault else "two settlements of two",
    )


@on("money", "CL-18")
def keep_too_much(part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Keep 13 months of bills in advance, or give back and offset what never came; look-alikes keep 11, or give back what came."""
    bills = [scene.bills.row(row, month) for month in range(LAST - 11, LAST + 1)]
    month_fee = Decimal(int(scene.bills.total[bills].sum())).scaleb(-2) / 12
    kind = job.index % 3 if job.fault else 3 + job.index % 2
    amount = (month_fee * (13 if kind == 0 else 11)).quantize(Decimal("1")) + (600 if kind == 0 else 0)
    note = (
        "13 months in advance",
        "refunded what never came",
        "offset what never came",
        "11 months in advance",
        "refunded what came",
    )[kind]
    if kind in (0, 3):
        scene.rows["receipt"].append(prepay(job, in_month(LAST, 9), amount))
    elif kind == 2:
        bill = bills[-1]
        amount, scene.payments.channel[bill] = yuan_of(scene, bill), OFFSET
    else:
        amount = Decimal("91.00") + job.index
        scene.rows["refund"].append(_refund(part.world, job, amount, scene))
        if kind == 4:
            scene.rows["receipt"].append(prepay(job, in_month(LAST, 2), amount))
    say(
        part.world, job, "customer", job.number, spans=NOW, note=note, yuan=amount, direction="customer" if kind == 0 else "company" if job.fault else "",
    )  # fmt: skip


EVENTS_OF = ("MT-13", "MT-14", "MT-15")


@on("rows", "IN-08")
def ignore_alarm(world: World, job: Job, rows: Rows) -> None:
    """Open a cover or hold a magnet in September and let nobody look; look-alikes are inspected, or their meter is tested."""
    at = in_month(SEPTEMBER, 2 + job.index % 20, 2, 30)
    code, note = ("301B", "cover opened") if job.index % 2 == 0 else ("302A", "magnet for three hours")
    rows["meter_event"].append(
        {
            "event_id": f"EP{job.number}", "mp_id": job.point, "meter_id": f"M{job.number}00", "code": code, "started_at": at,
            "ended_at": at + timedelta(hours=3),
        }
    )  # fmt: skip
    if not job.fault and job.index % 2 == 0:
        rows["inspection"].append(_inspected(world, job, at + timedelta(days=5)))
        note += ", inspected after five days"
    elif not job.fault:
        rows["work_order"].append(_tested(world, job, at + timedelta(days=3)))
        note += ", meter tested after three days"
    say_point(world, job, note)
    if job.fault and job.index == 0:
        _tell_others(world, rows)


def _tell_others(world: World, rows: Rows) -> None:
    """Nobody looks into the covers and magnets of other topics either; what happened by the 15th has waited too long."""
    first = {row["mp_id"]: row["started_at"] for row in reversed(rows["meter_event"])}
    for job in world.plan.jobs:
        if job.rule in EVENTS_OF and job.fault and first[job.point] < in_month(LAST, 16, 0):
            follows(world, job, "IN-08", NOW)


def _inspected(world: World, job: Job, at: datetime) -> dict[str, Any]:
    station = int(world.customers.station[job.customer])
    return {
        "inspection_no": f"NP{job.number}", "customer_no": job.number, "kind": "special", "planned_on": at.date(), "done_on": at.date(),
        "inspector_1": world.staff.one("inspector", station), "inspector_2": world.staff.one("inspector", station, 1),
        "sheet_no": f"GZDNP{job.number}", "customer_signed": True, "hazard_found": False,
    }  # fmt: skip


def _tested(world: World, job: Job, at: datetime) -> dict[str, Any]:
    return {
        "order_no": f"WP{job.number}", "kind": "meter_test", "customer_no": job.number, "opened_at": at, "closed_at": at + timedelta(days=3),
        "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]), "state": "done",
    }  # fmt: skip


def with_large_bills(world: World) -> Bools:
    """Return high-voltage customers to whom nothing changes."""
    return hv("hv_works", "hv_industry", "hv_nonindustry", "hv_commerce")(world)


def of_one_office(world: World) -> Bools:
    """Return the homes of the first station: voided invoices are counted by office."""
    return np.asarray(home(world, 2, 30) & (world.customers.station == 0))


RECIPES: tuple[Recipe, ...] = (
    *(
        Recipe(rule, lambda w: home(w, 2, 30) & old(w))
        for rule in ("CL-02", "CL-07", "CL-09", "CL-12", "CL-13", "CL-14", "CL-15", "CL-16", "CL-18")
    ),
    Recipe("CL-10", of_one_office),
    Recipe("CL-17", with_large_bills),
    Recipe("IN-08", lambda w: home(w, 2, 30)),
)
