"""Curves of 96 points (96点曲线) of the last month: high-voltage customers and a few three-phase low-voltage ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jicha.demo.frame import Frame
from jicha.demo.grid import BASE, DAY_SECONDS, DAYS, NULL, Floats, Ints
from jicha.demo.points import MAIN, SINGLE, THREE_WIRE, point_ids
from jicha.demo.segments import SEGMENT
from jicha.demo.world import Part

CURVE_DAYS = 31
QUARTERS = 96
LIMIT = 240  # at most so many high-voltage curves a county: the table grows by 3,000 rows a point


@dataclass
class Curves:
    """Phase currents and voltages of each point, day and quarter, before they become rows."""

    rows: Ints
    power: Floats
    voltage: Floats
    current: Floats
    tangent: Floats


def make_curves(part: Part, parts: int) -> Curves | None:
    """Return the curves of the part: the shape of the day times the metered energy of the day."""
    rows = _chosen(part, parts)
    if not len(rows):
        return None
    rng = part.rng("curve")
    first = DAYS - CURVE_DAYS
    unit = 10.0 ** -part.get("decimals")[rows]
    daily = part.metered[rows, first:] * unit[:, None]
    shape = _shapes(rows, part.of_customer("segment")[rows])[:, None, :] * rng.uniform(
        0.94, 1.06, (len(rows), CURVE_DAYS, QUARTERS)
    )
    shape /= shape.sum(axis=2, keepdims=True)
    power = daily[:, :, None] * shape * 4
    ceiling = part.of_customer("kva")[rows] * 0.97 / part.get("multiplier")[rows]
    power = np.minimum(power, ceiling[:, None, None] * rng.uniform(0.97, 1.0, power.shape))
    three_wire = (part.get("wiring")[rows] == THREE_WIRE)[:, None, None]
    nominal = np.where(three_wire, 100.0, 220.0)
    voltage = nominal[..., None] * (
        1 + rng.uniform(-0.02, 0.03, (*power.shape, 1)) + rng.uniform(-0.004, 0.004, (*power.shape, 3))
    )
    tangent = np.full((len(rows), 1, 1), 0.36)
    cosine = 1 / np.sqrt(1 + tangent**2)
    per_phase = power * 1000 / cosine / np.where(three_wire, np.sqrt(3) * nominal, 3 * nominal)
    current = per_phase[..., None] * (1 + rng.uniform(-0.05, 0.05, (*power.shape, 3)))
    return Curves(rows, power, voltage, current, tangent)


def _chosen(part: Part, parts: int) -> Ints:
    three_phase = (part.get("role") == MAIN) & (part.get("wiring") != SINGLE)
    high = np.flatnonzero((part.get("mode") > 0) & three_phase)[: max(20, LIMIT // parts)]
    low = np.flatnonzero(
        (part.get("mode") == 0)
        & three_phase
        & (part.of_customer("pv_kw") == 0)
        & (part.of_customer("closed") == NULL)
        & ~part.of_customer("special").astype(bool)
    )[:10]
    wanted = [c for c in part.world.plan.curve_customers if part.customers.start <= c < part.customers.stop]
    planted = np.array([part.main_row(customer) for customer in wanted], dtype=np.int64)
    return np.unique(np.concatenate([high, low, planted]))


def _shapes(rows: Ints, segment: Ints) -> Floats:
    hour = (np.arange(QUARTERS) + 0.5) / 4
    work = 0.55 + 0.75 * np.exp(-(((hour - 10) / 3.2) ** 2)) + 0.70 * np.exp(-(((hour - 15.5) / 3.0) ** 2))
    steady = 1 + 0.12 * np.sin((hour - 9) / 24 * 2 * np.pi)
    evening = 0.5 + 0.9 * np.exp(-(((hour - 20) / 3.0) ** 2)) + 0.4 * np.exp(-(((hour - 12) / 2.5) ** 2))
    kind = np.arange(len(rows)) % 3 if len(rows) else np.zeros(0, dtype=np.int64)
    # Where vehicles charge nothing runs before dawn.
    charging = np.where(hour < 7, 0.03, 1.0)
    kind = np.where(segment == SEGMENT["hv_charging"], 3, kind)
    return np.stack([work, steady, evening, charging])[kind]


def curve_frame(part: Part, curves: Curves) -> Frame:
    """Return the curve table: secondary powers, voltages and currents; `at` is the end of the quarter hour."""
    rows = curves.rows
    numbers = part.world.points.numbers()[part.points][rows]
    count = CURVE_DAYS * QUARTERS
    start = (BASE + DAYS - CURVE_DAYS) * DAY_SECONDS
    three_wire = np.repeat(part.get("wiring")[rows] == THREE_WIRE, count)
    power = np.rint(curves.power.reshape(-1) * 10_000).astype(np.int64)
    reactive = np.rint((curves.power * curves.tangent).reshape(-1) * 10_000).astype(np.int64)
    voltage = np.rint(curves.voltage.reshape(-1, 3) * 10).astype(np.int64) * 1_000
    current = np.rint(curves.current.reshape(-1, 3) * 1_000).astype(np.int64) * 10
    cosine = (
        np.broadcast_to(np.rint(1_000 / np.sqrt(1 + curves.tangent**2)) * 1_000, curves.power.shape)
        .reshape(-1)
        .astype(np.int64)
    )
    return {
        "mp_id": point_ids(np.repeat(numbers, count)),
        "at": np.tile(start + (np.arange(count, dtype=np.int64) + 1) * 900, len(rows)),
        "p_kw": power,
        "q_kvar": reactive,
        "ua_v": voltage[:, 0],
        "ub_v": np.where(three_wire, NULL, voltage[:, 1]),
        "uc_v": voltage[:, 2],
        "ia_a": current[:, 0],
        "ib_a": np.where(three_wire, NULL, current[:, 1]),
        "ic_a": current[:, 2],
        "pf": np.where(power == 0, NULL, cosine),
    }
