"""What the bills of a part are priced from: periods, metered energy, schemes and transformers, as whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jicha.demo.grid import LAST, NULL, Bools, Ints
from jicha.demo.points import FIXED, MAIN, SCHEME_FIELDS, SECOND, SUB
from jicha.demo.readings import Ledger
from jicha.demo.transformers import NAMEPLATES, RANKS
from jicha.demo.world import Part

FEED, SUB_METER, QUANTITY, RATIO = range(4)
KWH = 10_000
LEAST_SUSPENSION_DAYS = 15
SIZES = np.array(sorted(NAMEPLATES), dtype=np.int64)
PLATES = np.array([NAMEPLATES[int(size)] for size in SIZES], dtype=np.int64)


@dataclass
class Units:
    """The transformers of each bill's customer: arrays of bills × ranks; kva is 0 where there is none."""

    kva: Ints
    point: Ints
    on_from: Ints
    off_from: Ints
    off_to: Ints
    plate: Ints

    def days(self, bill: Ints, begin: Ints, end: Ints) -> Ints:
        """Return the days of [begin, end) on which each transformer is in service."""
        begin, end = begin[:, None], end[:, None]
        on = np.maximum(end - np.maximum(begin, self.on_from[bill]), 0)
        off = np.minimum(self.off_to[bill], end) - np.maximum(self.off_from[bill], begin)
        return np.asarray(np.where(self.kva[bill] > 0, on - np.maximum(off, 0), 0))


@dataclass
class Spots:
    """What the bills charge: main meters (FEED), sub meters, fixed quantities and fixed ratios, one entry each.

    `feed` is the place of the main meter that a part comes off; `value` is a quantity in kWh or a ratio × 10⁶.
    """

    bill: Ints
    point: Ints
    kind: Ints
    feed: Ints
    value: Ints
    energy: dict[str, Ints]
    kvarh: Ints
    demand: Ints
    loss: Bools
    line_loss: Ints
    scheme: dict[str, Ints]
    earlier: dict[str, Ints]
    changed_on: Ints

    def __len__(self) -> int:
        return len(self.bill)


@dataclass
class Cases:
    """The bills of a part, or some of them, before they are priced."""

    part: Part
    main: Ints
    month: Ints
    begin: Ints
    end: Ints
    contract_kva: Ints
    pays_multiple: Bools
    quota: Bools
    tier_months: Ints
    units: Units
    spots: Spots
    before: Ints | None = None
    price_day: Ints = field(init=False)

    def __post_init__(self) -> None:
        # Where it is not NULL, the day whose prices are used instead of those of the segment's first day.
        self.price_day = np.full(len(self.main), NULL, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.main)

    @property
    def days(self) -> Ints:
        """Return the days of each period."""
        return np.asarray(self.end - self.begin)


def gather(part: Part, ledger: Ledger) -> Cases:
    """Return every bill of the part: one a customer and month with a reading of the main meter."""
    mains = np.flatnonzero(part.get("role") == MAIN)
    place, month = (axis.astype(np.int64) for axis in np.nonzero(ledger.exists[mains]))
    return gather_some(part, ledger, mains[place], month)


