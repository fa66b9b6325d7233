"""The tables bill and bill_line."""

from __future__ import annotations

import numpy as np

from jicha.demo.bills import Bills, bill_numbers, due_days
from jicha.demo.charges import COMPONENTS, ITEMS, REGISTERS, UNITS
from jicha.demo.frame import Frame, Ids, Pick
from jicha.demo.grid import MONTH_START, NULL, moment
from jicha.demo.points import point_ids
from jicha.demo.world import Part


def line_frame(part: Part, bills: Bills) -> Frame:
    """Return the bill_line table of the part."""
    lines = bills.lines
    bill = lines["bill"]
    first = np.searchsorted(bill, bill, side="left")
    numbers = part.world.points.numbers()[part.points]
    return {
        "bill_id": Ids("B", bill_numbers(part.owner[bills.main], bills.month)[bill]),
        "line_no": np.arange(len(bill), dtype=np.int64) - first + 1,
        "mp_id": point_ids(np.where(lines["point"] < 0, NULL, numbers[lines["point"]])),
        "item": Pick(lines["item"], ITEMS),
        "component": Pick(lines["component"], COMPONENTS),
        "register": Pick(lines["register"], REGISTERS),
        "quantity": lines["quantity"],
        "unit": Pick(lines["unit"], UNITS),
        "unit_price": lines["price"],
        "amount_yuan": lines["amount"],
    }


def bill_frame(part: Part, bills: Bills) -> Frame:
    """Return the bill table of the part: calculated on the next working day, issued on the one after, due on the 28th."""
    calendar = part.world.calendar
    owner = part.owner[bills.main]
    numbers = bill_numbers(owner, bills.month)
    calculated = calendar.shift(bills.period_to, 1)
    plan = part.world.plan
    issued = calendar.shift(bills.period_to, plan.issue_shift(owner, bills.month))
    station = part.of_customer("station")[bills.main]
    return {
        "bill_id": Ids("B", numbers),
        "customer_no": Ids("", owner + 3_401_000_001),
        "org_no": Ids("", part.world.network.station_numbers()[station]),
        "bill_month": MONTH_START[bills.month],
        "kind": "normal",
        "period_from": bills.period_from,
        "period_to": bills.period_to,
        "kwh": bills.kwh * 10_000,
        "kvarh": np.where(bills.kvarh == NULL, NULL, bills.kvarh * 10_000),
        "power_factor": np.where(bills.factor == NULL, NULL, bills.factor * 10_000),
        "pf_adjust_pct": np.where(bills.adjust == NULL, NULL, bills.adjust * 10_000),
        "total_yuan": bills.total,
        "calculated_at": moment(calculated, 9, numbers % 60),
        "issued_at": moment(issued, 15, numbers % 60),
        "due_on": due_days(bills),
        "calculated_by": part.world.staff.ids("calculator", station),
        "reviewed_by": Ids(
            "E", plan.reviewers(owner, bills.month, part.world.staff.ids("manager", station).numbers)
        ),
        "trial_run": plan.tried(station, bills.month),
    }
