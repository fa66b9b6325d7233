"""Small utilities drawn by Hypothesis in the form of the contract: right ones, odd ones and broken ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

Row = dict[str, Any]
Rows = dict[str, list[Row]]
Draw = st.DrawFn
BANDS = ("sharp", "peak", "flat", "valley", "deep_valley")
BEGAN = date(2018, 4, 1)


# Tariffs of the shipped books and of the extract's own: voltages, bands that have a price, and since when.
class Tariff(NamedTuple):
    """Where a tariff has prices."""

    voltages: tuple[str, ...]
    bands: tuple[str, ...] = ()
    begins: date = BEGAN


TARIFFS = {
    "CI_TWO": Tariff(("kv1_10", "kv35"), BANDS[:4], date(2025, 1, 1)),
    "CI_SINGLE": Tariff(("lt1", "kv1_10"), BANDS[:4], date(2025, 1, 1)),
    "ZJ18_LARGE": Tariff(("kv1_10",), ("sharp", "peak", "valley")),
    "RES_STEP": Tariff(("lt1",), ("peak", "valley")),
    "RES_FLAT": Tariff(("lt1",)),
    "AGRI": Tariff(("lt1", "kv1_10"), ("sharp", "peak", "valley")),
    "OWN": Tariff(("lt1", "kv1_10"), BANDS),
    "OWN_TWO": Tariff(("kv1_10",), BANDS),
}
# The price of OWN changes inside these months; that of CI_TWO on 2026-08-01; days are divided otherwise from 2024-06-01 on.
PERIODS = {
    date(2026, 8, 1): [
        (date(2026, 7, 16), date(2026, 8, 16)), (date(2026, 8, 1), date(2026, 9, 1)), (date(2026, 7, 31), date(2026, 8, 31)),
        (date(2026, 8, 3), date(2026, 8, 20)), (date(2026, 6, 29), date(2026, 8, 29)),
    ],
    date(2024, 2, 1): [
        (date(2024, 2, 1), date(2024, 3, 1)), (date(2024, 1, 31), date(2024, 2, 29)), (date(2024, 1, 10), date(2024, 2, 10)),
        (date(2024, 2, 5), date(2024, 2, 18)), (date(2023, 12, 20), date(2024, 2, 20)),
    ],
}  # fmt: skip


def own_book() -> Rows:
    """Return the extract's own book: two tariffs with every component, one price of which changes inside a month."""
    rows: Rows = {"price": [], "price_step": []}
    for tariff in ("OWN", "OWN_TWO"):
        for voltage in TARIFFS[tariff].voltages:
            for place, register in enumerate(("total", *BANDS)):
                components = (
                    ("energy",) if tariff == "OWN" else ("purchase", "line_loss", "transmission", "system")
                )
                for number, component in enumerate(components):
                    _priced(
                        rows,
                        tariff,
                        voltage,
                        component,
                        register,
                        Decimal(f"0.{3 + place}{number}1937"),
                        number != 3,
                    )
            _priced(rows, tariff, voltage, "fund", "any", Decimal("0.029174375"), False)
            _priced(rows, tariff, voltage, "capacity", "any", Decimal("23.35"), False)
            _priced(rows, tariff, voltage, "demand", "any", Decimal("37.3"), False)
            for number, increment in ((2, "0.05"), (3, "0.3")):
                _priced(rows, tariff, voltage, f"step{number}", "any", Decimal(increment), False)
    for scheme, limits in (("monthly", (185, 340)), ("annual", (2220, 4080))):
        for step, limit in enumerate(limits, 2):
            rows["price_step"].append(
                {"price_book": "own", "tariff_code": "OWN", "step_scheme": scheme, "step": step, "above_kwh": Decimal(limit),
                 "valid_from": BEGAN, "valid_to": None}
            )  # fmt: skip
    return rows


def _priced(
    rows: Rows, tariff: str, voltage: str, component: str, register: str, price: Decimal, base: bool
) -> None:
    row = {"price_book": "own", "tariff_code": tariff, "voltage_code": voltage, "component": component, "register": register,
           "in_pf_base": base, "valid_from": BEGAN, "valid_to": None, "unit_price": price}  # fmt: skip
    if component in ("energy", "transmission") and register in ("total", "peak"):
        for change in (date(2024, 2, 9), date(2026, 8, 11)):
            rows["price"].append({**row, "valid_to": change})
            row = {**row, "valid_from": change, "unit_price": row["unit_price"] + Decimal("0.017")}
    rows["price"].append(row)


