"""Bills (电费发行): priced from the price books in whole numbers, one line a component and register."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jicha.demo.grid import LAST, MONTH_START, NULL, Ints
from jicha.demo.losses import add_transformer_loss, in_service
from jicha.demo.points import (
    ACTUAL_DEMAND,
    CAPACITY,
    CI_TOU,
    FIXED,
    MAIN,
    NO_BASIC,
    PLAIN,
    RES_TOU,
    SUB,
    TARIFFS,
    VOLTAGES,
)
from jicha.demo.power_factor import adjustment, power_factor
from jicha.demo.prices import step_limit, unit_price
from jicha.demo.readings import Ledger
from jicha.demo.world import Part

ITEMS = ["energy", "step", "basic", "pf_adjustment", "fund", "other"]
COMPONENTS = [
    "energy",
    "step2",
    "step3",
    "purchase",
    "line_loss",
    "transmission",
    "system",
    "fund",
    "capacity",
    "demand",
]
REGISTERS = ["any", "total", "sharp", "peak", "flat", "valley"]
UNITS = ["kwh", "kva", "kw", "none"]
BANDS = {PLAIN: ["total"], RES_TOU: ["peak", "valley"], CI_TOU: ["sharp", "peak", "flat", "valley"]}
CATALOGUE = ["energy"]
FLOATING = ["purchase", "line_loss", "transmission", "system"]
HALF = 5_000_000  # a half of 10⁷: kWh × 10⁻⁹ yuan to cents


LINE_COLUMNS = ("bill", "point", "item", "component", "register", "quantity", "unit", "price", "amount")


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
class Bills:
    """The bills of a part: arrays with one entry a bill, and their lines."""

    main: Ints
    month: Ints
    period_from: Ints
    period_to: Ints
    kwh: Ints
    kvarh: Ints
    factor: Ints
    adjust: Ints
    total: Ints
    lines: dict[str, Ints]

    def row(self, main: int, month: int) -> int:
        """Return the row of a main point's bill of a month, −1 if there is none."""
        found = np.flatnonzero((self.main == main) & (self.month == month))
        return int(found[0]) if len(found) else -1


def bill_numbers(customer: Ints, month: Ints) -> Ints:
    """Return the numbers in bill identifiers: customer number and billing month."""
    return (customer + 3_401_000_001) * 100 + month


