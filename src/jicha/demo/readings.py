"""Readings (抄表示数) of 14 months and daily freezes (日冻结), drawn from the registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick, take
from jicha.demo.grid import BASE, DAY_SECONDS, DAYS, LAST, MONTH_START, NULL, Bools, Ints, moment
from jicha.demo.points import CI_TOU, NO_BASIC, point_ids
from jicha.demo.registers import SWAP_SHARE_PCT, Registers
from jicha.demo.world import ABSENT, MISSED, READ, Part

Odd = TypeVar("Odd")
METHODS = ["ami", "handheld", "manual", "estimated", "customer"]
STATES = ["read", "missed"]
SWAP_HOUR = 10
READ_MINUTE = 30
OTHER_DAYS = 45  # how far from the month a planted time of the maximum demand lies


@dataclass
class Ledger:
    """What the readings of a part say, month by month, for billing and for the answer key."""

    energy: dict[str, Ints]
    kvarh: Ints
    demand: Ints
    period_from: Ints
    period_to: Ints
    exists: Bools
    removed: Ints
    freezes: dict[str, Ints] = field(default_factory=dict)


def new_ledger(part: Part) -> Ledger:
    """Return an empty ledger of the part's points."""
    shape = (len(part.owner), LAST + 1)
    return Ledger(
        energy={
            name: np.zeros(shape, dtype=np.int64) for name in ("total", "sharp", "peak", "flat", "valley")
        },
        kvarh=np.zeros(shape, dtype=np.int64),
        demand=np.zeros(shape, dtype=np.int64),
        period_from=np.full(shape, NULL, dtype=np.int64),
        period_to=np.full(shape, NULL, dtype=np.int64),
        exists=np.zeros(shape, dtype=np.bool_),
        removed=np.zeros(shape, dtype=np.int64),
    )


def read_registers(part: Part, registers: Registers, ledger: Ledger, method: Ints) -> list[Frame]:
    """Return the reading rows of the points of one set of bands, and fill the ledger."""
    index = np.arange(len(registers.rows))
    rows = registers.rows
    opened = np.maximum(part.of_customer("opened")[rows] - BASE, 0)
    closed = part.of_customer("closed")[rows]
    last_day = np.maximum(part.boundary[rows, 0] * 0 + np.clip(part.planned[rows, 0], 0, DAYS), opened)
    last_value = [registers.value(r, index, last_day) for r in range(len(registers.names))]
    frames: list[Frame] = []
    for month in range(LAST + 1):
        day = np.clip(part.boundary[rows, month + 1], 0, DAYS)
        wanted = (day > opened) & ((closed == NULL) | (day + BASE <= closed))
        state = part.state[rows, month]
        swapped = wanted & (registers.swap != NULL) & (registers.swap >= last_day) & (registers.swap < day)
        read = wanted & (state == READ)
        for number, name in enumerate(registers.names):
            value = _deviated(part, registers, number, index, day, month)
            removal = (registers.start[number] + registers.at_swap(number, index)) % registers.modulus
            removal = np.where(part.no_removal[rows], last_value[number], removal)
            frames += _month_rows(
                part,
                registers,
                name,
                month,
                day,
                last_day,
                value,
                last_value[number],
                removal,
                swapped,
                read,
                wanted & (state == MISSED),
                method,
            )
            begun = np.where(swapped, part.swap_start[rows], 0)
            energy = _delta(value - begun, last_value[number], registers, swapped, removal)
            unit = part.get("billed_multiplier")[rows] * 10 ** (4 - part.get("decimals")[rows])
            ledger.energy[name][rows[read], month] = (energy * unit)[read]
            if name == "total":
                ledger.removed[rows[read], month] = (np.where(swapped, energy - (value - begun), 0) * unit)[
                    read
                ]
            last_value[number] = np.where(read, value, last_value[number])
        ledger.exists[rows[read], month] = True
        ledger.period_from[rows[read], month] = last_day[read] + BASE
        ledger.period_to[rows[read], month] = day[read] + BASE
        last_day = np.where(read, day, last_day)
    return frames


def _deviated(part: Part, registers: Registers, number: int, index: Ints, day: Ints, month: int) -> Ints:
    value = registers.value(number, index, day)
    if number == 0 or registers.names[number] == registers.band_of_step():
        value = (value + part.deviation[registers.rows, month]) % registers.modulus
    if number == 0:
        value = (value + part.total_gap[registers.rows, month]) % registers.modulus
    return value