@st.composite
def utilities(draw: Draw, month: date, most: int = 6) -> Rows:
    """Draw the customers of a month with their points, meters, readings, transformers, schemes and bills."""
    rows: Rows = defaultdict(list)
    for number in range(draw(st.integers(1, most))):
        _customer(draw, rows, f"C{number}", month)
    return dict(rows)


def _decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 10**places, high * 10**places).map(
        lambda number: Decimal(number).scaleb(-places)
    )


def _rarely(draw: Draw, one_in: int = 12) -> bool:
    # Hypothesis likes the ends of a span, so what is rare stands inside.
    return draw(st.integers(0, one_in - 1)) == one_in // 2


def _customer(draw: Draw, rows: Rows, number: str, month: date) -> None:
    kva = draw(st.sampled_from([None, Decimal(80), Decimal(315), Decimal("1250.5")]))
    opened = draw(st.sampled_from([date(2015, 3, 2), date(month.year, 1, 15), date(2015, 3, 2)]))
    rows["customer"].append({
        "customer_no": number, "contract_kva": kva, "running_kva": draw(st.sampled_from([None, kva])), "opened_on": opened,
        "market_mode": draw(st.sampled_from(["agency", "agency", "catalogue", "exited", "market"])),
        "high_energy_listed": draw(st.booleans()), "household_persons": draw(st.sampled_from([None, 4, 5, 9])),
    })  # fmt: skip
    if draw(st.booleans()):
        rows["proof"].append({
            "proof_id": f"F{number}", "customer_no": number, "kind": draw(st.sampled_from(["multi_person", "multi_person", "low_income"])),
            "valid_from": draw(st.sampled_from([BEGAN, month + timedelta(12)])), "valid_to": draw(st.sampled_from([None, month + timedelta(14)])),
        })  # fmt: skip
    begin, end = draw(st.sampled_from(PERIODS[month]))
    if _rarely(draw, 60):
        end = draw(st.sampled_from([begin, begin - timedelta(1), begin + timedelta(400)]))
    _bills(draw, rows, number, month, begin, end)
    mains = draw(st.sampled_from([1, 1, 1, 1, 2]))
    for main in range(mains):
        _main(draw, rows, number, f"{number}P{main}", month, begin, end)
    for unit in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        _transformer(draw, rows, number, f"{number}T{unit}", month)


def _bills(draw: Draw, rows: Rows, number: str, month: date, begin: date, end: date) -> None:
    """File the bill itself and those of the months before, back to January or not quite."""
    bill = {"customer_no": number, "kind": "normal", "kwh": Decimal(1), "total_yuan": Decimal(1)}
    for copy in range(2 if _rarely(draw, 60) else 1):
        rows["bill"].append(
            {
                **bill,
                "bill_id": f"{number}B{copy}",
                "bill_month": month,
                "period_from": begin,
                "period_to": end,
            }
        )
    earlier = draw(
        st.sampled_from([date(month.year, 1, 1), date(month.year - 1, 12, 1), date(month.year, 2, 1)])
    )
    if earlier < month:
        span = {"bill_month": earlier, "period_from": earlier, "period_to": earlier + timedelta(28)}
        rows["bill"].append({**bill, **span, "bill_id": f"{number}E"})
        rows["bill_line"].append({
            "bill_id": f"{number}E", "line_no": 1, "mp_id": f"{number}P0", "item": "energy", "component": "energy", "register": "total",
            "quantity": draw(_decimals(0, 5000, 0)), "unit": "kwh", "unit_price": Decimal("0.5"), "amount_yuan": Decimal(1),
        })  # fmt: skip
        if _rarely(draw, 6):
            rows["bill"].append(
                {
                    **bill,
                    **span,
                    "bill_id": f"{number}R",
                    "kind": "reversal",
                    "reverses_bill_id": f"{number}E",
                }
            )


def _main(draw: Draw, rows: Rows, number: str, mp_id: str, month: date, begin: date, end: date) -> None:
    scheme = _scheme(draw, month)
    _point(draw, rows, number, mp_id, None, scheme, month, begin, end)
    _readings(draw, rows, mp_id, month, scheme, 9000)
    for part in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        _part(draw, rows, number, f"{mp_id}S{part}", mp_id, month, begin, end)


