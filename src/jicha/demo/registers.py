"""Registers of the meters: what they show at midnight of every day, for each set of bands (费率)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jicha.demo.grid import BASE, DAYS, NULL, Ints
from jicha.demo.points import AGRI_TOU, CI_TOU, FIXED, PLAIN, RES_TOU
from jicha.demo.world import Part

NAMES: dict[int, list[str]] = {
    PLAIN: ["total"],
    RES_TOU: ["total", "peak", "valley"],
    CI_TOU: ["total", "sharp", "peak", "flat", "valley"],
    AGRI_TOU: ["total", "sharp", "peak", "valley"],
}
BANDS: dict[int, list[str]] = {kind: names[1:] or names for kind, names in NAMES.items()}
# The band that takes remainders and deviations, so that the bands always sum to the total.
REMAINDER = {RES_TOU: "peak", CI_TOU: "flat", AGRI_TOU: "peak"}
SWAP_SHARE_PCT = 40


@dataclass
class Registers:
    """The points of one set of bands: rows in the part, and cumulated units at each midnight."""

    rows: Ints
    names: list[str]
    cumulated: list[Ints]
    start: list[Ints]
    swap: Ints
    modulus: Ints
    step_day: Ints
    step_size: Ints

    def value(self, register: int, index: Ints, day: Ints) -> Ints:
        """Return what the meter in place shows at midnight of a day, for points by index."""
        cumulated = self.cumulated[register][index, day]
        new = self.is_new(index, day)
        old_value = self.start[register][index] + cumulated
        shift = np.where(day > self.step_day[index], self.step_size[index], 0)
        shifted = shift if self.names[register] == self.band_of_step() or register == 0 else 0
        result = np.where(new, cumulated - self.at_swap(register, index), old_value + shifted)
        return np.asarray(result % self.modulus[index])

    def is_new(self, index: Ints, day: Ints) -> np.ndarray:
        """Return whether the second meter hangs at the point at midnight of the day."""
        swap = self.swap[index]
        return np.asarray((swap != NULL) & (day > swap))

    def at_swap(self, register: int, index: Ints) -> Ints:
        """Return the units cumulated until the old meter came down."""
        day = np.clip(self.swap[index], 0, DAYS - 1)
        before = self.cumulated[register][index, day]
        that_day = self.cumulated[register][index, day + 1] - before
        if register == 0 and len(self.names) > 1:
            return np.asarray(sum(self.at_swap(band, index) for band in range(1, len(self.names))))
        return np.asarray(before + that_day * SWAP_SHARE_PCT // 100)

    def band_of_step(self) -> str:
        """Return the band that follows the total in steps and deviations."""
        return {3: "peak", 4: "peak", 5: "flat"}.get(len(self.names), "total")


def make_registers(part: Part, kind: int) -> Registers | None:
    """Return the registers of the points with one set of bands."""
    rows = np.flatnonzero((part.get("registers") == kind) & (part.get("role") != FIXED))
    if not len(rows):
        return None
    names = NAMES[kind]
    daily = [part.metered[rows], *_bands(part, kind, rows)]
    start = part.get("start")[rows]
    starts = [start, *_split_start(kind, start)]
    swap = part.get("swap")[rows]
    return Registers(
        rows=rows,
        names=names,
        cumulated=[_cumulate(days) for days in daily],
        start=starts,
        swap=np.where(swap == NULL, NULL, swap - BASE),
        modulus=10 ** (part.get("digits")[rows] + part.get("decimals")[rows]),
        step_day=part.step_day[rows],
        step_size=part.step_size[rows],
    )


def _bands(part: Part, kind: int, rows: Ints) -> list[Ints]:
    """Split the days into bands; the remainder goes to one band so that Σ bands = total."""
    if kind == PLAIN:
        return []
    shares = {RES_TOU: [0.62, 0.38], CI_TOU: [0.09, 0.37, 0.30, 0.24], AGRI_TOU: [0.09, 0.55, 0.36]}[kind]
    rng = part.rng("bands", str(kind))
    total = part.metered[rows]
    own = [np.clip(share * rng.uniform(0.85, 1.15, (len(rows), 1)), 0, 0.45) for share in shares]
    bands = [np.floor(total * share * rng.uniform(0.97, 1.03, total.shape)).astype(np.int64) for share in own]
    keep = NAMES[kind].index(REMAINDER[kind]) - 1
    bands[keep] = total - sum(band for place, band in enumerate(bands) if place != keep)
    return bands


def _split_start(kind: int, start: Ints) -> list[Ints]:
    if kind == PLAIN:
        return []
    if kind == RES_TOU:
        return [start - start * 38 // 100, start * 38 // 100]
    sharp, peak, valley = start * 9 // 100, start * 37 // 100, start * 24 // 100
    if kind == AGRI_TOU:
        return [sharp, start - sharp - valley, valley]
    return [sharp, peak, start - sharp - peak - valley, valley]


def _cumulate(days: Ints) -> Ints:
    result = np.zeros((len(days), DAYS + 1), dtype=np.int64)
    np.cumsum(days, axis=1, out=result[:, 1:])
    return result