def _delta(value: Ints, last: Ints, registers: Registers, swapped: Bools, removal: Ints) -> Ints:
    """Return register units used: rollover applied, both meters of a swap added, running backwards left negative."""
    plain = np.where(
        (value < last) & (last * 10 >= registers.modulus * 9), value + registers.modulus - last, value - last
    )
    old = np.where(removal < last, removal + registers.modulus - last, removal - last)
    return np.asarray(np.where(swapped, old + value, plain))


def _month_rows(
    part: Part,
    registers: Registers,
    name: str,
    month: int,
    day: Ints,
    last_day: Ints,
    value: Ints,
    last_value: Ints,
    removal: Ints,
    swapped: Bools,
    read: Bools,
    missed: Bools,
    method: Ints,
) -> list[Frame]:
    swap_at = moment(np.where(registers.swap == NULL, 0, registers.swap) + BASE, SWAP_HOUR)
    second = (registers.swap != NULL) & (day > registers.swap)
    before = moment(last_day + BASE, 0, READ_MINUTE)
    first_reading = part.of_customer("opened")[registers.rows] - BASE == last_day
    before = np.where(first_reading, moment(last_day + BASE, SWAP_HOUR), before)
    base = {"part": part, "registers": registers, "name": name, "month": month, "method": method}
    current = _rows(
        base,
        read,
        second,
        np.where(swapped, part.swap_start[registers.rows], last_value),
        np.where(swapped, swap_at, before),
        value,
        moment(day + BASE, 0, READ_MINUTE),
    )
    recorded = swapped & read & ~part.no_removal[registers.rows]
    removed = _rows(base, recorded, np.zeros_like(second), last_value, before, removal, swap_at)
    gone = _rows(
        base,
        missed,
        second,
        last_value,
        before,
        np.full_like(value, NULL),
        np.full_like(value, NULL),
        "missed",
    )
    return [frame for frame in (removed, current, gone) if frame]


def _rows(
    base: dict[str, object],
    mask: Bools,
    second: Bools,
    previous: Ints,
    previous_at: Ints,
    value: Ints,
    at: Ints,
    state: str = "read",
) -> Frame:
    if not mask.any():
        return {}
    part, registers = base["part"], base["registers"]
    assert isinstance(part, Part) and isinstance(registers, Registers)
    rows = registers.rows[mask]
    scale = 10 ** (4 - part.get("decimals")[rows])
    numbers = part.world.points.numbers()[part.points][rows]
    method, month = base["method"], int(str(base["month"]))
    assert isinstance(method, np.ndarray)
    readers = part.world.staff.reader_ids(
        part.of_customer("station")[rows], part.of_customer("section")[rows]
    )
    minutes = np.where(at[mask] == NULL, NULL, part.edited[rows, month])
    return {
        "mp_id": point_ids(numbers),
        "meter_id": Ids("M", numbers * 10 + second[mask]),
        "bill_month": np.full(len(rows), MONTH_START[month], dtype=np.int64),
        "register": str(base["name"]),
        "previous_value": previous[mask] * scale,
        "previous_at": previous_at[mask],
        "value": np.where(value[mask] == NULL, NULL, value[mask] * scale),
        "read_at": at[mask],
        "method": Pick(np.where(state == "missed", -1, method[rows, month]), METHODS),
        "status": Pick(np.zeros(len(rows), dtype=np.int64), [state]),
        "reader_id": readers,
        "edited_at": np.where(minutes == NULL, NULL, at[mask] + minutes * 60),
        "edited_by": Ids(readers.prefix, np.where(minutes == NULL, NULL, readers.numbers)),
    }