def gather_some(part: Part, ledger: Ledger, main: Ints, month: Ints) -> Cases:
    """Return the bills of some main meters and months."""
    world, owner = part.world, part.owner[main]
    customers = world.customers
    opened = customers.opened[owner].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    year = np.where(month < 4, 2025, 2026) - 1970
    return Cases(
        part=part,
        main=main,
        month=month,
        begin=ledger.period_from[main, month],
        end=ledger.period_to[main, month],
        contract_kva=world.plan.held_kva(owner, customers.kva[owner] - customers.reduced_kva[owner]),
        pays_multiple=customers.exited[owner] | np.isin(owner, list(world.plan.pays_multiple)),
        quota=world.multi_person(owner, ledger.period_from[main, month], ledger.period_to[main, month]),
        tier_months=np.where(opened // 12 == year, 12 - opened % 12, 12),
        units=_units(part, owner),
        spots=_spots(part, ledger, main, month),
    )


def _units(part: Part, owner: Ints) -> Units:
    units = part.world.transformers
    first = np.searchsorted(units.owner, owner)
    place = first[:, None] + np.arange(RANKS)
    row = np.minimum(place, max(len(units) - 1, 0))
    own = (units.owner[row] == owner[:, None]) & (place < len(units))
    off_from, off_to = units.relief(LEAST_SUSPENSION_DAYS)
    return Units(
        kva=np.where(own, units.kva[row], 0),
        point=(units.owner[row] + 3_401_000_001) * 10 + units.role[row],
        on_from=units.since(part.world.customers)[row],
        off_from=off_from[row],
        off_to=off_to[row],
        plate=PLATES[np.searchsorted(SIZES, units.kva[row])],
    )


def _spots(part: Part, ledger: Ledger, main: Ints, month: Ints) -> Spots:
    number = np.full((len(part.owner), LAST + 1), -1, dtype=np.int64)
    number[main, month] = np.arange(len(main))
    bill, point, kind, feed = (
        [np.arange(len(main))],
        [main],
        [np.zeros(len(main), np.int64)],
        [np.arange(len(main))],
    )
    role, count = part.get("role"), len(main)
    wanted = np.flatnonzero((role == SECOND) | (role == SUB) | (role == FIXED))
    inside = np.isin(part.owner[wanted], part.owner[main])
    for row in wanted[inside]:
        own = number[part.main_row(int(part.owner[row]))]
        own = own[own >= 0]
        bill.append(own)
        point.append(np.full(len(own), row))
        kind.append(np.full(len(own), _kind(part, int(row)), dtype=np.int64))
        feed.append(count + np.arange(len(own)) if role[row] == SECOND else own)
        count += len(own)
    rows = np.concatenate(bill).astype(np.int64)
    return _spots_of(
        part, ledger, rows, np.concatenate(point), np.concatenate(kind), np.concatenate(feed), month[rows]
    )


def _kind(part: Part, row: int) -> int:
    role = part.get("role")[row]
    if role == SECOND:
        return FEED
    if role == SUB:
        return SUB_METER
    return QUANTITY if part.get("fixed_kwh")[row] != NULL else RATIO


def _spots_of(
    part: Part, ledger: Ledger, bill: Ints, point: Ints, kind: Ints, feed: Ints, month: Ints
) -> Spots:
    def whole(values: Ints) -> Ints:
        return np.asarray(np.maximum((values[point, month] + KWH // 2) // KWH, 0))

    quantity = part.get("fixed_kwh")[point] // KWH
    return Spots(
        bill=bill,
        point=point,
        kind=kind,
        feed=feed,
        value=np.where(
            kind == RATIO, part.get("fixed_ratio")[point], np.where(kind == QUANTITY, quantity, 0)
        ),
        energy={name: whole(values) for name, values in ledger.energy.items()},
        kvarh=np.where(kind == FEED, whole(ledger.kvarh), 0),
        demand=ledger.demand[point, month],
        loss=part.get("loss")[point].astype(np.bool_) & (kind == FEED),
        line_loss=np.where(part.get("line_loss_pct")[point] == NULL, 0, part.get("line_loss_pct")[point]),
        scheme={name: part.get(name)[point].copy() for name in SCHEME_FIELDS},
        earlier={name: part.get(f"earlier_{name}")[point].copy() for name in SCHEME_FIELDS},
        changed_on=part.get("changed_on")[point].copy(),
    )


def month_days(begin: Ints) -> Ints:
    """Return the calendar days of the month of each day."""
    month = begin.astype("datetime64[D]").astype("datetime64[M]")
    length = (month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")
    return np.asarray(length.astype(np.int64))


def is_whole_month(begin: Ints, end: Ints) -> Bools:
    """Return whether each period runs to the same day of the next month."""
    first, last = (day.astype("datetime64[D]").astype("datetime64[M]") for day in (begin, end))
    in_month = begin - first.astype("datetime64[D]").astype(np.int64)
    end_in_month = end - last.astype("datetime64[D]").astype(np.int64)
    return np.asarray(((last - first).astype(np.int64) == 1) & (in_month == end_in_month))


__all__ = [
    "FEED",
    "QUANTITY",
    "RATIO",
    "SUB_METER",
    "Cases",
    "Spots",
    "Units",
    "gather",
    "gather_some",
    "is_whole_month",
    "month_days",
]
