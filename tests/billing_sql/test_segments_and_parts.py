"""Periods cut by schemes and prices, and meters behind meters, worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.billing_sql.bills import (
    Given,
    Row,
    amounts,
    bill,
    differences,
    one_customer,
    only,
    parts,
    price,
    reading,
    readings,
    scheme,
)

FLAT = scheme("RES_FLAT")


def charged(given: Given, *names: str, month: date = date(2026, 10, 1)) -> list[tuple[Any, ...]]:
    """Return some columns of each part of the bill; numbers as text."""
    return [tuple(_plain(row[name]) for name in names) for row in parts(given, month)]


def _plain(value: object) -> object:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def test_price_that_changes_inside_the_period() -> None:
    """1,000 kWh from 16 September: own price 0.5 to the 30th (15 of 30 days), then 0.6, and 0.7 from 11 October (5 days).

    d = 15, 25, 30: 500, round(833.33) − 500 = 333, 1000 − 833 = 167. 250.00 + 199.80 + 116.90.
    """
    first, second = date(2026, 10, 1), date(2026, 10, 11)
    given = one_customer(
        price=[
            price("energy", "0.5", "total", valid_to=first),
            price("energy", "0.6", "total", valid_from=first, valid_to=second),
            price("energy", "0.7", "total", valid_from=second),
        ],
        price_scheme=[scheme("OWN")],
        reading=readings(total=1000),
        bill=[bill(date(2026, 9, 16), date(2026, 10, 16))],
    )
    assert charged(given, "kwh_total", "energy_total_yuan") == [
        ("500", "250"),
        ("333", "199.8"),
        ("167", "116.9"),
    ]
    assert str(only(given)["total_yuan"]) == "566.70"


def test_scheme_that_changes_inside_the_period() -> None:
    """310 kWh of October, household to the 10th, then agriculture: 100 × 0.558 = 55.80 and 210 × 0.728 = 152.88."""
    change = date(2026, 10, 11)
    given = one_customer(
        price_scheme=[{**FLAT, "valid_to": change}, scheme("AGRI", valid_from=change)],
        reading=readings(total=310),
    )
    assert charged(given, "tariff_code", "energy_total_yuan") == [("RES_FLAT", "55.8"), ("AGRI", "152.88")]


def test_standard_that_changes_inside_the_period() -> None:
    """3,100 kWh, 1,550 kvarh: 0.894 → 0.89. Standard 0.80 for 10 days, 0.90 for 21 days.

    Agriculture 0.69: base 690.00 and 1449.00; −0.90 % −6.21, +0.50 % 7.245 → 7.25 (half up); together 1.04.
    """
    change = date(2026, 10, 11)
    farm = scheme("AGRI", "kv1_10")
    given = one_customer(
        price_scheme=[
            {**farm, "valid_to": change, "pf_standard": "0.80"},
            {**farm, "valid_from": change, "pf_standard": "0.90"},
        ],
        reading=readings(total=3100, reactive=1550),
    )
    assert charged(given, "base_yuan", "pf_adjustment_yuan") == [("690", "-6.21"), ("1449", "7.25")]
    row = only(given)
    assert amounts(row) == {"energy": "2139.00", "pf_adjustment": "1.04", "total": "2140.04"}
    assert (row["kvarh"], row["power_factor"], row["pf_adjust_pct"]) == (
        1550,
        Decimal("0.89"),
        Decimal("0.5"),
    )


def test_basic_charge_that_begins_inside_the_period() -> None:
    """315 kVA by capacity from 11 October: 21 of 31 days, 315 × 29.5 × 21 ÷ 31 = 6294.92; shown 213.3871 kVA."""
    change = date(2026, 10, 11)
    given = one_customer(
        customer=[{"contract_kva": 315}],
        price_scheme=[
            {**scheme("CI_SINGLE", "kv1_10"), "valid_to": change},
            scheme("CI_TWO", "kv1_10", valid_from=change, basic_charge_mode="capacity"),
        ],
        reading=readings(total=0),
    )
    assert charged(given, "basic_quantity", "basic_yuan") == [(None, None), ("213.3871", "6294.92")]


def point(mp_id: str, **more: Any) -> Row:
    """Return a point behind the main point M1."""
    return {"mp_id": mp_id, "parent_mp_id": "M1", **more}


def house(main: Row, main_readings: list[Row], *, sub_kwh: int = 0, foreign_kwh: int = 0) -> Given:
    """Return a main point with a sub meter, another customer's sub meter, 120 kWh fixed, and twice 10 % of the rest."""
    installed = [
        {"mp_id": mp_id, "meter_id": meter} for mp_id, meter in (("M1", "A1"), ("M2", "A2"), ("M6", "A6"))
    ]
    return one_customer(
        metering_point=[
            {},
            point("M2"),
            point("M3"),
            point("M4"),
            point("M5"),
            point("M6", customer_no="C2"),
        ],
        meter=[{"meter_id": row["meter_id"]} for row in installed],
        meter_installation=installed,
        price_scheme=[
            main,
            {**FLAT, "mp_id": "M2"},
            {**FLAT, "mp_id": "M3", "fixed_kwh": 120},
            {**FLAT, "mp_id": "M4", "fixed_ratio": "0.1"},
            {**FLAT, "mp_id": "M5", "fixed_ratio": "0.1"},
        ],
        reading=[
            *main_readings,
            reading("total", sub_kwh, mp_id="M2", meter_id="A2"),
            reading("total", foreign_kwh, mp_id="M6", meter_id="A6"),
        ],
    )


