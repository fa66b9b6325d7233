"""The segments (分段) of a bill's period: cut wherever the scheme or a price of a point changes inside it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from jicha.demo.cases import Cases
from jicha.demo.grid import NULL, Ints, day_number
from jicha.demo.points import SCHEME_FIELDS, TARIFFS, VOLTAGES
from jicha.demo.prices import price_rows


@dataclass
class Pieces:
    """One entry a spot and segment [begin, end), with the scheme that is valid in it."""

    spot: Ints
    bill: Ints
    begin: Ints
    end: Ints
    tariff: Ints
    price_voltage: Ints
    registers: Ints
    pf_standard: Ints
    basic: Ints
    contract_demand: Ints

    def __len__(self) -> int:
        return len(self.spot)

    def take(self, rows: Ints) -> Pieces:
        """Return some of the entries."""
        return Pieces(*(getattr(self, field.name)[rows] for field in fields(self)))


def cut(cases: Cases, *, by_scheme: bool = True, by_price: bool = True) -> Pieces:
    """Return the segments of all spots, spot by spot in the order of time."""
    spots = cases.spots
    spot = np.arange(len(spots), dtype=np.int64)
    begin, end = cases.begin[spots.bill], cases.end[spots.bill]
    if by_scheme:
        spot, begin, end = _cut(spot, begin, end, spots.changed_on)
    # What is not cut is charged by the scheme of the last day.
    day = begin if by_scheme else end - 1
    is_earlier = (spots.changed_on[spot] != NULL) & (day < spots.changed_on[spot])
    values = {
        name: np.where(is_earlier, spots.earlier[name][spot], spots.scheme[name][spot])
        for name in SCHEME_FIELDS
    }
    for at, key in _price_changes() if by_price else ():
        days = np.where(np.isin(values["tariff"] * 10 + values["price_voltage"], key), at, NULL)
        length = len(spot)
        source = np.arange(length, dtype=np.int64)
        source, begin, end = _cut_rows(source, begin, end, days)
        spot, values = spot[source], {name: column[source] for name, column in values.items()}
    return Pieces(spot, spots.bill[spot], begin, end, *(values[name] for name in SCHEME_FIELDS))


def split(cases: Cases, pieces: Pieces, kwh: Ints) -> Ints:
    """Return the kWh of each segment: round(E·d_k/D) − round(E·d_{k−1}/D), d in days from the period's begin."""
    days = cases.days[pieces.bill]
    energy = kwh[pieces.spot]

    def until(day: Ints) -> Ints:
        return np.asarray((2 * energy * (day - cases.begin[pieces.bill]) + days) // np.maximum(2 * days, 1))

    return np.asarray(until(pieces.end) - until(pieces.begin))


def _cut(spot: Ints, begin: Ints, end: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    rows, begin, end = _cut_rows(np.arange(len(spot), dtype=np.int64), begin, end, at)
    return spot[rows], begin, end


def _cut_rows(rows: Ints, begin: Ints, end: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut each span at a day inside it; NULL days cut nothing."""
    inside = (at != NULL) & (begin < at) & (at < end)
    if not inside.any():
        return rows, begin, end
    source = np.repeat(rows, 1 + inside)
    first = np.concatenate([[True], source[1:] != source[:-1]])
    cut_at = np.where(inside, at, 0)[source]
    return (
        source,
        np.where(first | ~inside[source], begin[source], cut_at),
        np.where(first & inside[source], cut_at, end[source]),
    )


@cache
def _price_changes() -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Return the days on which a price begins or ends, each with the keys of tariff and voltage that it touches."""
    changes: dict[int, set[int]] = {}
    for row in price_rows():
        if row.tariff_code in TARIFFS and row.voltage_code in VOLTAGES:
            key = TARIFFS.index(row.tariff_code) * 10 + VOLTAGES.index(row.voltage_code)
            for day in (row.valid_from, row.valid_to):
                if day is not None:
                    changes.setdefault(day_number(day), set()).add(key)
    return tuple((day, tuple(sorted(changes[day]))) for day in sorted(changes))