def _part(
    draw: Draw, rows: Rows, number: str, mp_id: str, main: str, month: date, begin: date, end: date
) -> None:
    kind = draw(st.sampled_from(["sub", "foreign", "fixed_kwh", "fixed_ratio"]))
    scheme = {
        **_scheme(draw, month),
        "tou": False,
        "basic_charge_mode": "none",
        "pf_standard": None,
        "transformer_loss": False,
    }
    owner = f"{number}F" if kind == "foreign" else number
    if kind == "fixed_kwh":
        scheme["fixed_kwh"] = draw(_decimals(0, 900, 0))
    elif kind == "fixed_ratio":
        scheme["fixed_ratio"] = draw(_decimals(0, 1, 3))
    _point(draw, rows, owner, mp_id, main, scheme, month, begin, end)
    if kind in ("sub", "foreign"):
        _readings(draw, rows, mp_id, month, scheme, 300)


def _point(
    draw: Draw,
    rows: Rows,
    owner: str,
    mp_id: str,
    main: str | None,
    scheme: Row,
    month: date,
    begin: date,
    end: date,
) -> None:
    rows["metering_point"].append({
        "mp_id": mp_id, "customer_no": owner, "parent_mp_id": main, "usage": "billing",
        "metering_mode": draw(st.sampled_from(["hv_lv", "hv_hv"])), "status": "planned" if _rarely(draw, 80) else "running",
    })  # fmt: skip
    change = begin + timedelta(max((end - begin).days // 3, 1))
    if draw(st.integers(0, 3)):
        rows["price_scheme"].append({"mp_id": mp_id, "valid_from": BEGAN, "valid_to": None, **scheme})
        return
    fixed = {key: scheme[key] for key in ("fixed_kwh", "fixed_ratio") if key in scheme}
    flat = {**scheme, "tariff_code": "RES_FLAT", "voltage_code": "lt1", "step_scheme": None}
    other = {**_scheme(draw, month), "tou": scheme["tou"], **fixed} if main is None else flat
    ends = change + timedelta(draw(st.integers(-1, 1)) if _rarely(draw) else 0)
    rows["price_scheme"].append({"mp_id": mp_id, "valid_from": BEGAN, "valid_to": ends, **other})
    rows["price_scheme"].append({"mp_id": mp_id, "valid_from": change, "valid_to": None, **scheme})


def _scheme(draw: Draw, month: date) -> Row:
    known = [name for name, tariff in TARIFFS.items() if tariff.begins < month]
    name = draw(st.sampled_from([*known, "OWN_TWO"])) if not _rarely(draw, 80) else "NOWHERE"
    tariff = TARIFFS.get(name, Tariff(("lt1",)))
    two_part = name in ("CI_TWO", "ZJ18_LARGE", "OWN_TWO", "OWN")
    modes = ["none", "capacity", "contract_demand", "actual_demand"] if two_part else ["none"]
    steps = {"RES_STEP": ["annual"], "OWN": ["annual", "monthly", None]}.get(name, [None])
    return {
        "tariff_code": name, "voltage_code": draw(st.sampled_from(tariff.voltages)) if not _rarely(draw, 80) else "kv500",
        "tou": bool(tariff.bands) and draw(st.booleans()), "pf_standard": draw(st.sampled_from([None, "0.90", "0.85", "0.80"])),
        "basic_charge_mode": draw(st.sampled_from(modes)), "contract_demand_kw": draw(st.none() | _decimals(0, 600, 1)),
        "step_scheme": draw(st.sampled_from(steps)), "line_loss_pct": draw(st.sampled_from([None, None, "1.25", "3"])),
        "transformer_loss": draw(st.booleans()),
    }  # fmt: skip


def _readings(draw: Draw, rows: Rows, mp_id: str, month: date, scheme: Row, most: int) -> None:
    """File one meter or, after a swap, two; at times a register, the installation or a value is missing."""
    ratios = draw(st.sampled_from([(1, 1), (40, 1), (30, 100)] if most > 300 else [(1, 1)]))
    swapped = datetime.combine(month + timedelta(draw(st.integers(2, 25))), time(10))
    meters = [f"{mp_id}M0", f"{mp_id}M1"] if _rarely(draw, 5) else [f"{mp_id}M0"]
    registers = _registers(draw, scheme)
    for place, meter in enumerate(meters):
        rows["meter"].append({"meter_id": meter, "digits": draw(st.sampled_from([5, 6]))})
        if not _rarely(draw, 60):
            ct_ratio = 0 if _rarely(draw, 60) else ratios[0]
            rows["meter_installation"].append({
                "mp_id": mp_id, "meter_id": meter, "installed_at": datetime(2020, 1, 1) if place == 0 else swapped,
                "ct_ratio": Decimal(ct_ratio), "pt_ratio": Decimal(ratios[1]), "multiplier": Decimal(ratios[0] * ratios[1]),
            })  # fmt: skip
        until = swapped if place < len(meters) - 1 else datetime.combine(month + timedelta(31), time(1))
        for register in registers:
            rows["reading"].append(
                _reading(draw, mp_id, meter, month, register, most // ratios[0] // ratios[1] + 3, until)
            )


def _registers(draw: Draw, scheme: Row) -> list[str]:
    bands = (
        draw(st.lists(st.sampled_from(BANDS), min_size=1, unique=True))
        if scheme["tou"] and not _rarely(draw, 40)
        else []
    )
    wanted = ["total", *bands]
    wanted += ["reactive"] if (scheme["pf_standard"] and not _rarely(draw, 40)) or _rarely(draw) else []
    wanted += ["max_demand"] if scheme["basic_charge_mode"] != "none" and not _rarely(draw, 40) else []
    return [*wanted, *(["reverse"] if _rarely(draw) else [])]


def _reading(
    draw: Draw, mp_id: str, meter: str, month: date, register: str, most: int, until: datetime
) -> Row:
    places = draw(st.sampled_from([0, 2, 4]))
    before, used = draw(_decimals(0, 99_000, 2)), draw(_decimals(0, most, places))
    row: Row = {
        "mp_id": mp_id, "meter_id": meter, "bill_month": month, "register": register, "status": "read", "method": "ami",
        "previous_value": before, "previous_at": datetime.combine(month, time()), "value": before + used, "read_at": until,
    }  # fmt: skip
    if register == "max_demand":
        row |= {"previous_value": None, "previous_at": None, "value": used}
    oddity = draw(st.integers(0, 119))
    if oddity == 40:
        row["value"] = None
    elif oddity == 41:
        row["status"] = "estimated"
    elif oddity == 42 and register != "max_demand":
        row["value"] = max(before - used, Decimal(0))
    elif oddity in (43, 44, 45, 46) and register != "max_demand":
        row |= {"previous_value": Decimal(99_998), "value": used}
    elif oddity in (47, 48, 49, 50):
        row["previous_at"] = None
    return row


def _transformer(draw: Draw, rows: Rows, number: str, unit: str, month: date) -> None:
    plate = {
        "no_load_loss_kw": "0.48",
        "load_loss_kw": "3.65",
        "no_load_current_pct": "1.4",
        "impedance_pct": "4",
    }
    missing = draw(st.sampled_from([None] * 12 + list(plate)))
    rows["transformer"].append({
        "transformer_id": unit, "customer_no": number, "mp_id": draw(st.sampled_from([None, f"{number}P0", f"{number}P1"])),
        "model": draw(st.sampled_from(["S11-M-315/10", "S11-M-315/10", "s9/10", "odd"])), "kva": Decimal(draw(st.sampled_from([80, 315, 630]))),
        **{name: None if name == missing else Decimal(value) for name, value in plate.items()},
    })  # fmt: skip
    first = month + timedelta(draw(st.integers(-30, 25)))
    last = first + timedelta(draw(st.integers(1, 40)))
    other = draw(st.sampled_from(["suspended", "suspended", "reduced", "cold_standby", "hot_standby"]))
    state: Row = {"transformer_id": unit, "state": "running", "sealed_on": None, "agreed_until": None}
    if draw(st.booleans()):
        rows["transformer_state"].append({**state, "valid_from": BEGAN, "valid_to": None})
        return
    sealed = draw(st.sampled_from([None, first, first + timedelta(3)]))
    agreed = draw(st.sampled_from([None, last, last - timedelta(2), last + timedelta(5)]))
    rows["transformer_state"].append({**state, "valid_from": BEGAN, "valid_to": first})
    rows["transformer_state"].append(
        {
            **state,
            "valid_from": first,
            "valid_to": last,
            "state": other,
            "sealed_on": sealed,
            "agreed_until": agreed,
        }
    )
    rows["transformer_state"].append({**state, "valid_from": last, "valid_to": None})
