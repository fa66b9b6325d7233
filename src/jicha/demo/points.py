"""Metering points (计量点) with their meters, instrument transformers and price schemes, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from jicha.demo.customers import Customers, supply_voltage
from jicha.demo.frame import Ids
from jicha.demo.grid import NULL, Bools, Floats, Ints, WorkCalendar, day_number, generator
from jicha.demo.segments import SEGMENTS, members

MAIN, GENERATION, EXPORT, SUB, FIXED, SECOND = range(6)
SINGLE, THREE_WIRE, FOUR_WIRE = range(3)
WIRINGS = ["1p2w", "3p3w", "3p4w"]
LV_LV, HV_LV, HV_HV = range(3)
MODES = ["lv_lv", "hv_lv", "hv_hv"]
CLASSES = ["I", "II", "III", "IV", "V"]
VOLTAGES = ["lt1", "kv1_10", "kv20", "kv35", "kv110", "kv220"]
PLAIN, RES_TOU, CI_TOU, AGRI_TOU = range(4)
TARIFFS = ["RES_STEP", "RES_FLAT", "AGRI", "AGRI_IRRIG", "CI_SINGLE", "CI_TWO"]
NO_BASIC, CAPACITY, CONTRACT_DEMAND, ACTUAL_DEMAND = range(4)
BASIC_MODES = ["none", "capacity", "contract_demand", "actual_demand"]
SCHEME_FIELDS = ("tariff", "price_voltage", "registers", "pf_standard", "basic", "contract_demand")
PF_90, PF_85, PF_80 = 900_000, 850_000, 800_000
CT_STEPS = np.array([10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000])


@dataclass
class Points:
    """Arrays with one entry a metering point, in the order of the customers."""

    owner: Ints
    role: Ints
    wiring: Ints
    mode: Ints
    meter_class: Ints
    ct: Ints
    pt: Ints
    multiplier: Ints
    billed_multiplier: Ints
    digits: Ints
    decimals: Ints
    registers: Ints
    installed: Ints
    verified: Ints
    start: Ints
    swap: Ints
    supply_voltage: Ints
    tariff: Ints
    price_voltage: Ints
    pf_standard: Ints
    basic: Ints
    contract_demand: Ints
    loss: Bools
    fixed_ratio: Ints
    fixed_kwh: Ints
    fixed_verified: Ints
    line_loss_pct: Ints = field(init=False)
    # The scheme that was valid before `changed_on`, NULL where the scheme never changed.
    changed_on: Ints = field(init=False)
    change_order: Ints = field(init=False)
    earlier_tariff: Ints = field(init=False)
    earlier_price_voltage: Ints = field(init=False)
    earlier_registers: Ints = field(init=False)
    earlier_pf_standard: Ints = field(init=False)
    earlier_basic: Ints = field(init=False)
    earlier_contract_demand: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.line_loss_pct, self.changed_on, self.change_order = (
            np.full(len(self.owner), NULL, dtype=np.int64) for _ in range(3)
        )
        for name in SCHEME_FIELDS:
            setattr(self, f"earlier_{name}", getattr(self, name).copy())

    def change_scheme(self, point: int, day: int, order: int) -> None:
        """Let what the scheme is now be valid until a day; the caller then sets what is valid from it."""
        for name in SCHEME_FIELDS:
            getattr(self, f"earlier_{name}")[point] = getattr(self, name)[point]
        self.changed_on[point], self.change_order[point] = day, order

    def __len__(self) -> int:
        return len(self.owner)

    def numbers(self) -> Ints:
        """Return the numbers in the metering-point identifiers: customer number and role."""
        return (self.owner + 3_401_000_001) * 10 + self.role


def point_ids(numbers: Ints) -> Ids:
    """Return metering-point identifiers."""
    return Ids("P", numbers)


def meter_ids(numbers: Ints, generation: Ints | int) -> Ids:
    """Return meter identifiers: the point's number and the rank of the meter at the point."""
    return Ids("M", numbers * 10 + generation)


