"""The charge steps: energy and funds, residential steps, basic charge, power factor; one line a component and register."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jicha.demo.cases import Cases, is_whole_month, month_days
from jicha.demo.cuts import Pieces, split
from jicha.demo.grid import LAST, MONTH_START, NULL, Bools, Ints
from jicha.demo.losses import Billed
from jicha.demo.points import ACTUAL_DEMAND, CAPACITY, NO_BASIC, TARIFFS, VOLTAGES
from jicha.demo.power_factor import adjustment, power_factor
from jicha.demo.prices import step_limit, unit_price
from jicha.demo.registers import BANDS

ITEMS = ["energy", "step", "basic", "pf_adjustment", "fund", "other"]
COMPONENTS = [
    "energy", "step2", "step3", "purchase", "line_loss", "transmission", "system", "fund", "capacity", "demand",
]  # fmt: skip
REGISTERS = ["any", "total", "sharp", "peak", "flat", "valley"]
UNITS = ["kwh", "kva", "kw", "none"]
CATALOGUE = ["energy"]
FLOATING = ["purchase", "line_loss", "transmission", "system"]
HALF = 5_000_000  # a half of 10⁷: kWh × 10⁻⁹ yuan to cents
LINE_COLUMNS = ("bill", "point", "item", "component", "register", "quantity", "unit", "price", "amount")
QUOTA_KWH = 100
EXIT_MULTIPLE = (3, 2)
OVER, WHOLE = 105, 100


@dataclass
class Lines:
    """Bill lines gathered in columns; `bill` is a row of the bill table."""

    columns: dict[str, list[Ints]] = field(default_factory=lambda: {name: [] for name in LINE_COLUMNS})

    def add(self, bill: Ints, **values: Ints | int) -> None:
        """Append one line to each of the bills."""
        self.columns["bill"].append(bill)
        for name in LINE_COLUMNS[1:]:
            self.columns[name].append(np.broadcast_to(np.asarray(values[name], dtype=np.int64), bill.shape))

    def joined(self) -> dict[str, Ints]:
        """Return all lines in the order of bills, then of the charge steps."""
        arrays = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        order = np.argsort(arrays["bill"], kind="stable")
        return {name: values[order] for name, values in arrays.items()}


@dataclass
class Sheet:
    """One run of pricing: the cases, their segments and energy, the lines so far, and each segment's base of the power factor."""

    cases: Cases
    pieces: Pieces
    billed: Billed
    lines: Lines
    base: Ints

    @property
    def point(self) -> Ints:
        """Return the metering point of each segment."""
        return self.cases.spots.point[self.pieces.spot]

    def price_day(self) -> Ints:
        """Return the day whose price each segment has: its first one."""
        other = self.cases.price_day[self.pieces.bill]
        return np.where(other == NULL, self.pieces.begin, other)

    def energy_line(
        self, rows: Ints, item: str, component: str, register: str, kwh: Ints, price: Ints
    ) -> Ints:
        """Add a line of kWh × price for some segments and return the cents."""
        amount = (kwh * price + HALF) // (2 * HALF)
        self.lines.add(
            self.pieces.bill[rows],
            point=self.point[rows],
            item=ITEMS.index(item),
            component=COMPONENTS.index(component),
            register=REGISTERS.index(register),
            quantity=kwh * 10_000,
            unit=0,
            price=price,
            amount=amount,
        )
        return amount


def prices_on(tariff: str, voltage: str, component: str, register: str, day: Ints) -> Ints:
    """Return the price valid on each day, in 10⁻⁹ yuan."""
    days, place = np.unique(day, return_inverse=True)
    values = [unit_price(tariff, voltage, component, register, int(d)) for d in days]
    return np.array(values, dtype=np.int64)[place]