def reactive_and_demand(part: Part, ledger: Ledger) -> list[Frame]:
    """Return the monthly reactive and maximum-demand readings of assessed points and of two-part customers."""
    assessed = (part.get("pf_standard") != NULL) | (part.get("earlier_pf_standard") != NULL)
    rows = np.flatnonzero((part.get("registers") == CI_TOU) | assessed)
    if not len(rows):
        return []
    rng = part.rng("reactive")
    tangent = rng.uniform(0.28, 0.47, (len(rows), 1)) * rng.uniform(0.94, 1.06, (len(rows), LAST + 1))
    unit = (10 ** (4 - part.get("decimals")) * part.get("billed_multiplier"))[rows][:, None]
    for row, month, value in _odd(part.odd_reactive, rows):
        tangent[row, month] = max(value, 0.0)
    active = ledger.energy["total"][rows]
    units = np.rint(active * tangent / unit).astype(np.int64)
    ledger.kvarh[rows] = units * unit
    hours = np.where(ledger.exists[rows], (ledger.period_to[rows] - ledger.period_from[rows]) * 24, 1)
    peak = active / hours * rng.uniform(1.5, 2.0, (len(rows), LAST + 1))
    limit = part.of_customer("kva")[rows][:, None] * 9_300
    demand = np.rint(np.minimum(peak, limit * rng.uniform(0.9, 1.0, peak.shape)) / unit).astype(np.int64)
    for row, month, what in _odd(part.odd_demand, rows):
        mean, least = (
            int(active[row, month] / hours[row, month] / unit[row, 0]),
            int(limit[row, 0] / unit[row, 0]),
        )
        demand[row, month] = {
            "below the average": mean * 6 // 10,
            "just above the average": mean * 103 // 100 + 1,
            "above the capacity": least * 140 // 100,
            "of the month before": demand[row, month - 1],
        }.get(what, demand[row, month])
    two_part = part.get("registers")[rows] == CI_TOU
    ledger.demand[rows] = np.where(two_part[:, None], demand * unit, 0)
    month_rows = _MonthRows(part, ledger, rows, units, demand)
    return [frame for month in range(LAST + 1) for frame in month_rows.frames(month)]


def _odd(values: dict[tuple[int, int], Odd], rows: Ints) -> Iterator[tuple[int, int, Odd]]:
    """Yield what is planted at some points and months, with the place of the point among the rows."""
    for (row, month), value in sorted(values.items()):
        place = int(np.searchsorted(rows, row))
        if place < len(rows) and rows[place] == row:
            yield place, month, value


