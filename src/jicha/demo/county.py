"""Tables of the county as a whole: organisation, people, calendar, network, prices, and the office's own log."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from jicha.calendars import working_days
from jicha.demo.frame import Ids, Pick
from jicha.demo.grid import BASE, DAYS, Ints, generator, moment, to_date
from jicha.demo.network import district_frame, feeder_frame, org_rows
from jicha.demo.people import POSTS, account_rows, employee_rows, role_rows
from jicha.demo.prices import price_rows, step_rows
from jicha.demo.world import World
from jicha.demo.write import Writer


def write_county(world: World, writer: Writer) -> None:
    """Write the tables that do not depend on single customers."""
    writer.add_rows("org", org_rows(world.network))
    employees = employee_rows(world.seed, world.staff, world.network)
    writer.add_rows("employee", employees)
    writer.add_rows("account", account_rows(employees))
    writer.add_rows("account_role", role_rows(employees))
    writer.add_rows(
        "working_calendar",
        [
            {"day": day, "is_working_day": works}
            for day, works in working_days(date(2024, 1, 1), date(2026, 12, 31))
        ],
    )
    writer.add("feeder", feeder_frame(world.network))
    writer.add("district", district_frame(world.network))
    writer.add_rows("price", [vars(row) for row in price_rows()])
    writer.add_rows("price_step", [vars(row) for row in step_rows()])
    _write_log(world, writer)


def _write_log(world: World, writer: Writer) -> None:
    """Write log-ins of every account in the last two months, on working days and in office hours."""
    days = world.calendar.days
    days = days[(days >= BASE + DAYS - 61) & (days < BASE + DAYS)]
    numbers: list[Ints] = []
    for station in range(world.network.stations):
        for place in range(len(POSTS)):
            numbers.append(np.array([(station + 1) * 1_000 + place * 50 + 1], dtype=np.int64))
    accounts = np.concatenate(numbers)
    who, when = np.repeat(accounts, len(days)), np.tile(days, len(accounts))
    rng = generator(world.seed, "log")
    writer.add(
        "operation_log",
        {
            "op_id": Ids("L", np.arange(len(who), dtype=np.int64) + 1),
            "account_id": Ids("A", who),
            "terminal": Ids("PC-", who),
            "at": moment(when, 8, 20 + rng.integers(0, 30, len(who)), rng.integers(0, 60, len(who))),
            "action": Pick(np.zeros(len(who), dtype=np.int64), ["login"]),
        },
    )


def write_incidents(world: World, writer: Writer, names: Pick) -> None:
    """Write the rare papers of ordinary life: switchings, cases, waivers, refunds, transfers."""
    rng = generator(world.seed, "incidents")
    quiet = np.flatnonzero(~world.customers.special & ~world.customers.is_hv())
    chosen = [int(c) for c in rng.permutation(quiet)[: max(12, len(quiet) // 500)]]
    names_of = {customer: names.pool[int(names.codes[customer])] for customer in chosen}
    writer.add_rows("breach_case", [_case(world, c) for c in chosen[:4]])
    writer.add_rows("work_order", [_case_order(world, c) for c in chosen[:4]])
    writer.add_rows("work_order_node", [node for c in chosen[:4] for node in _case_nodes(world, c)])
    writer.add_rows("refund", [_refund(world, c, names_of[c]) for c in chosen[4:8]])
    writer.add_rows("late_fee_waiver", [_waiver(world, c) for c in chosen[8:10]])
    giver, taker = chosen[10], chosen[11]
    writer.add_rows("prepaid_transfer", [_transfer(world, giver, taker)])
    writer.add_rows("work_order", [_taking_over(world, taker, names_of[giver])])
    spent = [(c, _refund(world, c, "")["refunded_at"], "86.40") for c in chosen[4:8]]
    writer.add_rows(
        "receipt", [_prepayment(*one) for one in [*spent, (giver, office(world, 220, 15), "120.00")]]
    )
    writer.add_rows("feeder_switching", [_switching()])


def number_of(customer: int) -> str:
    """Return a customer's number."""
    return str(customer + 3_401_000_001)


