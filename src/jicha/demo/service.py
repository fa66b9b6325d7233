"""Inspections, complaints, outages, meter events, cases and corrections of ordinary life."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np

from jicha.demo.archive import important
from jicha.demo.frame import Frame, Ids, Pick, concat, take
from jicha.demo.grid import BASE, DAYS, END, LAST, MONTH_START, NULL, Bools, Ints, day_number, moment
from jicha.demo.network import feeder_ids
from jicha.demo.orders import corrected_customers, correction_day
from jicha.demo.points import FIXED, MAIN, meter_ids, point_ids
from jicha.demo.segments import FIRST_HV, SEGMENTS
from jicha.demo.world import Part

# Plans are kept for 27 months, so that the rotation of readers can be seen.
PLAN_START = np.array(
    [day_number(date(2024 + (7 + i) // 12, (7 + i) % 12 + 1, 1)) for i in range(13)], dtype=np.int64
)
COMPLAINTS = ["reading", "bill", "meter", "outage", "repair", "other"]
ZONES = ["urban", "rural", "remote"]
ACTIONS = ["已现场核实并向客户解释", "已核对抄表示数，无误", "已完成抢修恢复供电", "已告知客户办理渠道"]


def inspection_frames(part: Part) -> list[Frame]:
    """Return the inspections: important customers every 80 days, high voltage every 170 or 330, low-voltage firms every 690."""
    customers = part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    home = np.array([s.kind == "lv_res" for s in SEGMENTS])[customers.segment[rows]]
    rows = rows[~home & (customers.closed[rows] == NULL)]
    level = important(part.world, rows)
    high = customers.segment[rows] >= FIRST_HV
    cycle = np.where(
        level > 0, 80, np.where(high & (customers.kva[rows] >= 2500), 165, np.where(high, 330, 690))
    )
    frames: list[Frame] = []
    for rank in range(8):
        back = 25 + rank * cycle + rows * 37 % (cycle - 45)
        day = part.world.calendar.on_or_after(END - back)
        keep = (day > day_number(date(2024, 1, 1))) & (day > customers.opened[rows] + 5)
        frames.append(_inspections(part, rows[keep], day[keep], rank))
    late = part.world.plan.uninspected
    return [
        take(f, ~np.isin(f["customer_no"].numbers - 3_401_000_001, late)) if len(late) else f
        for f in frames
        if len(f["planned_on"])
    ]


def _inspections(part: Part, rows: Ints, day: Ints, rank: int) -> Frame:
    station = part.world.customers.station[rows]
    numbers = (rows + 3_401_000_001) * 10 + rank
    # Some inspections find a hazard (隐患), which is put right in three to eight weeks.
    hazard, fixed = numbers % 23 == 3, day + 21 + numbers % 35
    return {
        "inspection_no": Ids("N", numbers),
        "customer_no": Ids("", rows + 3_401_000_001),
        "kind": Pick(np.zeros(len(rows), dtype=np.int64), ["periodic"]),
        "planned_on": day,
        "done_on": day,
        "inspector_1": part.world.staff.ids("inspector", station, numbers),
        "inspector_2": part.world.staff.ids("inspector", station, numbers + 1),
        "sheet_no": Ids("GZD", numbers),
        "customer_signed": np.ones(len(rows), dtype=np.int64),
        "hazard_found": hazard.astype(np.int64),
        "hazard_fixed_on": np.where(hazard & (fixed < END), fixed, NULL),
    }


def complaint_frame(part: Part) -> Frame | None:
    """Return complaints, contacted within a day and answered within four working days; repairs reached in time."""
    rng = part.rng("complaints")
    quiet = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    quiet = quiet[~part.world.customers.special[quiet]]
    rows = np.sort(rng.permutation(quiet)[: max(14, len(quiet) // 60)])
    if not len(rows):
        return None
    day = part.world.calendar.shift(BASE + 32 + rng.integers(0, DAYS - 45, len(rows)), 1)
    kind = rng.integers(0, len(COMPLAINTS), len(rows))
    urgent = kind == COMPLAINTS.index("repair")
    zone = part.world.network.district_urban[np.maximum(part.world.customers.district[rows], 0)].astype(
        np.int64
    )
    received = moment(day, 9 + rows % 7, rows % 60)
    arrival = received + np.where(zone == 1, 1_200, 3_000) + rows % 900
    answered = moment(part.world.calendar.shift(day, 2), 15, rows % 60)
    return {
        "complaint_no": Ids("C", (rows + 3_401_000_001) * 10),
        "customer_no": Ids("", rows + 3_401_000_001),
        "org_no": Ids("", part.world.network.station_numbers()[part.world.customers.station[rows]]),
        "kind": Pick(kind, COMPLAINTS),
        "zone": Pick(np.where(zone == 1, 0, 1), ZONES),
        "received_at": received,
        "contacted_at": received + 1_800 + rows % 3_600,
        "arrived_at": np.where(urgent, arrival, NULL),
        "answered_at": np.where(urgent, arrival + 5_400, answered),
        "upheld": np.zeros(len(rows), dtype=np.int64),
        "recorded_action": Pick(np.where(urgent, 2, rows % 2), ACTIONS),
    }


def event_frame(part: Part) -> Frame | None:
    """Return meter events: covers opened by a swap's order, and short power cuts."""
    numbers = part.world.points.numbers()[part.points]
    swap = part.get("swap")
    swapped = np.flatnonzero(swap != NULL)
    rng = part.rng("events")
    cuts = np.flatnonzero(
        (part.get("role") == MAIN)
        & (part.of_customer("closed") == NULL)
        & (swap == NULL)
        & (part.of_customer("opened") < BASE)
    )
    cuts = cuts[numbers[cuts] // 10 % 40 == 3]
    at = moment(BASE + rng.integers(0, DAYS - 1, len(cuts)), rng.integers(0, 23, len(cuts)), 7)
    frames = [_events(numbers[cuts], at, at + 1_500, "3011", 0, 1)]
    if len(swapped):
        at = moment(swap[swapped], 9, 50)
        frames.append(_events(numbers[swapped], at, at + 600, "301B", 0, 2))
    frames = [frame for frame in frames if len(frame["started_at"])]
    return concat(frames) if frames else None


def _events(points: Ints, start: Ints, end: Ints, code: str, generation: int, rank: int) -> Frame:
    return {
        "event_id": Ids("EV", points * 10 + rank),
        "mp_id": point_ids(points),
        "meter_id": meter_ids(points, generation),
        "code": Pick(np.zeros(len(points), dtype=np.int64), [code]),
        "started_at": start,
        "ended_at": end,
    }


def back_bill_frame(part: Part) -> Frame | None:
    """Return small corrections (退补): with an order, entered by one and approved by another."""
    rows = corrected_customers(part)
    day = correction_day(part, rows)
    month = np.searchsorted(MONTH_START, day, side="right") - 1
    rows, day, month = (values[month >= 0] for values in (rows, day, month))
    if not len(rows):
        return None
    station = part.world.customers.station[rows]
    kwh = 20 + rows % 80
    return {
        "back_bill_id": Ids("U", (rows + 3_401_000_001) * 10),
        "customer_no": Ids("", rows + 3_401_000_001),
        "mp_id": point_ids((rows + 3_401_000_001) * 10),
        "bill_month": MONTH_START[np.minimum(month, LAST)],
        "kind": Pick(rows % 2, ["supplement", "refund"]),
        "cause": Pick(np.zeros(len(rows), dtype=np.int64), ["计量差错"]),
        "kwh": kwh * 10_000,
        "amount_yuan": kwh * 54,
        "source_order_no": Ids("W", (rows + 3_401_000_001) * 10 + 9),
        "entered_by": part.world.staff.ids("calculator", station, rows),
        "approved_by": part.world.staff.ids("manager", station, rows),
        "entered_at": moment(day, 14, rows % 60),
    }


def reading_plan_frame(part: Part) -> Frame:
    """Return the reading plan of the part's sections that no earlier part has."""
    customers = part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    sections, first = np.unique(customers.section[rows], return_index=True)
    earlier = np.unique(customers.section[: part.customers.start])
    new = ~np.isin(sections, earlier)
    sections, first = sections[new], rows[first[new]]
    starts = np.concatenate([PLAN_START, MONTH_START])
    months = np.tile(np.arange(len(starts)) - len(PLAN_START), len(sections))
    section = np.repeat(sections, len(starts))
    station = np.repeat(customers.station[first], len(starts))
    begin = np.tile(starts, len(sections))
    planned = begin + np.repeat(customers.read_day[first], len(starts)) - 1
    moved = part.world.plan.moved_sections(section, months)
    return {
        "reading_section": Ids("S", section),
        "org_no": Ids("", part.world.network.station_numbers()[station]),
        "bill_month": begin,
        "planned_on": planned + moved,
        "original_planned_on": np.where(moved != 0, planned, NULL),
        # The readers of a station changed their sections when the demo begins.
        "reader_id": part.world.staff.reader_ids(station, section + (months < 0)),
    }


def outage_rows(part: Part) -> Frame | None:
    """Return planned outages, announced eight days ahead."""
    feeders = np.unique(part.of_customer("feeder"))
    day = part.world.calendar.shift(BASE + 60 + feeders * 29 % 380, 1)
    return {
        "notice_id": Ids("TD", feeders + 3_440_100),
        "feeder_id": feeder_ids(feeders),
        "kind": Pick(np.zeros(len(feeders), dtype=np.int64), ["planned"]),
        "notified_at": moment(day - 8, 10),
        "starts_at": moment(day, 8),
        "ends_at": moment(day, 14),
    }


def yuan(cents: int) -> Decimal:
    """Return cents as yuan."""
    return Decimal(cents).scaleb(-2)


__all__ = [
    "FIXED",
    "Bools",
    "back_bill_frame",
    "complaint_frame",
    "event_frame",
    "inspection_frames",
    "outage_rows",
    "reading_plan_frame",
    "yuan",
]
