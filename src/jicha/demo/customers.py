"""Customers: who they are, where they are connected, when they came and went."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from jicha.demo.grid import NULL, Bools, Floats, Ints, WorkCalendar, day_number, generator
from jicha.demo.network import Network
from jicha.demo.segments import FIRST_HV, HV_SEGMENTS, LV_SEGMENTS, SEGMENT, SEGMENTS, members

NUMBER_BASE = 3_401_000_001
LV_SIZES = np.array([8, 10, 15, 20, 30, 40, 50, 80], dtype=np.int64)
HV_SIZES: dict[str, list[tuple[int, int]]] = {
    "hv_industry": [
        (315, 0),
        (400, 0),
        (500, 0),
        (630, 0),
        (800, 0),
        (400, 400),
        (630, 315),
        (630, 630),
        (1000, 1000),
        (1600, 1600),
        (2500, 0),
        (6300, 0),
        (16000, 0),
    ],
    "hv_works": [(100, 0), (125, 0), (160, 0), (200, 0), (250, 0), (125, 125), (160, 125)],
    "hv_commerce": [(315, 0), (400, 0), (500, 0), (630, 0), (800, 0)],
    "hv_nonindustry": [(100, 0), (125, 0), (160, 0), (200, 0), (250, 0), (100, 100)],
    "hv_pump": [(100, 0), (125, 0), (160, 0), (200, 0)],
    "hv_farm": [(100, 0), (125, 0), (160, 0)],
    "hv_charging": [(315, 0), (500, 0), (630, 0), (800, 0)],
}
OPEN_FROM = day_number(date(2025, 9, 22))
OPEN_TO = day_number(date(2026, 9, 11))


@dataclass
class Customers:
    """Arrays with one entry a customer."""

    segment: Ints
    district: Ints
    feeder: Ints
    station: Ints
    kva: Ints
    second_kva: Ints
    base: Floats
    opened: Ints
    closed: Ints
    read_day: Ints
    section: Ints
    persons: Ints
    pv_kw: Ints
    full_export: Bools
    special: Bools
    exited: Bools = field(init=False)
    reduced_kva: Ints = field(init=False)
    quota_from: Ints = field(init=False)
    quota_to: Ints = field(init=False)
    temporary_until: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.exited = np.zeros(len(self.segment), dtype=np.bool_)
        self.reduced_kva = np.zeros(len(self.segment), dtype=np.int64)
        self.quota_from, self.quota_to, self.temporary_until = (
            np.full(len(self.segment), NULL, dtype=np.int64) for _ in range(3)
        )

    def contract_kva(self) -> Ints:
        """Return the contract capacities: what is installed less what was reduced for good."""
        return np.asarray(self.kva - self.reduced_kva)

    def __len__(self) -> int:
        return len(self.segment)

    def numbers(self) -> Ints:
        """Return the ten-digit customer numbers."""
        return np.arange(len(self), dtype=np.int64) + NUMBER_BASE

    def is_hv(self) -> Bools:
        """Return whether each customer is supplied at high voltage."""
        return self.segment >= FIRST_HV

    def of(self, *names: str) -> Bools:
        """Return whether each customer belongs to one of the segments."""
        return np.isin(self.segment, members(*names))


def hv_count(customers: int) -> int:
    """Return how many customers have high-voltage supply: about 1.5 %, but enough for every fault to find a home."""
    return max(round(customers * 0.015), min(500, customers // 4))


def supply_voltage(kva: Ints) -> Ints:
    """Return the voltage code of high-voltage supply by capacity: 10 kV, 35 kV, 110 kV."""
    return np.where(kva >= 10_000, 4, np.where(kva >= 2_500, 3, 1))


def make_customers(seed: int, network: Network, minimum: int) -> Customers:
    """Give each place on the network a customer; every segment gets at least `minimum` members."""
    rng = generator(seed, "customers")
    district, feeder = _places(network)
    segment = _segments(rng, network, district, minimum)
    count = len(segment)
    base = _base_energy(rng, segment)
    kva, second = _capacities(rng, segment, base)
    base = np.where(segment >= FIRST_HV, base * (kva + second) * 24, base)
    station = network.feeder_station[feeder]
    read_day, section = _sections(segment, district, station)
    customers = Customers(
        segment=segment,
        district=district,
        feeder=feeder,
        station=station,
        kva=kva + second,
        second_kva=second,
        base=base,
        opened=rng.integers(day_number(date(2006, 1, 1)), day_number(date(2024, 6, 1)), count),
        closed=np.full(count, NULL, dtype=np.int64),
        read_day=read_day,
        section=section,
        persons=np.where(
            np.isin(segment, members("urban_home", "rural_home")), rng.integers(1, 5, count), NULL
        ),
        pv_kw=np.zeros(count, dtype=np.int64),
        full_export=np.zeros(count, dtype=np.bool_),
        special=np.zeros(count, dtype=np.bool_),
    )
    _life(rng, customers, minimum)
    return customers


def _places(network: Network) -> tuple[Ints, Ints]:
    districts: list[Ints] = []
    feeders: list[Ints] = []
    for feeder, hv in enumerate(network.feeder_hv):
        own = np.flatnonzero(network.district_feeder == feeder)
        lv = np.repeat(own, network.district_size[own])
        districts += [lv, np.full(hv, -1, dtype=np.int64)]
        feeders.append(np.full(len(lv) + hv, feeder, dtype=np.int64))
    return np.concatenate(districts), np.concatenate(feeders)


def _segments(rng: np.random.Generator, network: Network, district: Ints, minimum: int) -> Ints:
    segment = np.zeros(len(district), dtype=np.int64)
    low = np.flatnonzero(district >= 0)
    high = np.flatnonzero(district < 0)
    codes = np.full(len(low), -1, dtype=np.int64)
    special = _codes([s.share for s in LV_SEGMENTS], len(low), minimum, 0)
    codes[: len(special)] = special[: len(codes)]
    rng.shuffle(codes)
    homes = np.where(network.district_urban[district[low]], SEGMENT["urban_home"], SEGMENT["rural_home"])
    segment[low] = np.where(codes < 0, homes, codes)
    hv_codes = _codes([s.share for s in HV_SEGMENTS], len(high), max(2, minimum // 2), FIRST_HV)
    hv_codes = np.resize(hv_codes, len(high))
    rng.shuffle(hv_codes)
    segment[high] = hv_codes
    return segment


def _codes(shares: list[float], count: int, minimum: int, first: int) -> Ints:
    parts = [
        np.full(max(round(share * count), minimum), first + code, dtype=np.int64)
        for code, share in enumerate(shares)
        if share > 0
    ]
    return np.concatenate(parts)


def _base_energy(rng: np.random.Generator, segment: Ints) -> Floats:
    mean = np.array([s.daily_kwh for s in SEGMENTS])[segment]
    spread = np.array([s.spread for s in SEGMENTS])[segment]
    noise = np.clip(rng.standard_normal(len(segment)), -2.2, 2.2)
    return np.asarray(mean * np.exp(spread * noise))


def _capacities(rng: np.random.Generator, segment: Ints, base: Floats) -> tuple[Ints, Ints]:
    need = base * 2.5 / 24 / 0.8
    kva = LV_SIZES[np.minimum(np.searchsorted(LV_SIZES, need), len(LV_SIZES) - 1)]
    kva = np.where(segment == SEGMENT["large_shop"], rng.choice([100, 125, 160], len(segment)), kva)
    second = np.zeros(len(segment), dtype=np.int64)
    for name, sizes in HV_SIZES.items():
        rows = np.flatnonzero(segment == SEGMENT[name])
        chosen = rng.integers(0, len(sizes), len(rows))
        kva[rows] = np.array([a for a, _ in sizes], dtype=np.int64)[chosen]
        second[rows] = np.array([b for _, b in sizes], dtype=np.int64)[chosen]
    return kva.astype(np.int64), second


def _sections(segment: Ints, district: Ints, station: Ints) -> tuple[Ints, Ints]:
    """Commercial and high-voltage customers are read on the first day: for most of them a cycle is a calendar month."""
    commercial = np.array([s.tariff.startswith("CI_") or s.kind == "hv" for s in SEGMENTS])[segment]
    high = segment >= FIRST_HV
    # Offices are read with the homes around them, every tenth high-voltage customer in the middle of the month:
    # their cycles lie across changes of price and scheme that happen on the first.
    commercial &= segment != SEGMENT["office"]
    late = high & (np.arange(len(segment)) % 10 == 3)
    read_day = np.where(late, 16, np.where(commercial, 1, 5 + district % 11))
    own = 9_000_000 + station * 10 + np.where(late, 5, high + 1)
    return read_day, np.where(commercial, own, 1_000_000 + district)


def buys_in_market(rows: Ints) -> Bools:
    """Return which high-voltage customers of trade buy in the market: every third."""
    return np.asarray(np.asarray(rows) % 3 == 0)


def _life(rng: np.random.Generator, customers: Customers, minimum: int) -> None:
    """Let some customers come, go, or put solar panels on the roof."""
    count = len(customers)
    calendar = WorkCalendar()
    free = rng.permutation(np.flatnonzero(~customers.is_hv() & ~customers.of("pump", "large_shop")))
    new, gone = max(minimum * 2, round(count * 0.012)), max(2, round(count * 0.004))
    rows = free[:new]
    customers.opened[rows] = calendar.on_or_after(rng.integers(OPEN_FROM, OPEN_TO, len(rows)))
    customers.special[rows] = True
    rows = free[new : new + gone]
    month = rng.integers(3, 12, len(rows))
    customers.closed[rows] = _planned_day(month, customers.read_day[rows])
    customers.special[rows] = True
    homes = free[new + gone :]
    homes = homes[np.isin(customers.segment[homes], members("rural_home"))]
    rows = homes[: max(minimum, round(count * 0.02))]
    customers.pv_kw[rows] = rng.integers(5, 26, len(rows))
    customers.full_export[rows] = rng.random(len(rows)) < 0.3
    # Schools and shared houses have large roofs: the homes alone are too few for all that is planted in a small county.
    roofs = free[new + gone :]
    roofs = roofs[np.isin(customers.segment[roofs], members("school", "shared_home"))][: 2 * minimum]
    customers.pv_kw[roofs] = rng.integers(8, 26, len(roofs))
    customers.full_export[roofs] = rng.random(len(roofs)) < 0.3
    rows = np.concatenate([rows, roofs])
    customers.kva[rows] = np.maximum(customers.kva[rows], 10)


def _planned_day(month: Ints, read_day: Ints) -> Ints:
    from jicha.demo.grid import MONTH_START

    return MONTH_START[month] + read_day - 1