@dataclass
class _MonthRows:
    """The reactive and demand readings of some points; where a meter was changed, those of both meters."""

    part: Part
    ledger: Ledger
    rows: Ints
    units: Ints
    demand: Ints

    def __post_init__(self) -> None:
        self.swap = self.part.get("swap")[self.rows]
        self.start = self.part.get("start")[self.rows] * 2 // 5

    def frames(self, month: int) -> list[Frame]:
        """Return the rows of one billing month."""
        begin, end = (day[self.rows, month] for day in (self.ledger.period_from, self.ledger.period_to))
        read = self.ledger.exists[self.rows, month]
        new = (self.swap != NULL) & (self.swap < begin)
        swapped = read & (self.swap != NULL) & (self.swap >= begin) & (self.swap < end)
        before = self.start + self.units[:, :month].sum(axis=1)
        used = self.units[:, month]
        # The old meter's share of the month in which it comes down; what it showed then the new one never shows.
        old = np.where(swapped, used * SWAP_SHARE_PCT // 100, 0)
        after_swap = before - self._until_swap()
        first, last = moment(begin, 0, READ_MINUTE), moment(end, 0, READ_MINUTE)
        opened = self.part.of_customer("opened")[self.rows]
        first = np.where(begin == opened, moment(begin, SWAP_HOUR), first)
        change = moment(np.where(self.swap == NULL, 0, self.swap), SWAP_HOUR)
        shown = np.where(swapped, 0, np.where(new, after_swap, before))
        gain = used - old
        demand = self.demand[:, month]
        frames = [
            self._rows(
                month, swapped, swapped & False, before, before + old, first, change, demand * 9 // 10
            ),
            self._rows(
                month,
                read,
                new | swapped,
                shown,
                shown + gain,
                np.where(swapped, change, first),
                last,
                demand,
            ),
        ]
        return [frame for pair in frames for frame in pair if len(frame["mp_id"].numbers)]

    def _until_swap(self) -> Ints:
        """Return what the first meter shows when it comes down: all months before and its share of that one."""
        result = self.start.copy()
        for month in range(LAST + 1):
            begin, end = (day[self.rows, month] for day in (self.ledger.period_from, self.ledger.period_to))
            used = self.units[:, month]
            gone = (self.swap != NULL) & self.ledger.exists[self.rows, month]
            result += np.where(gone & (end <= self.swap), used, 0)
            inside = gone & (begin <= self.swap) & (self.swap < end)
            result += np.where(inside, used * SWAP_SHARE_PCT // 100, 0)
        return result

    def _rows(
        self,
        month: int,
        mask: Bools,
        second: Bools,
        before: Ints,
        value: Ints,
        first: Ints,
        last: Ints,
        demand: Ints,
    ) -> list[Frame]:
        part, rows = self.part, self.rows[mask]
        return _monthly_rows(
            part, rows, month, second[mask], before[mask], value[mask], first[mask], last[mask], demand[mask]
        )


def _monthly_rows(
    part: Part,
    rows: Ints,
    month: int,
    second: Bools,
    before: Ints,
    value: Ints,
    first: Ints,
    last: Ints,
    demand: Ints,
) -> list[Frame]:
    scale = 10 ** (4 - part.get("decimals")[rows])
    numbers = part.world.points.numbers()[part.points][rows]
    frame: Frame = {
        "mp_id": point_ids(numbers),
        "meter_id": Ids("M", numbers * 10 + second),
        "bill_month": np.full(len(rows), MONTH_START[month], dtype=np.int64),
        "register": "reactive",
        "previous_value": before * scale,
        "previous_at": first,
        "value": value * scale,
        "read_at": last,
        "method": "ami",
        "status": "read",
        "reader_id": part.world.staff.reader_ids(
            part.of_customer("station")[rows], part.of_customer("section")[rows]
        ),
        "max_demand_at": np.full(len(rows), NULL, dtype=np.int64),
    }
    begin, end = first // DAY_SECONDS, last // DAY_SECONDS
    day = begin + (numbers // 10 + month * 7) % np.maximum(end - begin, 1)
    elsewhere = [
        row for (row, when), what in part.odd_demand.items() if when == month and what == "of another day"
    ]
    day -= np.where(np.isin(rows, elsewhere), OTHER_DAYS, 0)
    unread = [row for (row, when), value in part.odd_reactive.items() if when == month and value < 0]
    null = np.full(len(rows), NULL, dtype=np.int64)
    peak = {
        **frame,
        "register": "max_demand",
        "previous_value": null,
        "previous_at": null,
        "value": demand * scale,
        "max_demand_at": moment(day, 9 + numbers // 10 % 8, 15),
    }
    return [take(frame, ~np.isin(rows, unread)), take(peak, part.get("registers")[rows] == CI_TOU)]


def freeze_frames(part: Part, registers: Registers, full_days: int) -> list[Frame]:
    """Return daily freezes: every midnight of the last days, and those around the reading day before."""
    names = registers.names if len(registers.names) == 5 else registers.names[:1]
    rows = registers.rows
    opened = part.of_customer("opened")[rows] - BASE
    closed = part.of_customer("closed")[rows]
    end = np.where(closed == NULL, DAYS, closed - BASE)
    wanted = np.zeros((len(rows), DAYS + 1), dtype=np.bool_)
    wanted[:, DAYS - full_days :] = True
    each = np.arange(len(rows))[:, None]
    for shift in (-1, 0, 1):
        wanted[each, np.clip(part.planned[rows] + shift, 0, DAYS)] = True
        wanted[each, np.clip(part.boundary[rows] + shift, 0, DAYS)] = True
    day = np.arange(DAYS + 1)[None, :]
    wanted &= (day > opened[:, None]) & (day <= end[:, None])
    index, days = np.nonzero(wanted)
    numbers = part.world.points.numbers()[part.points][rows]
    meter = numbers[index] * 10 + registers.is_new(index, days)
    scale = 10 ** (4 - part.get("decimals")[rows[index]])
    frozen = _ledger_mask(part, rows, index, days)
    return [
        {
            "mp_id": point_ids(numbers[index][frozen]),
            "meter_id": Ids("M", meter[frozen]),
            "day": days[frozen] + BASE,
            "register": name,
            "value": (registers.value(number, index, days) * scale)[frozen],
        }
        for number, name in enumerate(names)
    ]


def _ledger_mask(part: Part, rows: Ints, index: Ints, days: Ints) -> Bools:
    """Leave out the days on which the acquisition system was planted to have lost the meter."""
    lost = part.world.plan.lost_freezes(part)
    keep = np.ones(len(index), dtype=np.bool_)
    for row, (first, last) in lost.items():
        keep &= ~((rows[index] == row) & (days >= first) & (days <= last))
    return keep


__all__ = [
    "ABSENT",
    "MISSED",
    "NO_BASIC",
    "READ",
    "Ledger",
    "freeze_frames",
    "new_ledger",
    "reactive_and_demand",
    "read_registers",
]
