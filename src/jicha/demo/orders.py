"""Work orders (业务工单) of ordinary life and their nodes, in working days within the time limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick
from jicha.demo.grid import BASE, NULL, Ints, moment
from jicha.demo.points import MAIN
from jicha.demo.transformers import COLD_STANDBY, REDUCED, SUSPENDED
from jicha.demo.world import Part

KINDS = [
    "new_connection", "capacity_increase", "capacity_reduction", "suspension", "resume", "meter_swap", "relocation", "rename", "transfer",
    "category_change", "closure", "temporary", "meter_fault", "meter_test", "pv_connection", "price_change", "back_bill", "breach", "report",
]  # fmt: skip
NODES = [
    "accept", "survey", "plan_reply", "design_review", "mid_check", "final_check", "contract", "fee", "meter_install", "energise", "archive",
    "approve", "seal", "unseal", "close",
]  # fmt: skip
CONTRACTORS = ["青溪电力安装", "云浦机电工程", "东塘送变电", "南溪建安", "北桥电气"]
SUPPLIES = ["lv_res", "lv_nonres", "hv_single", "hv_double"]
# Order numbers are the customer number and one digit for the kind of the event.
NEW, CLOSURE, SWAP, SUSPEND, RESUME, CHANGE, TEST, CAPACITY, BACK_BILL = range(1, 10)
RENAME = CAPACITY  # no customer is renamed and changes its capacity as well


@dataclass(frozen=True)
class Course:
    """How an order runs: each node with the working day on which it starts and the one on which it ends."""

    kind: str
    digit: int
    nodes: tuple[tuple[str, int, int], ...]
    ends: int


NEW_HOME = Course(
    "new_connection",
    NEW,
    (
        ("accept", 0, 0),
        ("survey", 0, 1),
        ("plan_reply", 1, 1),
        ("contract", 1, 2),
        ("meter_install", 2, 3),
        ("energise", 3, 3),
        ("archive", 3, 4),
    ),
    3,
)
CLOSE = Course("closure", CLOSURE, (("accept", 0, 0), ("survey", 0, 1), ("fee", 1, 2), ("archive", 2, 3)), 2)
EXCHANGE = Course(
    "meter_swap", SWAP, (("accept", 0, 0), ("approve", 0, 1), ("meter_install", 1, 2), ("archive", 2, 3)), 2
)
SUSPENSION = Course(
    "suspension",
    SUSPEND,
    (("accept", 0, 0), ("survey", 1, 2), ("approve", 2, 4), ("seal", 5, 6), ("archive", 6, 7)),
    6,
)
RESUMPTION = Course(
    "resume", RESUME, (("accept", 0, 0), ("approve", 1, 2), ("unseal", 3, 4), ("archive", 4, 5)), 4
)
HIGH_VOLTAGE: tuple[tuple[str, int, int], ...] = (
    ("accept", 0, 0),
    ("survey", 0, 2),
    ("plan_reply", 2, 5),
    ("design_review", 5, 7),
    ("mid_check", 8, 9),
    ("final_check", 11, 12),
    ("contract", 12, 13),
    ("meter_install", 13, 15),
    ("energise", 15, 15),
    ("archive", 15, 16),
)
NEW_WORKS = Course("new_connection", NEW, HIGH_VOLTAGE, 15)
INCREASE = Course("capacity_increase", CAPACITY, HIGH_VOLTAGE, 15)
REDUCTION = Course(
    "capacity_reduction",
    CAPACITY,
    (("accept", 0, 0), ("survey", 1, 2), ("approve", 2, 4), ("seal", 5, 6), ("archive", 6, 7)),
    6,
)
NEW_PRICE = Course(
    "price_change", CHANGE, (("accept", 0, 0), ("survey", 0, 1), ("approve", 1, 3), ("archive", 4, 5)), 4
)
ON_REQUEST = Course(
    "meter_test", TEST, (("accept", 0, 0), ("survey", 0, 1), ("approve", 1, 3), ("archive", 3, 3)), 3
)
NEW_NAME = Course("rename", RENAME, (("accept", 0, 0), ("contract", 0, 1), ("archive", 1, 2)), 2)
CORRECTION = Course(
    "back_bill", BACK_BILL, (("accept", 0, 0), ("survey", 0, 1), ("approve", 1, 2), ("archive", 2, 3)), 2
)


def order_frames(part: Part) -> tuple[list[Frame], list[Frame]]:
    """Return the orders of the part and their nodes."""
    orders: list[Frame] = []
    nodes: list[Frame] = []
    for course, customer, day in _events(part):
        if len(customer):
            order, steps = _run(part, course, customer, day)
            orders.append(order)
            nodes += steps
    return orders, nodes


def _events(part: Part) -> list[tuple[Course, Ints, Ints]]:
    """Return each course with the customers it happened to and the day on which the work was done."""
    customers = part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    opened, closed = customers.opened[rows], customers.closed[rows]
    fresh = rows[(opened >= BASE) & ~np.isin(rows, list(part.world.plan.own_orders))]
    gone = rows[closed != NULL]
    main = part.points.start + np.flatnonzero(part.get("role") == MAIN)
    swap = part.world.points.swap[main]
    swapped = swap != NULL
    units = part.world.transformers
    inside = (
        (units.owner >= part.customers.start)
        & (units.owner < part.customers.stop)
        & (units.suspended_from != NULL)
    )
    stopped = inside & np.isin(units.state, (SUSPENDED, COLD_STANDBY))
    off, first = np.unique(units.owner[stopped], return_index=True)
    off_day = units.suspended_from[stopped][first]
    back_day = units.suspended_to[stopped][first]
    back = back_day != NULL
    reduced, first = np.unique(units.owner[inside & (units.state == REDUCED)], return_index=True)
    reduced_day = units.suspended_from[inside & (units.state == REDUCED)][first]
    grown = (
        (units.owner >= part.customers.start)
        & (units.owner < part.customers.stop)
        & (units.running_from != NULL)
    )
    changed = np.flatnonzero((part.get("changed_on") != NULL) & (part.get("role") == MAIN))
    works = part.world.customers.is_hv()[fresh]
    quiet = rows[~customers.special[rows] & (customers.closed[rows] == NULL)]
    renamed, tested = quiet[quiet % 211 == 5], tested_customers(part)
    corrected = corrected_customers(part)
    day = part.world.calendar.shift
    return [
        (NEW_HOME, fresh[~works], customers.opened[fresh[~works]]),
        (NEW_WORKS, fresh[works], customers.opened[fresh[works]]),
        (REDUCTION, reduced, part.world.calendar.on_or_after(reduced_day)),
        (INCREASE, units.owner[grown], part.world.calendar.on_or_after(units.running_from[grown])),
        (NEW_PRICE, part.owner[changed], part.world.calendar.on_or_after(part.get("changed_on")[changed])),
        (CLOSE, gone, part.world.calendar.on_or_after(customers.closed[gone])),
        (EXCHANGE, part.world.points.owner[main[swapped]], swap[swapped]),
        (SUSPENSION, off, off_day),
        (RESUMPTION, off[back], back_day[back]),
        (ON_REQUEST, tested, test_day(part, tested)),
        (NEW_NAME, renamed, day(BASE + 40 + renamed * 17 % 390, 1)),
        (CORRECTION, corrected, correction_day(part, corrected)),
    ]


def tested_customers(part: Part) -> Ints:
    """Return the customers whose meter, never exchanged, was tested at their request in the year."""
    customers = part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    swapped = part.owner[part.get("swap") != NULL]
    fits = ~customers.special[rows] & (customers.closed[rows] == NULL) & (rows % 397 == 11)
    return np.asarray(rows[fits & ~np.isin(rows, swapped)])


def test_day(part: Part, customer: Ints) -> Ints:
    """Return the working day on which a meter was tested at the customer's request."""
    return part.world.calendar.shift(BASE + 40 + customer * 13 % 390, 1)