def make_points(seed: int, customers: Customers, minimum: int) -> Points:
    """Give every customer a main point, and some a sub meter, a fixed share, or generation points."""
    rng = generator(seed, "points")
    owner, role = _roles(rng, customers, minimum)
    segment = customers.segment[owner]
    kva = customers.kva[owner]
    hv = customers.is_hv()[owner]
    total = len(owner)
    # Generation, export and sub points are small direct-connected meters whatever their owner is.
    main = (role == MAIN) | (role == SECOND)
    voltage = np.where(hv & main, supply_voltage(kva), 0)
    mode = np.where(hv & main, np.where((kva <= 315) & (voltage == 1), HV_LV, HV_HV), LV_LV)
    single = ~hv & ((kva <= 10) & (customers.pv_kw[owner] == 0) | (role == SUB))
    wiring = np.where(single, SINGLE, np.where(mode == HV_HV, THREE_WIRE, FOUR_WIRE))
    ct, pt = _ratios(kva, _load_share(customers, owner, role), mode, main, voltage)
    installed = np.maximum(
        customers.opened[owner],
        rng.integers(day_number(date(2019, 3, 1)), day_number(date(2024, 5, 1)), total),
    )
    points = Points(
        owner=owner,
        role=role,
        wiring=wiring,
        mode=mode,
        meter_class=np.select([mode == HV_HV, mode == HV_LV, ct > 1], [np.where(kva >= 2000, 1, 2), 2, 3], 4),
        ct=ct,
        pt=pt,
        multiplier=ct * pt,
        billed_multiplier=ct * pt,
        digits=np.full(total, 6, dtype=np.int64),
        decimals=np.where(ct * pt > 1, 4, 2),
        registers=_registers(rng, segment, main),
        installed=installed,
        verified=installed - rng.integers(20, 90, total),
        start=np.zeros(total, dtype=np.int64),
        swap=np.full(total, NULL, dtype=np.int64),
        supply_voltage=voltage,
        tariff=np.array([TARIFFS.index(s.tariff) for s in SEGMENTS])[segment],
        price_voltage=voltage.copy(),
        pf_standard=_pf_standard(segment, kva, main),
        basic=np.zeros(total, dtype=np.int64),
        contract_demand=np.full(total, NULL, dtype=np.int64),
        loss=mode == HV_LV,
        fixed_ratio=np.where((role == FIXED) & (owner % 2 == 0), np.where(hv, 40_000, 200_000), NULL),
        fixed_kwh=np.where((role == FIXED) & (owner % 2 == 1), np.where(hv, 1_500, 120) * 10_000, NULL),
        fixed_verified=np.where(role == FIXED, day_number(date(2026, 3, 10)), NULL),
    )
    points.tariff[(role == SUB) | (role == FIXED)] = TARIFFS.index("RES_FLAT")
    _basic_charge(rng, customers, points)
    _register_starts(rng, customers, points)
    return points


def _roles(rng: np.random.Generator, customers: Customers, minimum: int) -> tuple[Ints, Ints]:
    everyone = np.arange(len(customers), dtype=np.int64)
    solar = np.flatnonzero(customers.pv_kw > 0)
    shops = np.flatnonzero(customers.of("shop", "workshop") & ~customers.special & (customers.base < 28))
    # A toy county keeps its few shops for other plants.
    least = 2 * minimum if len(customers) >= 2_000 else minimum
    chosen = rng.permutation(shops)[: max(least, round(len(customers) * 0.003))]
    sub, fixed = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
    customers.special[chosen] = True
    sub, fixed, second = _high_voltage_roles(rng, customers, sub, fixed)
    owner = np.concatenate([everyone, solar, solar, sub, fixed, second])
    role = np.repeat(
        [MAIN, GENERATION, EXPORT, SUB, FIXED, SECOND],
        [len(everyone), len(solar), len(solar), len(sub), len(fixed), len(second)],
    )
    order = np.lexsort((role, owner))
    return owner[order], role[order].astype(np.int64)


def _high_voltage_roles(
    rng: np.random.Generator, customers: Customers, sub: Ints, fixed: Ints
) -> tuple[Ints, Ints, Ints]:
    """Add dormitories behind high-voltage main meters, by sub meter or fixed share, and customers of two feeds."""
    count = life_count(customers)
    small = customers.is_hv() & (customers.kva <= 800) & ~customers.of("hv_pump", "hv_farm", "hv_charging")
    chosen = rng.permutation(np.flatnonzero(small & ~customers.special))[: 2 * count]
    double = customers.of("hv_industry") & (customers.second_kva >= 315) & ~customers.special
    double[chosen] = False
    second = rng.permutation(np.flatnonzero(double))[:count]
    customers.special[chosen] = customers.special[second] = True
    return (
        np.concatenate([sub, chosen[::2]]),
        np.concatenate([fixed, chosen[1::2]]),
        second,
    )