def test_parts_of_a_main_meter() -> None:
    """1,000 − 100 − 65 (foreign) = 835; − 120 = 715; 10 % of 715 = 71.5, half up 72, twice; 571 are left."""
    given = house(scheme("AGRI"), readings(total=1000), sub_kwh=100, foreign_kwh=65)
    assert charged(given, "mp_id", "billed_kwh") == [
        ("M1", "571"), ("M2", "100"), ("M3", "120"), ("M4", "72"), ("M5", "72"),
    ]  # fmt: skip
    # 571 × 0.728 = 415.688; 100, 120, 72 and 72 × 0.558 = 55.80, 66.96, 40.176, 40.176
    assert amounts(only(given)) == {"energy": "618.81", "total": "618.81"}
    assert only(given)["kwh"] == 935


def test_parts_take_no_more_than_is_left() -> None:
    """250 − 100 − 65 = 85: the fixed 120 kWh take 85, nothing is left for the ratios."""
    given = house(scheme("AGRI"), readings(total=250), sub_kwh=100, foreign_kwh=65)
    assert charged(given, "billed_kwh") == [("0",), ("100",), ("85",), ("0",), ("0",)]


def test_parts_come_off_the_bands() -> None:
    """429 of 1,000 kWh in sharp 100, peak 401, flat 299, valley 200: 42.9 → 43, 172.03 → 172, 85.8 → 86, flat the rest 128."""
    main = scheme("CI_SINGLE", "kv1_10", tou=True)
    given = house(
        main, readings(total=1000, sharp=100, peak=401, flat=299, valley=200), sub_kwh=100, foreign_kwh=65
    )
    names = ("kwh_sharp", "kwh_peak", "kwh_flat", "kwh_valley")
    assert charged(given, *names)[0] == ("57", "229", "171", "114")


def test_loss_is_shared_by_energy() -> None:
    """S11 of 315 kVA: 0.47 × 720 + 3.65 × 1000² ÷ (315² × 720) = 338.451 → 338 kWh, on 571, 100, 120, 72, 72 of 935.

    100: 36.15 → 36; 120: 43.38 → 43; 72: 26.03 → 26, twice; the main one takes 338 − 131 = 207.
    The foreign 65 kWh carry nothing.
    """
    given = house(scheme("AGRI", transformer_loss=True), readings(total=1000), sub_kwh=100, foreign_kwh=65)
    given["metering_point"][0]["metering_mode"] = "hv_lv"
    given["transformer"] = [{}]
    assert charged(given, "billed_kwh") == [("778",), ("136",), ("163",), ("98",), ("98",)]


