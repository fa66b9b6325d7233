"""The same customers and tariffs priced by NREL PySAM's UtilityRate5 and by `lines.py`, bill by bill.

Both can express: energy prices by band that change every month, a demand charge on the highest hour of the month,
and monthly residential steps. The loads are whole kWh an hour, so that both bill the same energy; PySAM counts in
double and does not round, `lines.py` rounds every line half up to the cent.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from jicha.billing.books import PriceRow, StepRow
from jicha.billing.lines import price_bill
from jicha.billing.model import BillInput, Customer, Point, Reading, Scheme
from jicha.billing.policy import rules_on
from jicha.billing.price_list import PriceList

YEAR = 2026
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
HOURS = np.repeat(np.arange(12), [days * 24 for days in DAYS])
BANDS = ("valley", "flat", "peak")  # three, since PySAM takes at most 36 periods a year
BAND_OF_HOUR = np.array([0] * 8 + [2] * 3 + [1] * 5 + [2] * 6 + [1] * 2)
FIRST_DAYS = [date(YEAR, month, 1) for month in range(1, 13)] + [date(YEAR + 1, 1, 1)]
STEP_LIMITS = (Decimal(230), Decimal(400))
NO_LIMIT = 1e38
HALF_A_CENT = 0.005


class Tariffs(NamedTuple):
    """The made-up prices of both tariffs: yuan a kWh by month and band, yuan a kW by month, yuan a kWh by step."""

    bands: list[list[Decimal]]
    demand: list[Decimal]
    steps: tuple[Decimal, Decimal, Decimal]


def make_tariffs(seed: int = 20261001) -> Tariffs:
    """Return prices of six decimals that change every month, as agency purchase prices do."""
    random = np.random.default_rng(seed)
    ratios = (350, 1000, 1650)
    flats = random.integers(550_000, 720_000, 12).tolist()
    bands = [[Decimal(flat * ratio // 1000).scaleb(-6) for ratio in ratios] for flat in flats]
    demand = [Decimal(cents).scaleb(-2) for cents in random.integers(3_800, 4_200, 12).tolist()]
    return Tariffs(bands, demand, (Decimal("0.538"), Decimal("0.05"), Decimal("0.3")))


def make_loads(customers: int, seed: int = 20261002) -> np.ndarray:
    """Return whole kWh by customer and hour; every second customer is a household, the others are plants."""
    random = np.random.default_rng(seed)
    sizes = np.where(np.arange(customers) % 2 == 0, 2, random.integers(50, 900, customers))
    return random.integers(0, sizes[:, None], (customers, len(HOURS)))


# ── PySAM ────────────────────────────────────────────────────────────────────────────────────────────────────────


def priced_by_pysam(tariffs: Tariffs, loads: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return yuan by customer and month; the seconds of all work, and those inside PySAM's own engine."""
    began = time.perf_counter()
    models = (_household_model(tariffs), _plant_model(tariffs))
    amounts = np.zeros((len(loads), 12))
    inside = 0.0
    for number, load in enumerate(loads):
        model = models[number % 2]
        model.Load.load = load.tolist()
        started = time.perf_counter()
        model.execute(0)
        inside += time.perf_counter() - started
        amounts[number] = model.Outputs.utility_bill_wo_sys_ym[1]
    return amounts, time.perf_counter() - began, inside


def _model() -> Any:
    from PySAM import Utilityrate5

    model = Utilityrate5.new()
    model.Lifetime.analysis_period = 1
    model.Lifetime.inflation_rate = 0
    model.Lifetime.system_use_lifetime_output = 0
    model.SystemOutput.gen = [0.0] * len(HOURS)
    model.SystemOutput.degradation = [0.0]
    rates = model.ElectricityRates
    rates.en_electricity_rates = 1
    rates.ur_metering_option = 4
    rates.ur_sell_eq_buy = 0
    rates.ur_monthly_fixed_charge = rates.ur_monthly_min_charge = rates.ur_annual_min_charge = 0
    rates.rate_escalation = [0.0]
    rates.ur_en_ts_sell_rate = rates.ur_en_ts_buy_rate = 0
    rates.ur_dc_enable = 0
    return model


def _household_model(tariffs: Tariffs) -> Any:
    """One period the whole year, three tiers a month; a tier's price is the base and the increments below it."""
    model = _model()
    base, second, third = map(float, tariffs.steps)
    everywhere = [[1] * 24 for _ in range(12)]
    _schedule(model, everywhere)
    model.ElectricityRates.ur_ec_tou_mat = [
        [1, 1, float(STEP_LIMITS[0]), 0, base, 0],
        [1, 2, float(STEP_LIMITS[1]), 0, base + second, 0],
        [1, 3, NO_LIMIT, 0, base + third, 0],
    ]
    return model


def _plant_model(tariffs: Tariffs) -> Any:
    """A period for every band of every month, and a demand charge on the month's highest hour."""
    model = _model()
    rates = model.ElectricityRates
    _schedule(model, [[1 + month * len(BANDS) + int(band) for band in BAND_OF_HOUR] for month in range(12)])
    rates.ur_ec_tou_mat = [
        [1 + month * len(BANDS) + band, 1, NO_LIMIT, 0, float(price), 0]
        for month, prices in enumerate(tariffs.bands)
        for band, price in enumerate(prices)
    ]
    rates.ur_dc_enable = 1
    rates.ur_dc_sched_weekday = rates.ur_dc_sched_weekend = [[1] * 24 for _ in range(12)]
    rates.ur_dc_tou_mat = [[1, 1, NO_LIMIT, 0.0]]
    rates.ur_dc_flat_mat = [[month, 1, NO_LIMIT, float(price)] for month, price in enumerate(tariffs.demand)]
    return model


