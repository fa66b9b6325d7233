"""What every point uses on every day: seasons, weekdays, holidays, growth, weather, sun."""

from __future__ import annotations

from datetime import date

import numpy as np

from jicha.calendars import is_working_day
from jicha.demo.grid import BASE, DAYS, NULL, Floats, Ints, generator, to_date
from jicha.demo.points import EXPORT, FIXED, GENERATION, MAIN, SECOND, SUB
from jicha.demo.segments import FIRST_HV, SEGMENTS
from jicha.demo.transformers import HOT_STANDBY
from jicha.demo.world import Part, active_days

# Kilowatt-hours a day and kilowatt of panels, month by month, in a humid subtropical county.
SUN = (2.2, 2.4, 2.8, 3.4, 3.7, 3.4, 4.3, 4.2, 3.4, 3.1, 2.6, 2.3)
SEASONS = ("home", "shop", "office", "works", "farm", "pump", "pile", "industry", "hospital")


def make_consumption(part: Part) -> None:
    """Fill the days of the part: what was used, and (the same until a fault says otherwise) what was metered."""
    rng = part.rng("consumption")
    role = part.get("role")
    segment = part.of_customer("segment")
    season = np.array([SEASONS.index(s.season) for s in SEGMENTS])[segment]
    energy = (_profiles()[season] * part.of_customer("base")[:, None]).astype(np.float32)
    energy *= _growth()
    _apply_cycles(part, rng, energy)
    noise = rng.standard_normal(energy.shape, dtype=np.float32)
    noise *= np.where(segment >= FIRST_HV, 0.06, 0.15).astype(np.float32)[:, None]
    energy *= np.exp(noise)
    # A dormitory uses 3 % of its works; of two feeds the first carries 60 %.
    energy[role == SUB] *= np.where(segment[role == SUB] >= FIRST_HV, 0.03, 0.25)[:, None]
    doubled = np.isin(part.owner, part.owner[role == SECOND])
    energy[doubled] *= np.where(role[doubled] == SECOND, 0.4, 0.6)[:, None]
    energy[role == FIXED] = 0
    _apply_sun(part, energy)
    _apply_suspension(part, energy)
    energy *= active_days(part)
    units = np.rint(energy / (part.unit()[:, None] / 10_000)).astype(np.int64)
    part.true = units
    _carry_sub_meters(part)
    part.metered = part.true.copy()


def _profiles() -> Floats:
    """Return one row a season kind and one column a day."""
    days = [to_date(BASE + index) for index in range(DAYS)]
    return np.array([[_factor(kind, day) for day in days] for kind in SEASONS])


def _factor(kind: str, day: date) -> float:
    working = is_working_day(day)
    festival = date(2026, 2, 13) <= day <= date(2026, 2, 24)
    summer = _bump(day, 205, 45)
    winter = _bump(day, 15, 40) + _bump(day, 380, 40)
    if kind == "home":
        return (1 + 0.42 * summer + 0.28 * winter) * (1.15 if festival else 1.0) * (1.0 if working else 1.08)
    if kind == "shop":
        return (1 + 0.25 * summer + 0.12 * winter) * (0.6 if festival else 1.0) * (1.0 if working else 1.1)
    if kind == "office":
        return (1 + 0.25 * summer + 0.12 * winter) * (1.0 if working else 0.45)
    if kind == "works":
        return (1 + 0.10 * summer) * (0.35 if festival else 1.0) * (1.0 if working else 0.7)
    if kind == "industry":
        return (1 + 0.08 * summer) * (0.40 if festival else 1.0) * (1.0 if working else 0.82)
    if kind == "hospital":
        return 1 + 0.20 * summer + 0.10 * winter
    if kind == "pump":
        return 1.0 if 4 <= day.month <= 9 else 0.06
    return 1.05 if kind == "farm" else (1.0 if working else 1.1)


def _bump(day: date, centre: int, width: int) -> float:
    position = day.timetuple().tm_yday
    return float(np.exp(-(((position - centre) / width) ** 2)))


def _growth() -> Floats:
    return np.asarray(1 + 0.03 * np.arange(DAYS) / 365)


