"""From metered to billed energy: parts off their main meter, transformer loss (变损), line loss (线损), in whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jicha.demo.cases import FEED, QUANTITY, RATIO, SUB_METER, Cases
from jicha.demo.grid import Ints
from jicha.demo.points import PLAIN
from jicha.demo.registers import BANDS

FULL_MONTH_HOURS, DAY_HOURS = 720, 24
PERCENT = 100 * 1_000_000  # line_loss_pct is a percentage × 10⁶


@dataclass
class Billed:
    """The energy to bill by register, and what the power factor is taken from, one entry a spot."""

    energy: dict[str, Ints]
    metered: Ints
    active: Ints
    reactive: Ints

    def total(self, kind: Ints) -> Ints:
        """Return the energy of all registers that a kind of meter is billed by."""
        result = np.zeros(len(kind), dtype=np.int64)
        for code, bands in BANDS.items():
            rows = np.flatnonzero(kind == code)
            for band in bands:
                result[rows] += self.energy[band][rows]
        return result


def measure(cases: Cases, *, always_full: bool = False) -> Billed:
    """Return the billed energy: sub meters and fixed shares come off, losses come on."""
    spots = cases.spots
    energy = {name: values.copy() for name, values in spots.energy.items()}
    billed = Billed(energy, spots.kvarh, spots.kvarh, spots.kvarh)
    metered = billed.metered = billed.total(spots.scheme["registers"])
    part = spots.kind != FEED
    own = _take_off(cases, billed, metered)
    active, reactive = _transformer_loss(cases, metered, always_full)
    for row in np.flatnonzero(part & (active[spots.feed] > 0)):
        feed = spots.feed[row]
        share = _half_up(active[feed] * own[row], metered[feed])
        own[row] += share
        active[row] = share
    shared = np.zeros(len(spots), dtype=np.int64)
    np.add.at(shared, spots.feed[part], active[part])
    billed.energy["total"][part] = own[part]
    _add(cases, billed, np.where(part, 0, active - shared))
    whole = billed.total(spots.scheme["registers"])
    _add(cases, billed, np.where(part, 0, _half_up(whole * spots.line_loss, np.full(len(spots), PERCENT))))
    billed.active = np.where(part, 0, metered + active)
    billed.reactive = spots.kvarh + reactive
    return billed


def _take_off(cases: Cases, billed: Billed, metered: Ints) -> Ints:
    """Take the parts off their main meters: sub meters, then quantities, then ratios of what is left."""
    spots = cases.spots
    own = metered.copy()
    left = metered.copy()
    for kind in (SUB_METER, QUANTITY, RATIO):
        rows = np.flatnonzero(spots.kind == kind)
        feed = spots.feed[rows]
        if kind == RATIO:
            own[rows] = (left[feed] * spots.value[rows] + 500_000) // 1_000_000
        elif kind == QUANTITY:
            own[rows] = spots.value[rows]
        own[rows] = np.minimum(own[rows], left[feed])
        np.subtract.at(left, feed, own[rows])
    _less(cases, billed, metered, metered - left)
    return own


def _less(cases: Cases, billed: Billed, metered: Ints, taken: Ints) -> None:
    """Take an amount off the bands in proportion, each half up, the remainder off the band of losses."""
    rows = np.flatnonzero(taken > 0)
    kind = cases.spots.scheme["registers"][rows]
    for code, bands in BANDS.items():
        own = rows[kind == code]
        if not len(own):
            continue
        rest = "flat" if "flat" in bands else bands[0]
        gone = np.zeros(len(own), dtype=np.int64)
        for band in bands:
            if band != rest:
                off = _half_up(taken[own] * billed.energy[band][own], metered[own])
                billed.energy[band][own] -= off
                gone += off
        billed.energy[rest][own] -= taken[own] - gone


def _add(cases: Cases, billed: Billed, kwh: Ints) -> None:
    """Put losses on the flat band, or on the total where there are no bands."""
    plain = cases.spots.scheme["registers"] == PLAIN
    billed.energy["total"] += np.where(plain, kwh, 0)
    billed.energy["flat"] += np.where(plain, 0, kwh)


def _transformer_loss(cases: Cases, metered: Ints, always_full: bool) -> tuple[Ints, Ints]:
    """Return ΔWp and ΔWq of each spot (domain 4.4, K = 1), one rounding each, half up.

    T is the full month's hours when the transformer is in service in the whole cycle, else 24 h a day in service.
    Transformers in parallel share the load by kVA: ΔWp = Σ P0·T + Σ Pk·(Wp² + Wq²) ÷ (ΣS²·T).
    """
    spots, units = cases.spots, cases.units
    active = np.zeros(len(spots), dtype=np.int64)
    reactive = np.zeros(len(spots), dtype=np.int64)
    rows = np.flatnonzero(spots.loss)
    if not len(rows):
        return active, reactive
    bill = spots.bill[rows]
    days = units.days(bill, cases.begin[bill], cases.end[bill])
    whole = always_full | (days == cases.days[bill][:, None])
    hours = np.where(whole, FULL_MONTH_HOURS, days * DAY_HOURS)
    hours = np.where(units.kva[bill] > 0, hours, 0)
    # Products of squares pass 64 bits: whole numbers of any size instead.
    square = metered[rows].astype(object) ** 2 + spots.kvarh[rows].astype(object) ** 2
    for place, row in enumerate(rows):
        active[row], reactive[row] = _loss(
            square[place], units.kva[bill[place]], hours[place], units.plate[bill[place]]
        )
    return active, reactive


def _loss(square: int, kva: Ints, hours: Ints, plate: Ints) -> tuple[int, int]:
    running = [
        (int(s), int(t), [int(p) for p in plates])
        for s, t, plates in zip(kva, hours, plate, strict=True)
        if t
    ]
    bottom = sum(s for s, _, _ in running) ** 2
    for _, t, _ in running:
        bottom *= t
    active = reactive = 0
    for s, t, (no_load, load, magnetising, impedance) in running:
        share = square * (bottom // t // sum(unit[0] for unit in running) ** 2)
        active += no_load * t * bottom + load * share
        reactive += magnetising * s * t * bottom + impedance * s * share
    # Nameplates are × 10⁴; the percentages of no-load current and impedance × 100 more.
    return _whole(active, bottom * 10_000), _whole(reactive, bottom * 1_000_000)


def _whole(top: int, bottom: int) -> int:
    return (2 * top + bottom) // (2 * bottom) if bottom else 0


def _half_up(top: Ints, bottom: Ints) -> Ints:
    return np.asarray((2 * top + bottom) // np.maximum(2 * bottom, 1))


__all__ = ["FULL_MONTH_HOURS", "Billed", "measure"]