def make_bills(part: Part, ledger: Ledger) -> Bills:
    """Price every month of every customer of the part."""
    role = part.get("role")
    mains = np.flatnonzero(role == MAIN)
    main, month = (axis.astype(np.int64) for axis in np.nonzero(ledger.exists[mains]))
    main = mains[main]
    bills = len(main)
    energy = {
        name: np.maximum((values[main, month] + 5_000) // 10_000, 0) for name, values in ledger.energy.items()
    }
    kvarh = (ledger.kvarh[main, month] + 5_000) // 10_000
    lines = Lines()
    number = np.full((len(role), LAST + 1), -1, dtype=np.int64)
    number[main, month] = np.arange(bills)
    extra = _deduct(part, ledger, number, energy, lines)
    _add_loss(part, main, month, energy, kvarh)
    kwh = _total(part, main, energy)
    base = np.zeros(bills, dtype=np.int64)
    _price_energy(part, ledger, main, month, energy, lines, base)
    _price_steps(part, main, month, kwh, lines)
    _price_basic(part, ledger, main, month, kwh, lines, base)
    factor, adjust = _price_factor(part, main, kwh, kvarh, lines, base)
    joined = lines.joined()
    total = np.zeros(bills, dtype=np.int64)
    np.add.at(total, joined["bill"], joined["amount"])
    kwh = kwh + extra
    assessed = part.get("pf_standard")[main] != NULL
    return Bills(
        main, month, ledger.period_from[main, month], ledger.period_to[main, month], kwh,
        np.where(assessed, kvarh, NULL), factor, adjust, total, joined,
    )  # fmt: skip


def _total(part: Part, main: Ints, energy: dict[str, Ints]) -> Ints:
    kind = part.get("registers")[main]
    bands = energy["sharp"] + energy["peak"] + energy["flat"] + energy["valley"]
    return np.where(kind == PLAIN, energy["total"], bands)


def _deduct(part: Part, ledger: Ledger, number: Ints, energy: dict[str, Ints], lines: Lines) -> Ints:
    """Take sub meters and fixed shares off their main meter and bill them at their own price; return their kWh."""
    extra = np.zeros(len(energy["total"]), dtype=np.int64)
    role = part.get("role")
    for row in np.flatnonzero((role == SUB) | (role == FIXED)):
        main = part.main_row(int(part.owner[row]))
        bill = number[main]
        bill = bill[bill >= 0]
        left = energy["total"][bill]
        own = _own_share(part, ledger, int(row), main, left)
        own = np.minimum(own, left)
        energy["total"][bill] = left - own
        extra[bill] += own
        price = unit_price("RES_FLAT", "lt1", "energy", "total", int(MONTH_START[0]))
        _energy_line(lines, bill, int(row), "energy", "total", own, np.full(len(bill), price))
    return extra


def _own_share(part: Part, ledger: Ledger, row: int, main: int, left: Ints) -> Ints:
    months = np.flatnonzero(ledger.exists[main])
    if part.get("role")[row] == SUB:
        return np.asarray((ledger.energy["total"][row, months] + 5_000) // 10_000)
    if part.get("fixed_kwh")[row] != NULL:
        return np.full(len(left), part.get("fixed_kwh")[row] // 10_000)
    return np.asarray((left * part.get("fixed_ratio")[row] + 500_000) // 1_000_000)


def _add_loss(part: Part, main: Ints, month: Ints, energy: dict[str, Ints], kvarh: Ints) -> None:
    rows = np.flatnonzero(part.get("loss")[main])
    if not len(rows):
        return
    active, reactive = add_transformer_loss(
        part, main[rows], month[rows], _total(part, main, energy)[rows], kvarh[rows]
    )
    tou = part.get("registers")[main[rows]] == CI_TOU
    energy["flat"][rows[tou]] += active[tou]
    energy["total"][rows] += active
    kvarh[rows] += reactive


def _energy_line(
    lines: Lines, bill: Ints, point: Ints | int, component: str, register: str, kwh: Ints, price: Ints
) -> None:
    lines.add(
        bill,
        point=point,
        item=ITEMS.index(
            "fund" if component == "fund" else "step" if component.startswith("step") else "energy"
        ),
        component=COMPONENTS.index(component),
        register=REGISTERS.index(register),
        quantity=kwh * 10_000,
        unit=0,
        price=price,
        amount=(kwh * price + HALF) // (2 * HALF),
    )


def _prices(tariff: str, voltage: str, component: str, register: str, day: Ints) -> Ints:
    """Return the price valid on each day; days of one month have one price, since commercial cycles are calendar months."""
    days, place = np.unique(day, return_inverse=True)
    values = [unit_price(tariff, voltage, component, register, int(d)) for d in days]
    return np.array(values, dtype=np.int64)[place]


def _price_energy(
    part: Part, ledger: Ledger, main: Ints, month: Ints, energy: dict[str, Ints], lines: Lines, base: Ints
) -> None:
    tariff, voltage, kind = (part.get(name)[main] for name in ("tariff", "price_voltage", "registers"))
    key = (tariff * 10 + voltage) * 10 + kind
    begin = ledger.period_from[main, month]
    for value in np.unique(key):
        rows = np.flatnonzero(key == value)
        code, volt, bands = TARIFFS[value // 100], VOLTAGES[value // 10 % 10], BANDS[int(value % 10)]
        components = FLOATING if code.startswith("CI_") else CATALOGUE
        for component in components:
            for band in bands:
                price = _prices(code, volt, component, band, begin[rows])
                kwh = energy[band][rows]
                _energy_line(lines, rows, main[rows], component, band, kwh, price)
                base[rows] += (kwh * price + HALF) // (2 * HALF)
        if code.startswith("CI_"):
            kwh = sum((energy[band][rows] for band in bands), np.zeros(len(rows), dtype=np.int64))
            _energy_line(
                lines, rows, main[rows], "fund", "any", kwh, _prices(code, volt, "fund", "any", begin[rows])
            )


def _price_steps(part: Part, main: Ints, month: Ints, kwh: Ints, lines: Lines) -> None:
    """Add the increments of the annual steps; the account starts with January, or with the first month of the data."""
    step = part.get("tariff")[main] == TARIFFS.index("RES_STEP")
    rows = np.flatnonzero(step)
    table = np.zeros((len(part.owner), LAST + 1), dtype=np.int64)
    table[main[rows], month[rows]] = kwh[rows]
    year_start = 4  # 2026-01
    after = np.concatenate(
        [np.cumsum(table[:, :year_start], axis=1), np.cumsum(table[:, year_start:], axis=1)], axis=1
    )
    high = after[main[rows], month[rows]]
    low = high - kwh[rows]
    second, third = step_limit("RES_STEP", 2), step_limit("RES_STEP", 3)
    for name, above, below in (("step2", second, third), ("step3", third, 10**9)):
        inside = np.clip(high, above, below) - np.clip(low, above, below)
        hit = inside > 0
        price = unit_price("RES_STEP", "lt1", name, "any", int(MONTH_START[0]))
        _energy_line(
            lines, rows[hit], main[rows][hit], name, "any", inside[hit], np.full(int(hit.sum()), price)
        )


def _price_basic(
    part: Part, ledger: Ledger, main: Ints, month: Ints, kwh: Ints, lines: Lines, base: Ints
) -> None:
    mode = part.get("basic")[main]
    rows = np.flatnonzero(mode != NO_BASIC)
    if not len(rows):
        return
    kva_days, days = in_service(
        part, main[rows], ledger.period_from[main, month][rows], ledger.period_to[main, month][rows]
    )
    by_capacity = mode[rows] == CAPACITY
    voltage = part.get("price_voltage")[main[rows]]
    begin = ledger.period_from[main, month][rows]
    for code in np.unique(voltage):
        own = voltage == code
        _capacity_lines(lines, rows, own & by_capacity, main, VOLTAGES[code], begin, kva_days, days, base)
        demand = own & ~by_capacity
        kilowatt = _billed_demand(
            part, ledger, main[rows][demand], month[rows][demand], kva_days[demand] * 10_000 // days[demand]
        )
        _demand_lines(
            part,
            lines,
            rows[demand],
            main[rows][demand],
            kwh[rows][demand],
            VOLTAGES[code],
            begin[demand],
            kilowatt,
            base,
        )


def _capacity_lines(
    lines: Lines,
    rows: Ints,
    chosen: np.ndarray,
    main: Ints,
    voltage: str,
    begin: Ints,
    kva_days: Ints,
    days: Ints,
    base: Ints,
) -> None:
    bill = rows[chosen]
    price = _prices("CI_TWO", voltage, "capacity", "any", begin[chosen])
    divisor = days[chosen]
    amount = (2 * kva_days[chosen] * price + 2 * HALF * divisor) // (4 * HALF * divisor)
    quantity = (2 * kva_days[chosen] * 10_000 + divisor) // (2 * divisor)
    _basic_line(lines, bill, main[bill], "capacity", quantity, price, amount)
    base[bill] += amount


def _demand_lines(
    part: Part,
    lines: Lines,
    bill: Ints,
    main: Ints,
    kwh: Ints,
    voltage: str,
    begin: Ints,
    kilowatt: Ints,
    base: Ints,
) -> None:
    price = _prices("CI_TWO", voltage, "demand", "any", begin)
    # 90 % of the demand price in a month of 260 kWh per kVA of the contract capacity or more.
    price = np.where(kwh >= 260 * part.of_customer("kva")[main], price * 9 // 10, price)
    amount = (kilowatt * (price // 100_000) + 500_000) // 1_000_000
    _basic_line(lines, bill, main, "demand", kilowatt, price, amount)
    base[bill] += amount


def _basic_line(
    lines: Lines, bill: Ints, point: Ints, component: str, quantity: Ints, price: Ints, amount: Ints
) -> None:
    lines.add(
        bill,
        point=point,
        item=ITEMS.index("basic"),
        component=COMPONENTS.index(component),
        register=REGISTERS.index("any"),
        quantity=quantity,
        unit=1 if component == "capacity" else 2,
        price=price,
        amount=amount,
    )


def _billed_demand(part: Part, ledger: Ledger, main: Ints, month: Ints, running_kva: Ints) -> Ints:
    """Return the billed kW × 10⁴: the actual, or the contract value with the 40 % floor and the 105 % rule."""
    actual = ledger.demand[main, month]
    contract = part.get("contract_demand")[main]
    floor = np.where(part.world.plan.floor_ignored[part.owner[main]], 0, running_kva * 4 // 10)
    contract = np.maximum(np.where(contract == NULL, 0, contract), floor)
    over = (2 * actual * 100 - 105 * contract) // 100
    billed = np.where(actual * 100 > contract * 105, over, contract)
    return np.where(part.get("basic")[main] == ACTUAL_DEMAND, actual, np.where(running_kva > 0, billed, 0))


def _price_factor(
    part: Part, main: Ints, kwh: Ints, kvarh: Ints, lines: Lines, base: Ints
) -> tuple[Ints, Ints]:
    standard = part.get("pf_standard")[main]
    factor = np.full(len(main), NULL, dtype=np.int64)
    adjust = np.full(len(main), NULL, dtype=np.int64)
    rows = np.flatnonzero((standard != NULL) & (kwh + kvarh > 0))
    factor[rows] = power_factor(kwh[rows], kvarh[rows])
    adjust[rows] = adjustment(standard[rows], factor[rows])
    raw = base[rows] * adjust[rows]
    amount = np.sign(raw) * ((np.abs(raw) + 5_000) // 10_000)
    shown = amount != 0
    lines.add(
        rows[shown],
        point=-1,
        item=ITEMS.index("pf_adjustment"),
        component=-1,
        register=-1,
        quantity=NULL,
        unit=3,
        price=NULL,
        amount=amount[shown],
    )
    return factor, adjust


def due_days(bills: Bills) -> Ints:
    """Return the due date of each bill: the 28th of its month."""
    return MONTH_START[bills.month] + 27