def test_loss_of_units_with_different_hours() -> None:
    """Two S11 of 315 and 100 kVA in parallel, 10,000 kWh and 3,000 kvarh; the small one is there from 21 October, 264 h.

    S = 415, W = 109 × 10⁶: 0.47 × 720 + 0.20 × 264 + 109e6 ÷ 415² × (3.65 ÷ 720 + 1.50 ÷ 264)
    = 391.2 + 632.893 × 0.0107513 = 398.004 → 398 kWh.
    1.6 % × 315 × 720 + 2.2 % × 100 × 264 + 632.893 × 4 % × (315 ÷ 720 + 100 ÷ 264) = 4209.6 + 20.665 → 4230 kvarh.
    """
    given = one_customer(
        metering_point=[{"metering_mode": "hv_lv"}],
        transformer=[{}, {"transformer_id": "TR2", "kva": 100}],
        transformer_state=[{}, {"transformer_id": "TR2", "valid_from": date(2026, 10, 21)}],
        price_scheme=[scheme("AGRI", "kv1_10", pf_standard="0.80", transformer_loss=True)],
        reading=readings(total=10_000, reactive=3_000),
    )
    row = only(given)
    assert (row["kwh"], row["kvarh"]) == (10_398, 7_230)


def test_two_main_points() -> None:
    """Each feed has its own demand and its own transformers: 300 kW × 47.2 and 200 kVA × 29.5."""
    mains = [
        scheme("CI_TWO", "kv1_10", basic_charge_mode="actual_demand"),
        {**scheme("CI_TWO", "kv1_10", basic_charge_mode="capacity"), "mp_id": "M2"},
    ]
    given = one_customer(
        customer=[{"contract_kva": 515}],
        metering_point=[{}, {"mp_id": "M2"}],
        meter=[{}, {"meter_id": "A2"}],
        meter_installation=[{}, {"mp_id": "M2", "meter_id": "A2"}],
        price_scheme=mains,
        transformer=[{}, {"transformer_id": "TR2", "mp_id": "M2", "kva": 200}],
        reading=[*readings(total=0, max_demand=300), reading("total", 0, mp_id="M2", meter_id="A2")],
    )
    assert charged(given, "basic_yuan") == [("14160",), ("5900",)]


def test_charges_that_differ() -> None:
    """Issued: the right energy in two lines, a step that is not due, an adjustment that names a point; not issued: the fund."""
    line = {
        "component": "energy",
        "register": "total",
        "quantity": 50,
        "unit_price": "0.5",
        "amount_yuan": 25,
    }
    given = one_customer(
        price=[price("energy", "0.5", "total"), price("fund", "0.02")],
        price_scheme=[scheme("OWN")],
        reading=readings(total=100),
        bill=[bill(total_yuan=53)],
        bill_line=[
            {"line_no": 1, "mp_id": "M1", **line},
            {"line_no": 2, "mp_id": "M1", **line},
            {"line_no": 3, "mp_id": "M1", "item": "step", "component": "step2", "register": "any", "quantity": 20, "amount_yuan": 1},
            {"line_no": 4, "mp_id": "M1", "item": "pf_adjustment", "amount_yuan": 2},
        ],
    )  # fmt: skip
    found = {
        row["item"]: (
            row["mp_id"],
            str(row["issued_yuan"]),
            str(row["due_yuan"]),
            row["issued_quantity"],
            row["due_quantity"],
        )
        for row in differences(given)
    }
    assert found == {
        "step": ("M1", "1.00", "0.00", 20, None),
        "fund": ("M1", "0.00", "2.00", None, 100),
        "pf_adjustment": (None, "2.00", "0.00", None, None),
    }
    assert str(only(given)["difference_yuan"]) == "1.00"