def _apply_cycles(part: Part, rng: np.random.Generator, energy: np.ndarray) -> None:
    """Move each reading cycle up or down in turn, so that neighbouring cycles are never alike by chance."""
    days = np.arange(DAYS)
    segment = part.of_customer("segment")
    size = rng.uniform(0.03, 0.12, (len(energy), 16)) * np.where(segment >= FIRST_HV, 0.6, 1.0)[:, None]
    sign = 1 - 2 * ((np.arange(16)[None, :] + rng.integers(0, 2, len(energy))[:, None]) % 2)
    factor = (1 + size * sign).astype(np.float32)
    read_day = part.of_customer("read_day")
    for value in np.unique(read_day):
        rows = np.flatnonzero(read_day == value)
        cycle = np.searchsorted(part.planned[rows[0]], days, side="right")
        energy[rows] *= factor[rows][:, cycle]


def _apply_sun(part: Part, energy: np.ndarray) -> None:
    """Make generation, export and the reduced import of customers with panels (光伏)."""
    role = part.get("role")
    panels = np.flatnonzero(role == GENERATION)
    if not len(panels):
        return
    weather = generator(part.world.seed, "weather").uniform(0.45, 1.3, DAYS)
    sun = np.array([SUN[to_date(BASE + index).month - 1] for index in range(DAYS)]) * weather
    rng = part.rng("sun")
    generated = part.of_customer("pv_kw")[panels][:, None] * sun * rng.uniform(0.93, 1.06, (len(panels), 1))
    generated *= rng.uniform(0.97, 1.03, generated.shape)
    main, export = panels - 1, panels + 1
    own = np.minimum(0.42 * energy[main], 0.5 * generated)
    own[part.of_customer("full_export").astype(bool)[panels]] = 0
    energy[panels] = generated
    energy[export] = generated - own - 0.005
    energy[main] -= own


def _apply_suspension(part: Part, energy: np.ndarray) -> None:
    """Leave only the share of the capacity in service: nothing while all transformers are out."""
    units = part.world.transformers
    inside = (units.owner >= part.customers.start) & (units.owner < part.customers.stop)
    changing = inside & ((units.suspended_from != NULL) | (units.running_from != NULL))
    for customer in np.unique(units.owner[changing]):
        share = _share_in_service(part, int(customer))
        if int(customer) in part.world.plan.using_while_suspended:
            share = np.maximum(share, 0.35)
        energy[part.main_row(int(customer))] *= share


def _share_in_service(part: Part, customer: int) -> Floats:
    units = part.world.transformers
    running = np.zeros(DAYS)
    rows = np.flatnonzero(units.owner == customer)
    for row in rows:
        own = np.full(DAYS, float(units.kva[row]))
        if units.running_from[row] != NULL:
            own[: max(0, int(units.running_from[row]) - BASE)] = 0
        if units.suspended_from[row] != NULL and units.state[row] != HOT_STANDBY:
            begin = max(0, int(units.suspended_from[row]) - BASE)
            end = DAYS if units.suspended_to[row] == NULL else int(units.suspended_to[row]) - BASE
            own[begin:end] = 0
        running += own
    return np.asarray(running / float(units.kva[rows].sum()))


def _carry_sub_meters(part: Part) -> None:
    """A main meter (总表) passes what its sub meter (分表) passes."""
    for row in np.flatnonzero(part.get("role") == SUB):
        main = part.main_row(int(part.owner[row]))
        part.true[main] += part.true[row] * int(part.unit()[row]) // int(part.unit()[main])


def daily_energy(part: Part, units: Ints) -> Ints:
    """Return daily energy in 10⁻⁴ kWh from daily register units."""
    return units * part.unit()[:, None]


def net_load(part: Part) -> Ints:
    """Return what each main point drew net of export, by the truth, in 10⁻⁴ kWh."""
    role = part.get("role")
    weight = np.select([(role == MAIN) | (role == SECOND), role == EXPORT], [1, -1], 0)
    return np.asarray(daily_energy(part, part.true) * weight[:, None])