def corrected_customers(part: Part) -> Ints:
    """Return the customers who got a small, regular correction (退补) in the year."""
    customers = part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    return np.asarray(rows[~customers.special[rows] & (rows % 61 == 7)])


def correction_day(part: Part, customer: Ints) -> Ints:
    """Return the working day of a correction's approval."""
    return part.world.calendar.shift(BASE + 60 + customer * 19 % 380, 1)


def _run(part: Part, course: Course, customer: Ints, day: Ints) -> tuple[Frame, list[Frame]]:
    """Lay the nodes out so that the work is done on the given day."""
    calendar = part.world.calendar
    numbers = (customer + 3_401_000_001) * 10 + course.digit
    start = calendar.shift(day, -course.ends)
    segment = part.world.customers.segment[customer]
    supply = np.where(segment >= 13, 2, np.where(np.isin(segment, (0, 1, 2, 9)), 0, 1))
    last = course.nodes[-1][2]
    order: Frame = {
        "order_no": Ids("W", numbers),
        "kind": Pick(np.zeros(len(customer), dtype=np.int64), [course.kind]),
        "customer_no": Ids("", customer + 3_401_000_001),
        "org_no": Ids("", part.world.network.station_numbers()[part.world.customers.station[customer]]),
        "capacity_kva": part.world.customers.kva[customer] * 10_000,
        "supply": Pick(supply, SUPPLIES),
        "opened_at": moment(start, 9, numbers % 30),
        "closed_at": moment(calendar.shift(start, last), 16, numbers % 60),
        "state": Pick(np.zeros(len(customer), dtype=np.int64), ["done"]),
        "materials_requested": np.where(supply == 0, 1, 2),
        # The customer of a high-voltage supply chooses who builds it.
        "contractor": Pick(
            np.where(_has_works(course), numbers // 10 * 7 % len(CONTRACTORS), -1), CONTRACTORS
        ),
    }
    nodes = [_node(part, course, customer, numbers, start, place) for place in range(len(course.nodes))]
    return order, nodes


def _has_works(course: Course) -> bool:
    return course.nodes is HIGH_VOLTAGE


def _node(part: Part, course: Course, customer: Ints, numbers: Ints, start: Ints, place: int) -> Frame:
    calendar = part.world.calendar
    name, begin, end = course.nodes[place]
    hour_begin = 9 if place == 0 else 10 + place % 3 if begin == end else 9 + place % 4
    same_day_hour = 10 + place
    finish_hour = same_day_hour if name != "archive" else 16
    post = {"survey": "inspector", "meter_install": "meter_installer", "approve": "manager"}.get(
        name, "connection"
    )
    station = part.world.customers.station[customer]
    return {
        "order_no": Ids("W", numbers),
        "seq": np.full(len(customer), place + 1, dtype=np.int64),
        "node": Pick(np.zeros(len(customer), dtype=np.int64), [name]),
        "started_at": moment(calendar.shift(start, begin), min(hour_begin, same_day_hour), numbers % 30),
        "finished_at": moment(
            calendar.shift(start, end),
            min(finish_hour, 16),
            np.where(name == "archive", numbers % 60, 31 + numbers % 25),
        ),
        "operator_id": part.world.staff.ids(post, station, numbers + place),
        "suspended_working_days": np.zeros(len(customer), dtype=np.int64),
    }
