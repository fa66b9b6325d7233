"""A made-up utility with every awkward kind of bill, drawn from a seed: what the two engines must agree on."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
MONTH = date(2026, 10, 1)
FOREIGN_OWNER = "C00000"  # owns the sub meters that stand behind other customers' main meters
BANDS = ("sharp", "peak", "flat", "valley")
TARIFFS = (
    ("CI_SINGLE", ("lt1", "kv1_10", "kv35")),
    ("CI_TWO", ("kv1_10", "kv35")),
    ("RES_STEP", ("lt1",)),
    ("RES_FLAT", ("lt1", "kv1_10")),
    ("AGRI", ("lt1", "kv1_10")),
    ("OWN", ("lt1",)),
    ("NOWHERE", ("lt1",)),
)
WEIGHTS = (6, 10, 5, 3, 3, 3, 1)


@dataclass
class Utility:
    """Rows by table, grown customer by customer."""

    rng: random.Random
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **values: Any) -> None:
        """Add one row."""
        self.rows[table].append(values)

    def chance(self, share: float) -> bool:
        """Return True in this share of the draws."""
        return self.rng.random() < share

    def amount(self, low: float, high: float, places: int) -> Decimal:
        """Return a number with so many decimals."""
        return Decimal(self.rng.randint(int(low * 10**places), int(high * 10**places))).scaleb(-places)


def utility(seed: int, customers: int) -> dict[str, list[Row]]:
    """Return the rows of a utility, by table."""
    made = Utility(random.Random(seed))
    _price_book(made)
    for number in range(customers):
        _customer(made, f"C{number:05d}")
    return dict(made.rows)


def _price_book(made: Utility) -> None:
    """Give the extract a book of its own: a price that changes inside the month, one that overlaps, one that ends."""
    spans = {
        "total": [(date(2025, 1, 1), date(2026, 9, 20), "0.6123"), (date(2026, 9, 20), None, "0.654321987")]
    }
    for register, versions in spans.items():
        for begin, end, price in versions:
            _price(made, "OWN", "energy", register, begin, end, price, True)
    for register in BANDS:
        _price(made, "OWN", "energy", register, date(2025, 1, 1), None, "0.7005", True)
    _price(made, "OWN", "fund", "any", date(2025, 1, 1), None, "0.028889375", False)
    _price(made, "OWN", "capacity", "any", date(2025, 1, 1), None, "29.55", True)
    _price(made, "TWICE", "energy", "total", date(2025, 1, 1), None, "0.5", False)
    _price(made, "TWICE", "energy", "total", date(2026, 9, 10), None, "0.6", False)
    _price(made, "ENDED", "energy", "total", date(2025, 1, 1), date(2026, 10, 5), "0.5", False)
    for step, limit in ((2, 170), (3, 260)):
        made.add(
            "price_step",
            price_book="X",
            tariff_code="OWN",
            step_scheme="monthly",
            step=step,
            above_kwh=Decimal(limit),
            valid_from=date(2025, 1, 1),
            valid_to=None,
        )
    for increment, price in (("step2", "0.05"), ("step3", "0.3")):
        _price(made, "OWN", increment, "any", date(2025, 1, 1), None, price, False)


def _price(
    made: Utility,
    tariff: str,
    component: str,
    register: str,
    begin: date,
    end: date | None,
    price: str,
    base: bool,
) -> None:
    made.add("price", price_book="X", tariff_code=tariff, voltage_code="lt1", component=component, register=register,
             valid_from=begin, valid_to=end, unit_price=Decimal(price), in_pf_base=base)  # fmt: skip


def _customer(made: Utility, number: str) -> None:
    rng = made.rng
    kva = rng.choice([None, Decimal(50), Decimal(100), Decimal(315), Decimal("1250.5")])
    opened = rng.choice([date(2019, 5, 2), date(2019, 5, 2), date(2026, 3, 9), date(2026, 10, 3)])
    made.add(
        "customer", customer_no=number, kind="hv", category_code="100", voltage_code="kv1_10", status="active",
        contract_kva=kva, running_kva=kva if made.chance(0.5) else None, temporary=False, opened_on=opened, org_no="1",
        household_persons=rng.choice([None, 2, 5, 8]), multi_household=False, high_energy_listed=made.chance(0.2),
        market_mode=rng.choices(["catalogue", "agency", "market", "exited"], [4, 4, 1, 2])[0], has_generation=False,
        name="n",
    )  # fmt: skip
    if made.chance(0.3):
        made.add("proof", proof_id=f"F{number}", customer_no=number, kind="multi_person",
                 valid_from=rng.choice([date(2025, 1, 1), date(2026, 10, 20)]), valid_to=rng.choice([None, date(2026, 10, 2)]))  # fmt: skip
    begin, end = _period(made)
    _bills(made, number, begin, end)
    if made.chance(0.97):
        _points(made, number, begin, end)
    for unit in range(rng.choices([0, 1, 2, 3], [5, 6, 3, 1])[0]):
        _transformer(made, number, unit)


def _period(made: Utility) -> tuple[date, date]:
    return made.rng.choices(
        [
            (date(2026, 10, 1), date(2026, 11, 1)),
            (date(2026, 9, 16), date(2026, 10, 16)),
            (date(2026, 9, 30), date(2026, 10, 31)),
            (date(2026, 10, 9), date(2026, 10, 25)),
            (date(2026, 8, 30), date(2026, 10, 30)),
            (date(2023, 11, 3), date(2023, 11, 30)),
            (date(2026, 10, 5), date(2026, 10, 5)),
            (date(2024, 10, 5), date(2026, 10, 5)),
        ],
        [40, 30, 10, 15, 10, 10, 1, 1],
    )[0]


def _bills(made: Utility, number: str, begin: date, end: date) -> None:
    base: Row = {"customer_no": number, "org_no": "1", "kwh": Decimal(10), "total_yuan": Decimal("12.34")}
    count = 2 if made.chance(0.02) else 1
    for place in range(count):
        made.add(
            "bill",
            bill_id=f"B{number}-{place}",
            bill_month=MONTH,
            kind="normal",
            period_from=begin,
            period_to=end,
            **base,
        )
    for month in (date(2025, 12, 1), date(2026, 2, 1), date(2026, 4, 1), date(2026, 9, 1)):
        bill_id = f"B{number}-{month:%Y%m}"
        made.add(
            "bill",
            bill_id=bill_id,
            bill_month=month,
            kind="normal",
            period_from=month,
            period_to=month + timedelta(30),
            **base,
        )
        quantity = made.amount(0, 2600, 0)
        made.add("bill_line", bill_id=bill_id, line_no=1, mp_id=f"P{number}-0", item="energy", component="energy",
                 register="total", quantity=quantity, unit="kwh", unit_price=Decimal("0.5"), amount_yuan=Decimal(1))  # fmt: skip
        if made.chance(0.1):
            made.add("bill", bill_id=f"R{bill_id}", bill_month=month, kind="reversal", reverses_bill_id=bill_id,
                     period_from=month, period_to=month + timedelta(30), **base)  # fmt: skip


def _points(made: Utility, number: str, begin: date, end: date) -> None:
    mains = made.rng.choices([1, 2], [9, 1])[0]
    for main in range(mains):
        mp_id = f"P{number}-{main}"
        _point(made, mp_id, number, None, begin, end, {})
        if made.chance(0.3):
            for part in range(made.rng.randint(1, 4)):
                _part(made, f"{mp_id}{part}", number, mp_id, begin, end)


def _part(made: Utility, mp_id: str, number: str, parent: str, begin: date, end: date) -> None:
    kind = made.rng.choice(["sub", "sub", "quantity", "ratio", "foreign"])
    flat: Row = {"tariff_code": "RES_FLAT", "voltage_code": "lt1", "tou": False, "pf_standard": None, "basic_charge_mode": "none",
                 "step_scheme": None, "transformer_loss": False, "line_loss_pct": None}  # fmt: skip
    if kind == "quantity":
        flat["fixed_kwh"] = made.amount(0, 400, 0)
    elif kind == "ratio":
        flat["fixed_ratio"] = made.amount(0, 0.7, 3)
    owner = number if kind != "foreign" else FOREIGN_OWNER
    _point(made, mp_id, owner, parent, begin, end, flat, 300)


def _point(
    made: Utility,
    mp_id: str,
    number: str,
    parent: str | None,
    begin: date,
    end: date,
    given: Row,
    most: int = 4000,
) -> None:
    rng = made.rng
    made.add("metering_point", mp_id=mp_id, customer_no=number, org_no="1", parent_mp_id=parent, usage="billing",
             metering_mode=rng.choice(["hv_lv", "hv_lv", "hv_hv", "lv_lv"]), wiring="3p4w", status="running")  # fmt: skip
    scheme = {**_scheme(made), **given}
    _schemes(made, mp_id, scheme, begin, end)
    if scheme.get("fixed_kwh") is None and scheme.get("fixed_ratio") is None and made.chance(0.99):
        _readings(made, mp_id, scheme, most)


def _scheme(made: Utility) -> Row:
    rng = made.rng
    tariff, voltages = rng.choices(TARIFFS, WEIGHTS)[0]
    residential = tariff in ("RES_STEP", "OWN")
    tou = not tariff.startswith("RES") and made.chance(0.5)
    return {
        "tariff_code": tariff if made.chance(0.97) else rng.choice(["TWICE", "ENDED"]),
        "voltage_code": rng.choice(voltages), "tou": tou,
        "pf_standard": rng.choice([None, Decimal("0.90"), Decimal("0.85"), Decimal("0.80")]) if not residential else None,
        "basic_charge_mode": rng.choice(["none", "capacity", "contract_demand", "actual_demand"]) if tariff == "CI_TWO" else "none",
        "contract_demand_kw": rng.choice([None, made.amount(10, 400, 1)]),
        "step_scheme": {"RES_STEP": "annual", "OWN": "monthly"}.get(tariff) if made.chance(0.9) else "annual",
        "line_loss_pct": rng.choice([None, None, Decimal("2.55"), Decimal(3)]),
        "transformer_loss": made.chance(0.5),
    }  # fmt: skip


def _schemes(made: Utility, mp_id: str, scheme: Row, begin: date, end: date) -> None:
    """File the scheme for ever; or another one before it, with a gap or an overlap at times."""
    middle = begin + timedelta(max((end - begin).days // 3, 1))
    if made.chance(0.75):
        made.add("price_scheme", mp_id=mp_id, valid_from=date(2018, 1, 1), valid_to=None, **scheme)
        return
    fixed = {key: scheme.get(key) for key in ("fixed_kwh", "fixed_ratio")}
    ends = middle + timedelta(made.rng.choices([0, 1, -1], [16, 1, 1])[0])
    last = middle + timedelta(made.rng.choices([4000, 3], [16, 1])[0])
    other = {**_scheme(made), **fixed}
    made.add("price_scheme", mp_id=mp_id, valid_from=date(2018, 1, 1), valid_to=ends, **other)
    made.add(
        "price_scheme", mp_id=mp_id, valid_from=middle, valid_to=last if made.chance(0.5) else None, **scheme
    )


def _readings(made: Utility, mp_id: str, scheme: Row, most: int) -> None:
    rng = made.rng
    ratio = (
        (Decimal(rng.choice([1, 1, 20, 30])), Decimal(rng.choice([1, 1, 100])))
        if most > 300
        else (Decimal(1), Decimal(1))
    )
    swapped = datetime(2026, 10, 12, 10, 30)
    meters = [f"M{mp_id}-0"] if made.chance(0.9) else [f"M{mp_id}-0", f"M{mp_id}-1"]
    registers = [
        "total",
        *(rng.sample(BANDS, rng.randint(1, 4)) if scheme["tou"] and made.chance(0.98) else []),
    ]
    registers += (
        ["reactive"]
        if (scheme.get("pf_standard") is not None and made.chance(0.98)) or made.chance(0.1)
        else []
    )
    registers += ["max_demand"] if scheme.get("basic_charge_mode") != "none" and made.chance(0.98) else []
    for place, meter in enumerate(meters):
        made.add("meter", meter_id=meter, digits=rng.choice([5, 6]), decimals=2, state="running")
        used = ratio if made.chance(0.985) else (Decimal(0), Decimal(1))
        since = datetime(2020, 1, 1) if place == 0 else swapped
        if made.chance(0.99):
            made.add("meter_installation", mp_id=mp_id, meter_id=meter, installed_at=since, ct_ratio=used[0], pt_ratio=used[1],
                     multiplier=ratio[0] * ratio[1], removed_at=swapped if place == 0 and len(meters) > 1 else None)  # fmt: skip
        last = place == len(meters) - 1
        for register in registers:
            _reading(made, mp_id, meter, register, most, datetime(2026, 11, 1) if last else swapped)


def _reading(made: Utility, mp_id: str, meter: str, register: str, most: int, read_at: datetime) -> None:
    before = made.amount(0, 99000, 2)
    used = made.amount(0, most / 4, made.rng.choice([0, 2, 4]))
    after: Decimal | None = before + used
    draw = made.rng.random()
    if draw < 0.01:
        after = None
    elif draw < 0.02:
        after = before - 1
    elif draw < 0.04:
        before, after = Decimal("99990"), used / 10
    elif draw < 0.08:
        after = before
    demand = register == "max_demand"
    made.add(
        "reading", mp_id=mp_id, meter_id=meter, bill_month=MONTH, register=register,
        previous_value=None if demand else before, previous_at=None if demand else datetime(2026, 10, 1),
        value=used / 4 if demand and after is not None else after, read_at=read_at,
        status="read" if draw < 0.995 else "missed", method="ami",
    )  # fmt: skip


def _transformer(made: Utility, number: str, unit: int) -> None:
    rng = made.rng
    kva = rng.choice([100, 160, 315, 630])
    known = made.chance(0.8)

    def plate(value: str) -> Decimal | None:
        return Decimal(value) if known or made.chance(0.7) else None

    transformer_id = f"T{number}-{unit}"
    made.add(
        "transformer", transformer_id=transformer_id, customer_no=number,
        mp_id=rng.choice([None, f"P{number}-0", f"P{number}-0", f"P{number}-1"]),
        model=rng.choice(["S11", "S11-M-315/10", "s9/10", "XY"]) if not known else "S11", kva=Decimal(kva),
        no_load_loss_kw=plate("0.47"), load_loss_kw=plate("3.65"), no_load_current_pct=plate("1.6"), impedance_pct=plate("4.0"),
    )  # fmt: skip
    if made.chance(0.15):
        return
    start = rng.choice([date(2019, 1, 1), date(2019, 1, 1), date(2026, 10, 7)])
    cuts = sorted(rng.sample(range(1, 60), 2))
    first, second = (date(2026, 9, 1) + timedelta(days) for days in cuts)
    if made.chance(0.5) or start >= first:
        made.add(
            "transformer_state",
            transformer_id=transformer_id,
            valid_from=start,
            valid_to=None,
            state="running",
        )
        return
    made.add(
        "transformer_state", transformer_id=transformer_id, valid_from=start, valid_to=first, state="running"
    )
    made.add("transformer_state", transformer_id=transformer_id, valid_from=first, valid_to=second,
             state=rng.choice(["suspended", "suspended", "reduced", "cold_standby", "hot_standby"]),
             sealed_on=rng.choice([None, first, first + timedelta(2)]),
             agreed_until=rng.choice([None, second, second - timedelta(3)]))  # fmt: skip
    made.add(
        "transformer_state", transformer_id=transformer_id, valid_from=second, valid_to=None, state="running"
    )