def charge_energy(sheet: Sheet, *, fund_in_base: bool = False) -> None:
    """Add the energy charge and the funds of every segment."""
    pieces, day = sheet.pieces, sheet.price_day()
    multiple = sheet.cases.pays_multiple[pieces.bill]
    quantity = {name: split(sheet.cases, pieces, kwh) for name, kwh in sheet.billed.energy.items()}
    key = ((pieces.tariff * 10 + pieces.price_voltage) * 10 + pieces.registers) * 2 + multiple
    for value in np.unique(key):
        rows = np.flatnonzero(key == value)
        code, volt, bands = TARIFFS[value // 200], VOLTAGES[value // 20 % 10], BANDS[int(value // 2 % 10)]
        floating = code.startswith("CI_")
        for component in FLOATING if floating else CATALOGUE:
            for band in bands:
                price = prices_on(code, volt, component, band, day[rows])
                if component == "purchase" and value % 2:
                    price = price * EXIT_MULTIPLE[0] // EXIT_MULTIPLE[1]
                amount = sheet.energy_line(rows, "energy", component, band, quantity[band][rows], price)
                if not code.startswith("RES_"):
                    sheet.base[rows] += amount
        if floating:
            kwh = sum((quantity[band][rows] for band in bands), np.zeros(len(rows), dtype=np.int64))
            price = prices_on(code, volt, "fund", "any", day[rows])
            amount = sheet.energy_line(rows, "fund", "fund", "any", kwh, price)
            if fund_in_base:
                sheet.base[rows] += amount


def charge_steps(sheet: Sheet, before: Ints) -> None:
    """Add the increments of the annual steps: limits × months served ÷ 12, and the quota of large households."""
    cases = sheet.cases
    stepped = cases.spots.scheme["tariff"] == TARIFFS.index("RES_STEP")
    spots = np.flatnonzero(stepped)
    bill = cases.spots.bill[spots]
    rows = np.searchsorted(sheet.pieces.spot, spots)
    kwh = sheet.billed.total(cases.spots.scheme["registers"])[spots]
    months = cases.tier_months[bill]
    low, high = before[bill], before[bill] + kwh
    extra = np.where(cases.quota[bill], QUOTA_KWH * months, 0)
    second, third = (step_limit("RES_STEP", step) * months // 12 + extra for step in (2, 3))
    for name, above, below in (("step2", second, third), ("step3", third, np.full(len(bill), 10**9))):
        inside = np.clip(high, above, below) - np.clip(low, above, below)
        hit = inside > 0
        price = unit_price("RES_STEP", "lt1", name, "any", int(MONTH_START[0]))
        sheet.energy_line(rows[hit], "step", name, "any", inside[hit], np.full(int(hit.sum()), price))


def energy_before(cases: Cases, kwh: Ints) -> Ints:
    """Return what each customer was billed earlier in the calendar year of the bill's month."""
    table = np.zeros((len(cases.part.owner), LAST + 1), dtype=np.int64)
    table[cases.main, cases.month] = kwh
    year_start = 4  # 2026-01
    after = np.concatenate(
        [np.cumsum(table[:, :year_start], axis=1), np.cumsum(table[:, year_start:], axis=1)], axis=1
    )
    return np.asarray(after[cases.main, cases.month] - kwh)


@dataclass(frozen=True)
class BasicRule:
    """How the basic charge is worked out; the fields that mistakes change."""

    floor: bool = True
    double: bool = True
    thirtieth: bool = False
    discount: bool | None = None


def charge_basic(sheet: Sheet, kwh: Ints, rule: BasicRule = BasicRule()) -> None:
    """Add the basic charge by capacity, contract demand or actual demand; `kwh` is each bill's energy."""
    pieces = sheet.pieces
    for voltage in np.unique(pieces.price_voltage[pieces.basic != NO_BASIC]):
        own = (pieces.price_voltage == voltage) & (pieces.basic != NO_BASIC)
        capacity = np.flatnonzero(own & (pieces.basic == CAPACITY))
        if len(capacity):
            _by_capacity(sheet, capacity, VOLTAGES[voltage], rule)
        demand = np.flatnonzero(own & (pieces.basic != CAPACITY))
        if len(demand):
            _by_demand(sheet, demand, VOLTAGES[voltage], kwh, rule)


def _month(cases: Cases, bill: Ints, rule: BasicRule) -> tuple[Ints, Bools]:
    """Return the divisor of each bill's month, and whether the bill is of a whole month."""
    begin, end = cases.begin[bill], cases.end[bill]
    whole = is_whole_month(begin, end)
    if rule.thirtieth:
        return np.full(len(bill), 30, dtype=np.int64), whole
    return np.where(whole, end - begin, month_days(begin)), whole


def _kva_days(sheet: Sheet, rows: Ints, begin: Ints, end: Ints) -> Ints:
    """Return Σ kVA × days in service of the transformers behind each segment's point."""
    cases, bill = sheet.cases, sheet.pieces.bill[rows]
    part, point = cases.part, sheet.point[rows]
    numbers = (part.owner[point] + 3_401_000_001) * 10 + part.get("role")[point]
    behind = cases.units.point[bill] == numbers[:, None]
    days = cases.units.days(bill, begin, end)
    return np.asarray((cases.units.kva[bill] * days * behind).sum(axis=1))


def _by_capacity(sheet: Sheet, rows: Ints, voltage: str, rule: BasicRule) -> None:
    pieces = sheet.pieces
    bill = pieces.bill[rows]
    price = prices_on("CI_TWO", voltage, "capacity", "any", sheet.price_day()[rows])
    divisor, _ = _month(sheet.cases, bill, rule)
    charged = _kva_days(sheet, rows, pieces.begin[rows], pieces.end[rows])
    amount = (2 * charged * price + 2 * HALF * divisor) // (4 * HALF * divisor)
    quantity = (2 * charged * 10_000 + divisor) // (2 * divisor)
    _basic_line(sheet, rows, "capacity", quantity, price, amount)


def _by_demand(sheet: Sheet, rows: Ints, voltage: str, kwh: Ints, rule: BasicRule) -> None:
    cases, pieces = sheet.cases, sheet.pieces
    bill = pieces.bill[rows]
    price = prices_on("CI_TWO", voltage, "demand", "any", sheet.price_day()[rows])
    # 90 % of the demand price in a month of 260 kWh per kVA of the contract capacity or more.
    reached = kwh[bill] >= 260 * cases.contract_kva[bill]
    if rule.discount is not None:
        reached = np.full(len(bill), rule.discount)
    price = np.where(reached, price * 9 // 10, price)
    divisor, whole = _month(cases, bill, rule)
    days = pieces.end[rows] - pieces.begin[rows]
    days = np.where(whole & (days == cases.days[bill]), divisor, days)
    billed = _billed_demand(sheet, rows, rule)
    amount = (2 * billed * (price // 10_000) * days + 10**9 * divisor) // (2 * 10**9 * divisor)
    _basic_line(sheet, rows, "demand", (billed + 50) // 100, price, amount)


def _billed_demand(sheet: Sheet, rows: Ints, rule: BasicRule) -> Ints:
    """Return the billed kW × 10⁶: the actual one, or the contract value with the 40 % floor and the 105 % rule."""
    cases, pieces = sheet.cases, sheet.pieces
    bill = pieces.bill[rows]
    actual = cases.spots.demand[pieces.spot[rows]]
    kva_days = _kva_days(sheet, rows, cases.begin[bill], cases.end[bill])
    average = (2 * kva_days * 10_000 + cases.days[bill]) // (2 * cases.days[bill])
    floor = (average * 4 + 5) // 10 if rule.floor else np.zeros(len(rows), dtype=np.int64)
    contract = pieces.contract_demand[rows]
    contract = np.maximum(np.where(contract == NULL, 0, contract), floor)
    limit = contract * OVER
    over = 2 * actual * WHOLE - limit if rule.double else actual * WHOLE
    billed = np.where(actual * WHOLE > limit, over, contract * WHOLE)
    billed = np.where(average > 0, billed, 0)
    return np.where(pieces.basic[rows] == ACTUAL_DEMAND, actual * WHOLE, billed)


def _basic_line(sheet: Sheet, rows: Ints, component: str, quantity: Ints, price: Ints, amount: Ints) -> None:
    sheet.lines.add(
        sheet.pieces.bill[rows],
        point=sheet.point[rows],
        item=ITEMS.index("basic"),
        component=COMPONENTS.index(component),
        register=REGISTERS.index("any"),
        quantity=quantity,
        unit=1 if component == "capacity" else 2,
        price=price,
        amount=amount,
    )
    sheet.base[rows] += amount


def charge_factor(sheet: Sheet) -> tuple[Ints, Ints, Ints]:
    """Add the adjustment of each bill; return power factor, percentage and kvarh, NULL where not assessed."""
    cases, pieces = sheet.cases, sheet.pieces
    result = [np.full(len(cases), NULL, dtype=np.int64) for _ in range(3)]
    factor, adjust, kvarh = result
    assessed = np.flatnonzero(pieces.pf_standard != NULL)
    spots = np.unique(pieces.spot[assessed])
    bills = cases.spots.bill[spots]
    kvarh[bills] = 0
    np.add.at(kvarh, bills, sheet.billed.reactive[spots])
    active, reactive = (
        values[pieces.spot[assessed]] for values in (sheet.billed.active, sheet.billed.reactive)
    )
    assessed = assessed[active + reactive > 0]
    if not len(assessed):
        return factor, adjust, kvarh
    spot, bill = pieces.spot[assessed], pieces.bill[assessed]
    value = power_factor(sheet.billed.active[spot], sheet.billed.reactive[spot])
    percent = adjustment(pieces.pf_standard[assessed], value)
    factor[bill], adjust[bill] = value, percent
    raw = sheet.base[assessed] * percent
    amount = np.zeros(len(cases), dtype=np.int64)
    np.add.at(amount, bill, np.sign(raw) * ((np.abs(raw) + 5_000) // 10_000))
    shown = np.flatnonzero(amount)
    sheet.lines.add(
        shown, point=-1, item=ITEMS.index("pf_adjustment"), component=-1, register=-1, quantity=NULL, unit=3,
        price=NULL, amount=amount[shown],
    )  # fmt: skip
    return factor, adjust, kvarh