def life_count(customers: Customers) -> int:
    """Return how many high-voltage customers there are of each rare kind of life."""
    return max(1, int(customers.is_hv().sum()) // 80)


def _load_share(customers: Customers, owner: Ints, role: Ints) -> Floats:
    """Return the peak load of each point, 1.6 times the mean, over the capacity; of two feeds the first carries 60 %."""
    doubled = np.isin(owner, owner[role == SECOND])
    feed = np.where(doubled, np.where(role == SECOND, 0.4, 0.6), 1.0)
    return np.asarray(np.minimum(feed * 1.6 * customers.base[owner] / 24 / customers.kva[owner], 1.0))


def _ratios(kva: Ints, share: Floats, mode: Ints, main: Bools, voltage: Ints) -> tuple[Ints, Ints]:
    """Return the ratios of current and voltage transformers: the peak load lies near 60 % of the rated current (DL/T 448)."""
    full = np.select(
        [mode == HV_HV, mode == HV_LV],
        [kva / np.select([voltage == 3, voltage == 4], [60.6, 190.5], 17.32), kva / 0.6928],
        kva / 0.66,
    )
    primary = CT_STEPS[np.minimum(np.searchsorted(CT_STEPS, full * share * 1.3), len(CT_STEPS) - 1)]
    ct = np.where(main & ((mode != LV_LV) | (kva > 40)), primary // 5, 1)
    pt = np.where(mode == HV_HV, np.select([voltage == 3, voltage == 4], [350, 1_100], 100), 1)
    return ct.astype(np.int64), pt.astype(np.int64)


def _registers(rng: np.random.Generator, segment: Ints, main: Bools) -> Ints:
    tou = np.array([s.tou for s in SEGMENTS])[segment]
    home = np.isin(segment, members("urban_home", "rural_home")) & (rng.random(len(segment)) < 0.12)
    # Every third farm has chosen time of use (分时).
    farm = np.isin(segment, members("farm")) & (np.cumsum(np.isin(segment, members("farm"))) % 3 == 0)
    return np.select([main & tou, main & home, main & farm], [CI_TOU, RES_TOU, AGRI_TOU], PLAIN)


def _pf_standard(segment: Ints, kva: Ints, main: Bools) -> Ints:
    """Return the standard by table 3.1: industry from 160 kVA 0.90, agriculture 0.80, all others 0.85."""
    assessed = np.array([s.assessed for s in SEGMENTS])[segment] & main & (kva >= 100)
    industry = np.isin(segment, members("hv_industry", "hv_works")) & (kva >= 160)
    farm = np.isin(segment, members("hv_farm"))
    return np.where(assessed, np.where(industry, PF_90, np.where(farm, PF_80, PF_85)), NULL)


def _basic_charge(rng: np.random.Generator, customers: Customers, points: Points) -> None:
    two_part = np.array([s.two_part for s in SEGMENTS])[customers.segment[points.owner]] & (
        (points.role == MAIN) | (points.role == SECOND)
    )
    # Every second public charging station has the basic charge waived (2.7: two-part price, exempt).
    charging = customers.of("hv_charging")[points.owner]
    two_part &= ~(charging & (np.cumsum(charging & two_part) % 2 == 0))
    rows = np.flatnonzero(two_part)
    points.basic[rows] = rng.choice([CAPACITY, CONTRACT_DEMAND, ACTUAL_DEMAND], len(rows), p=[0.5, 0.3, 0.2])
    feeds = np.isin(points.owner[rows], points.owner[points.role == SECOND])
    points.basic[rows[feeds]] = ACTUAL_DEMAND
    contract = rows[points.basic[rows] == CONTRACT_DEMAND]
    share = rng.integers(70, 91, len(contract))
    points.contract_demand[contract] = customers.kva[points.owner[contract]] * share // 100 * 10_000


def _register_starts(rng: np.random.Generator, customers: Customers, points: Points) -> None:
    """Set the register at the first day; a few old five-digit meters come close to their end (翻转)."""
    total = len(points)
    unit = 10**points.decimals
    start = rng.integers(200, 60_000, total) * unit + rng.integers(0, 100, total)
    fresh = customers.opened[points.owner] >= day_number(date(2025, 8, 1))
    points.start = np.where(fresh, 0, start)
    homes = np.flatnonzero(
        (points.role == MAIN)
        & customers.of("urban_home", "rural_home")[points.owner]
        & ~customers.special[points.owner]
    )
    chosen = rng.permutation(homes)[: max(8, total // 500)]
    chosen = chosen[points.registers[chosen] == PLAIN]
    points.digits[chosen] = 5
    ahead = customers.base[points.owner[chosen]] * rng.integers(60, 440, len(chosen))
    points.start[chosen] = 100_000 * 100 - (ahead * 100).astype(np.int64)
    customers.special[points.owner[chosen]] = True


def plan_swaps(seed: int, customers: Customers, points: Points, calendar: WorkCalendar) -> None:
    """Rotate some meters of ordinary low-voltage customers on working days of the 14 months."""
    rng = generator(seed, "swaps")
    candidates = np.flatnonzero(
        (points.role == MAIN)
        & (points.mode == LV_LV)
        & (points.pf_standard == NULL)
        & ~customers.special[points.owner]
    )
    chosen = rng.permutation(candidates)[: max(10, round(len(candidates) * 0.05))]
    days = rng.integers(day_number(date(2025, 9, 22)), day_number(date(2026, 10, 24)), len(chosen))
    points.swap[chosen] = calendar.on_or_after(days)
    customers.special[points.owner[chosen]] = True