def office(world: World, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """Return a moment on the first working day from a day index on."""
    when = to_date(int(world.calendar.on_or_after(BASE + day)))
    return datetime(when.year, when.month, when.day, hour, minute)


def _case(world: World, customer: int) -> dict[str, Any]:
    found = office(world, 200 + customer % 120)
    return {
        "case_no": f"WY{number_of(customer)}",
        "customer_no": number_of(customer),
        "order_no": f"WX{number_of(customer)}",
        "nature": "default",
        "act": "在电价低的供电线路上擅自接用电价高的用电设备",
        "found_on": found.date(),
        "kwh": "600",
        "days": 90,
        "back_yuan": "180.00",
        "multiple": "2",
        "penalty_yuan": "360.00",
        "received_yuan": "540.00",
        "evidence": "现场照片、用电检查工作单、客户签字",
        "state": "closed",
        "closed_on": (found + timedelta(days=14)).date(),
    }


def _case_order(world: World, customer: int) -> dict[str, Any]:
    found = office(world, 200 + customer % 120)
    station = int(world.customers.station[customer])
    return {
        "order_no": f"WX{number_of(customer)}",
        "kind": "breach",
        "customer_no": number_of(customer),
        "org_no": str(world.network.station_numbers()[station]),
        "opened_at": found,
        "closed_at": found + timedelta(days=14),
        "state": "done",
    }


def _case_nodes(world: World, customer: int) -> list[dict[str, Any]]:
    found = office(world, 200 + customer % 120)
    station = int(world.customers.station[customer])
    steps = (
        ("accept", 0, "inspector"),
        ("approve", 3, "manager"),
        ("fee", 7, "cashier"),
        ("archive", 14, "inspector"),
    )
    return [
        {
            "order_no": f"WX{number_of(customer)}",
            "seq": place + 1,
            "node": node,
            "started_at": found + timedelta(days=days),
            "finished_at": found + timedelta(days=days, hours=2)
            if node != "archive"
            else found + timedelta(days=days),
            "operator_id": world.staff.one(post, station),
            "suspended_working_days": 0,
        }
        for place, (node, days, post) in enumerate(steps)
    ]


def _refund(world: World, customer: int, name: str) -> dict[str, Any]:
    station = int(world.customers.station[customer])
    return {
        "refund_id": f"TF{number_of(customer)}",
        "customer_no": number_of(customer),
        "amount_yuan": "86.40",
        "payee_name": name,
        "refunded_at": office(world, 150 + customer % 200, 14),
        "operator_id": world.staff.one("cashier", station),
        "approved_by": world.staff.one("manager", station),
        "reason": "销户余额退还",
    }


def _waiver(world: World, customer: int) -> dict[str, Any]:
    station = int(world.customers.station[customer])
    return {
        "waiver_id": f"JM{number_of(customer)}",
        "customer_no": number_of(customer),
        "bill_id": f"B{number_of(customer)}08",
        "amount_yuan": "0.60",
        "operator_id": world.staff.one("cashier", station),
        "approved_by": world.staff.one("manager", station),
        "at": office(world, 310, 11),
        "reason": "银行代扣系统故障",
    }


def _transfer(world: World, giver: int, taker: int) -> dict[str, Any]:
    return {
        "transfer_id": f"HZ{number_of(giver)}",
        "from_customer_no": number_of(giver),
        "to_customer_no": number_of(taker),
        "amount_yuan": "120.00",
        "at": office(world, 220, 15),
        "operator_id": world.staff.one("cashier", int(world.customers.station[giver])),
        "document_no": "HZ-2026-017",
    }


def _taking_over(world: World, customer: int, applicant: str) -> dict[str, Any]:
    """The giver of the moved prepayment had taken the other number over (过户)."""
    opened = office(world, 180)
    station = int(world.customers.station[customer])
    return {
        "order_no": f"WT{number_of(customer)}",
        "kind": "transfer",
        "customer_no": number_of(customer),
        "org_no": str(world.network.station_numbers()[station]),
        "applicant": applicant,
        "opened_at": opened,
        "closed_at": opened + timedelta(days=2),
        "state": "done",
    }


def _prepayment(customer: int, spent: datetime, amount: str) -> dict[str, Any]:
    """Nothing can be moved or given back that was not paid before."""
    paid = spent - timedelta(days=20)
    return {
        "receipt_id": f"RY{number_of(customer)}",
        "customer_no": number_of(customer),
        "amount_yuan": amount,
        "late_fee_yuan": "0.00",
        "channel": "online",
        "received_at": paid,
        "banked_at": paid,
    }


def _switching() -> dict[str, Any]:
    """A feeder was cut over for a night in spring, after its district supply was read."""
    return {
        "switching_id": "QG20260412",
        "feeder_id": "F3440101",
        "district_id": None,
        "from_at": datetime(2026, 4, 12, 1, 0),
        "to_at": datetime(2026, 4, 12, 1, 40),
    }
