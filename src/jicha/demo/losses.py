"""Transformer loss (变损) and capacity in service, in whole numbers."""

from __future__ import annotations

import numpy as np

from jicha.demo.grid import BASE, NULL, Ints
from jicha.demo.transformers import NAMEPLATES
from jicha.demo.world import Part

FULL_MONTH_HOURS = 720


def in_service(part: Part, main: Ints, begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return kVA × days in service in each period, and the days of the whole calendar month the period lies in.

    Charging stops on the sealing day and starts again on the unsealing day.
    """
    days = end - begin
    owner = part.owner[main]
    units = part.world.transformers
    first = np.searchsorted(units.owner, owner)
    result = np.zeros(len(main), dtype=np.int64)
    for rank in (0, 1):
        row = np.minimum(first + rank, len(units) - 1)
        own = units.owner[row] == owner
        off_from = np.where(units.suspended_from[row] == NULL, end, units.suspended_from[row])
        off_to = np.where(units.suspended_to[row] == NULL, end, units.suspended_to[row])
        off = np.maximum(np.minimum(off_to, end) - np.maximum(off_from, begin), 0)
        result += np.where(own, units.kva[row] * (days - off), 0)
    return result, np.maximum(days, month_days(begin))


def month_days(begin: Ints) -> Ints:
    """Return the calendar days of the month of each day."""
    month = begin.astype("datetime64[D]").astype("datetime64[M]")
    length = (month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")
    return np.asarray(length.astype(np.int64))


def add_transformer_loss(
    part: Part, main: Ints, month: Ints, active: Ints, reactive: Ints
) -> tuple[Ints, Ints]:
    """Return ΔWp and ΔWq of single-transformer customers metered on the low side, whole kWh and kvarh, T = 720 h, K = 1."""
    owner = part.owner[main]
    units = part.world.transformers
    row = np.searchsorted(units.owner, owner)
    kva = units.kva[row]
    plates = np.array([NAMEPLATES[int(value)] for value in kva], dtype=np.int64)
    begin = part.planned[main, month] + BASE
    suspended = (units.suspended_from[row] != NULL) & (units.suspended_from[row] <= begin)
    suspended &= (units.suspended_to[row] == NULL) | (units.suspended_to[row] > begin)
    square = active * active + reactive * reactive
    hours = FULL_MONTH_HOURS
    loss = _half_up(
        plates[:, 0] * hours * kva * kva * hours + plates[:, 1] * square, 10_000 * kva * kva * hours
    )
    kvarh = _half_up(
        plates[:, 2] * kva * hours * kva * hours + plates[:, 3] * square, 1_000_000 * kva * hours
    )
    return np.where(suspended, 0, loss), np.where(suspended, 0, kvarh)


def _half_up(top: Ints, bottom: Ints) -> Ints:
    return np.asarray((2 * top + bottom) // (2 * bottom))