def _schedule(model: Any, periods: list[list[int]]) -> None:
    model.ElectricityRates.ur_ec_sched_weekday = model.ElectricityRates.ur_ec_sched_weekend = periods


# ── lines.py ─────────────────────────────────────────────────────────────────────────────────────────────────────


def priced_by_lines(tariffs: Tariffs, loads: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return yuan and lines by customer and month; the seconds of all work, and those of pricing alone."""
    prices = _price_list(tariffs)
    began = time.perf_counter()
    bills = [bill for number, load in enumerate(loads) for bill in _bills(number, load)]
    started = time.perf_counter()
    priced = [price_bill(bill, prices, rules_on(bill.period_from)) for bill in bills]
    ended = time.perf_counter()
    assert not any(bill.refusal for bill in priced), "a bill of the comparison was refused"
    amounts = np.array([float(bill.total_yuan) for bill in priced]).reshape(-1, 12)
    lines = np.array([len(bill.lines) for bill in priced]).reshape(-1, 12)
    return amounts, lines, ended - began, ended - started


def _price_list(tariffs: Tariffs) -> PriceList:
    rows = [
        _price("PLANT", "energy", band, month, price)
        for month, prices in enumerate(tariffs.bands)
        for band, price in zip(BANDS, prices, strict=True)
    ]
    rows += [_price("PLANT", "demand", "any", month, price) for month, price in enumerate(tariffs.demand)]
    for component, register, price in zip(
        ("energy", "step2", "step3"), ("total", "any", "any"), tariffs.steps, strict=True
    ):
        rows += [_price("HOME", component, register, month, price) for month in range(12)]
    steps = [
        StepRow("bench", "HOME", "monthly", step, limit, FIRST_DAYS[0], None)
        for step, limit in enumerate(STEP_LIMITS, 2)
    ]
    return PriceList(rows, steps)


def _price(tariff: str, component: str, register: str, month: int, price: Decimal) -> PriceRow:
    begin, end = FIRST_DAYS[month], FIRST_DAYS[month + 1]
    return PriceRow("bench", tariff, "kv_10", component, register, begin, end, price, False, "bench")


def _bills(number: int, load: np.ndarray) -> list[BillInput]:
    """Return the twelve bills of a customer, its hourly load added up to whole kWh a band and month."""
    cells = HOURS * len(BANDS) + np.tile(BAND_OF_HOUR, 365)
    energies = np.bincount(cells, load, 12 * len(BANDS)).astype(np.int64).reshape(12, -1).tolist()
    peaks = [int(load[month == HOURS].max()) for month in range(12)]
    return [_bill(number, month, energies[month], peaks[month]) for month in range(12)]


def _bill(number: int, month: int, energies: list[int], peak: int) -> BillInput:
    begin, end = FIRST_DAYS[month], FIRST_DAYS[month + 1]
    is_home = number % 2 == 0
    registers = (
        {"total": sum(energies)}
        if is_home
        else {**dict(zip(BANDS, energies, strict=True)), "max_demand": peak}
    )
    readings = tuple(_reading(register, value, begin, end) for register, value in registers.items())
    scheme = Scheme(
        FIRST_DAYS[0], None, "HOME" if is_home else "PLANT", "kv_10", not is_home, None,
        "none" if is_home else "actual_demand", None, "monthly" if is_home else None, None, None, None, False,
    )  # fmt: skip
    point = Point(f"P{number}", None, "lv_lv", True, (scheme,), readings)
    customer = Customer(f"C{number}", None, None, "agency", date(2020, 1, 1), None, None, ())
    return BillInput(f"B{number}-{month}", begin, begin, end, customer, (point,))


def _reading(register: str, value: int, begin: date, end: date) -> Reading:
    one = Decimal(1)
    at, until = datetime(begin.year, begin.month, 1), datetime(end.year, end.month, 1)
    return Reading("M", register, Decimal(0), at, Decimal(value), until, "read", one, one, one, 8)


def compare(customers: int, best_of: int = 2) -> dict[str, Any]:
    """Return how fast both are and how far apart their amounts: `per_line` is the largest difference of a line."""
    tariffs, loads = make_tariffs(), make_loads(customers)
    theirs, whole_theirs, inside = min(
        (priced_by_pysam(tariffs, loads) for _ in range(best_of)), key=lambda r: r[1]
    )
    ours, lines, whole_ours, pricing = min(
        (priced_by_lines(tariffs, loads) for _ in range(best_of)), key=lambda r: r[2]
    )
    apart = np.abs(ours - theirs)
    bills = ours.size
    return {
        "bills": bills, "yuan": float(ours.sum()), "largest": float(apart.max()),
        "beyond_rounding": int((apart > lines * HALF_A_CENT + 1e-6).sum()),
        "pysam": bills / whole_theirs, "pysam_inside": bills / inside,
        "ours": bills / whole_ours, "ours_pricing": bills / pricing,
    }  # fmt: skip
