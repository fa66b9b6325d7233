"""The line sheet of a case: the worked examples of the trade to the cent, splits, versions, limits, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jicha.billing.policies import shipped_policies
from jicha.casework import BookPrices
from jicha.settle.problems import ImpossibleInput, MultipleAboveLaw, NoLaw
from jicha.settle.sheet.case import ScenarioSheet, read_case, read_case_text, settle_case
from jicha.settle.sheet.fields import CaseProblem
from jicha.settle.sheet.lines import BACK_PAY, CHARGE
from jicha.settle.sheet.local_law import local_law
from jicha.settle.sheet.prices import NoPrices

OLD, NEW = "2024-05-01", "2026-03-02"  # days on which something is found under the rule of 1996 and of 2024
CHANGE = date(2024, 6, 1)


def _settle(*acts: dict[str, Any], found_on: str = OLD, prices: Any = None, **case: Any) -> ScenarioSheet:
    content = {"case": "X", "found_on": found_on, "customer": {}, "acts": list(acts)} | case
    return settle_case(read_case(content, "test", local_law), prices or NoPrices()).scenarios[0]


def _money(sheet: ScenarioSheet) -> tuple[str, str]:
    return str(sheet.back_pay_yuan), str(sheet.charge_yuan)


# ── worked examples of the trade: the table of golden vectors, each with the source that it names ────────────────


def test_g01_two_loads_on_a_residents_line() -> None:
    """A published answer: 5 × 12 × 90 and 3 × 6 × 90 kWh; 1,590.084 yuan; twice that before rounding."""
    loads = [
        {"name": "power", "kw": "5", "price": "0.7625"},
        {"name": "shop", "kw": "3", "lighting": "true", "price": "0.8895"},
    ]
    sheet = _settle({"act": "low_price_line", "price_billed": "0.5653", "loads": loads})
    assert [str(line.quantity.normalize()) for line in sheet.lines[:2]] == ["5.4E+3", "1.62E+3"]
    assert _money(sheet) == ("1590.08", "3180.17")
    assert _money(_settle({"act": "low_price_line", "price_billed": "0.5653", "loads": loads}, charge_of_rounded="true"))[1] == "3180.16"  # fmt: skip


def test_g02_a_shop_at_home_by_its_metered_months() -> None:
    """A published answer: 650 kWh × 0.3."""
    loads = [{"kwh": "650", "price": "0.8"}]
    sheet = _settle({"act": "low_price_line", "price_billed": "0.5", "loads": loads})
    assert _money(sheet) == ("195.00", "390.00")
    assert (sheet.lines[0].billed_yuan, sheet.lines[0].due_yuan) == (325, 520)


def test_g03_capacity_above_the_contract() -> None:
    """200 × 29.5 × 3 = 17,700; × 3. A customer of one part: 200 × 50."""
    act = {"act": "over_capacity", "capacity": "200", "price": "29.5", "from": "2024-01-15", "months": "3"}
    assert _money(_settle(act, customer={"two_part": "true"})) == ("17700.00", "53100.00")
    assert _money(_settle({"act": "over_capacity", "capacity": "200"})) == ("0.00", "10000.00")


def test_g04_suspended_capacity() -> None:
    """250 × 29.5 × 2 = 14,750; × 2. Other customers 250 × 30 each time."""
    act = {
        "act": "suspended_or_sealed",
        "capacity": "250",
        "price": "29.5",
        "from": "2024-01-31",
        "months": "2",
    }
    assert _money(_settle(act, customer={"two_part": "true"})) == ("14750.00", "29500.00")
    assert _settle({"act": "suspended_or_sealed", "capacity": "250", "times": "2"}).total_yuan == 15000


def test_g05_tapping_for_an_unknown_time() -> None:
    """10 kW × 180 × 12 = 21,600 kWh; × 0.60; × 3."""
    sheet = _settle({"act": "theft", "price": "0.60", "quantity": {"method": "capacity", "kw": "10"}})
    assert sheet.energy_kwh == 21600
    assert _money(sheet) == ("12960.00", "38880.00")


def test_g06_the_basic_current_of_a_lighting_customer() -> None:
    """0.22 × 5 × 180 × 6 = 1,188 kWh; 639.144; three times the unrounded."""
    quantity = {"method": "meter_current", "voltage_v": "220", "current_a": "5"}
    sheet = _settle({"act": "theft", "price": "0.538", "quantity": quantity}, customer={"lighting": "true"})
    assert (sheet.energy_kwh, *_money(sheet)) == (1188, "639.14", "1917.43")


def test_g07_through_current_transformers() -> None:
    """3 × 0.22 × 5 × 40 × 180 × 12."""
    quantity = {
        "method": "meter_current",
        "voltage_v": "220",
        "current_a": "5",
        "phases": "3",
        "ct_ratio": "40",
    }
    assert _settle({"act": "theft", "price": "1", "quantity": quantity}).energy_kwh == 285120


def test_g08_g09_late_payment() -> None:
    """100 × 10 d × 1 ‰ = 1.00; 10,000 × (11 d × 2 ‰ + 15 d × 3 ‰) = 670."""
    home = {"yuan": "100", "due_on": "2026-01-05", "payments": [{"on": "2026-01-15", "yuan": "100"}]}
    shop = {"yuan": "10000", "due_on": "2025-12-20", "payments": [{"on": "2026-01-15", "yuan": "10000"}]}
    assert _settle({"act": "late_payment", "bills": [home]}, customer={"residential": "yes"}).late_fee_yuan == 1  # fmt: skip
    assert _settle({"act": "late_payment", "bills": [shop]}).late_fee_yuan == 670


def test_g16_a_slow_meter() -> None:
    """0.05 ÷ 0.95 × 50,000 × ½ = 1,315.79 kWh, at 0.5 yuan 657.89."""
    act = {
        "act": "back_billing", "fault": "meter_or_transformer_error", "recorded_kwh": "50000", "error_pct": "-5", "from": "2023-01-01",
        "until": "2024-04-01", "price": "0.5",
    }  # fmt: skip
    sheet = _settle(act)
    assert (sheet.energy_kwh.quantize(Decimal("0.01")), sheet.back_pay_yuan) == (
        Decimal("1315.79"),
        Decimal("657.89"),
    )
    assert (sheet.lines[0].billed_yuan, sheet.lines[0].due_yuan) == (Decimal("25000.00"), Decimal("25657.89"))


# ── the other acts and methods, worked out by hand ─────────────────────────────────────────────────────────────


def test_each_time_and_by_kw() -> None:
    """500 and 5,000 each time; 30 kW × 500; 100 kW × 1 × 2 + 1,000 kWh × 0.5 × 5."""
    moved = {"act": "moved_equipment", "times": "2"}
    assert _settle(moved, customer={"residential": "true"}).total_yuan == 1000
    assert _settle(moved).total_yuan == 10000
    assert _settle({"act": "unauthorised_source", "capacity": "30"}).total_yuan == 15000
    quota = {
        "act": "exceeded_quota",
        "on": "2010-01-01",
        "excess_kw": "100",
        "excess_kwh": "1000",
        "times": "2",
        "price": "0.5",
    }
    assert _settle(quota).total_yuan == 2700
    with pytest.raises(NoLaw, match="exceeded_quota"):
        _settle(quota | {"on": "2024-06-01"})


def test_sealed_equipment_that_was_never_allowed_counts_under_both_items() -> None:
    """100 kVA × 30 × 1 month is owed once: 3,000; 2 × and 3 × of it. By kW: 100 × 30 and 100 × 50."""
    act = {"act": "suspended_or_sealed", "capacity": "100", "also_over_capacity": "true"}
    two = act | {"price": "30", "from": "2024-02-01", "months": "1", "two_part": "true"}
    assert _money(_settle(two)) == ("3000.00", "15000.00")
    assert _money(_settle(act)) == ("0.00", "8000.00")


@pytest.mark.parametrize(
    ("quantity", "kwh"),
    [
        ({"method": "proved", "kwh": "1234.5"}, "1234.5"),
        ({"method": "factor", "recorded_kwh": "50000", "factor": "1.125"}, "6250"),
        (
            {"method": "normal_use", "normal_month_kwh": "900", "months": "6", "recorded_kwh": "1400"},
            "4000",
        ),
        (
            {"method": "master_meter", "sub_meters_kwh": "9000", "loss_kwh": "100", "master_kwh": "7000"},
            "2100",
        ),
        (
            {
                "method": "unit_product",
                "unit_kwh": "2.5",
                "output": "4000",
                "auxiliary_kwh": "300",
                "recorded_kwh": "6300",
            },
            "4000",
        ),
    ],
)
def test_the_methods_of_quantity(quantity: dict[str, str], kwh: str) -> None:
    sheet = _settle(
        {"act": "theft", "from": "2024-01-01", "until": "2024-04-01", "price": "1", "quantity": quantity}
    )
    assert sheet.energy_kwh == Decimal(kwh)
    assert sheet.charge_yuan == 3 * Decimal(kwh)


def test_what_the_meter_showed_is_deducted_at_the_meters_current_only() -> None:
    """132 kW × 180 × 12 − 5,120 = 280,000; of the billed energy the price is shown as billed. At the equipment's power nothing is deducted."""
    at_current = {
        "method": "meter_current",
        "voltage_v": "220",
        "current_a": "5",
        "phases": "3",
        "ct_ratio": "40",
    }
    act = {"act": "theft", "price": "0.5", "metered_kwh": "5120", "quantity": at_current}
    sheet = _settle(act)
    assert (sheet.energy_kwh, sheet.lines[0].billed_yuan, sheet.back_pay_yuan) == (280000, 2560, 140000)
    assert _settle(act | {"quantity": {"method": "capacity", "kw": "10"}}).energy_kwh == 21600
    deducted = act | {"quantity": {"method": "capacity", "kw": "10"}, "deduct_metered": "true"}
    assert _settle(deducted).energy_kwh == 16480
    with pytest.raises(ImpossibleInput, match="not below what the meter showed"):
        _settle(deducted | {"metered_kwh": "21601"})


def test_back_billing_of_every_fault() -> None:
    """50,000 × (3/2 − 1); 40,000 × (80/60 − 1) × 0.6 = 8,000; 100 × (60 − 40); 3 × 900 − 1,700; 10,000 × (2.5 − 0.5) %."""
    common = {"act": "back_billing", "from": "2023-01-01", "until": "2024-01-01", "price": "0.6"}
    for told, kwh in (
        ({"fault": "wrong_wiring", "recorded_kwh": "50000", "lost_phases": "1"}, "25000"),
        ({"fault": "wrong_wiring", "recorded_kwh": "50000", "factor": "1.5"}, "25000"),
        ({"fault": "wrong_wiring", "recorded_kwh": "100", "three_wire_fault": "B_voltage_lost"}, "100"),
        ({"fault": "wrong_multiplier", "billed_kwh": "40000", "actual_multiplier": "40", "used_multiplier": "60"}, "-13333.333333"),
        ({"fault": "wrong_multiplier", "register_difference": "100", "actual_multiplier": "60", "used_multiplier": "40"}, "2000"),
        ({"fault": "voltage_fuse", "normal_month_kwh": "900", "months": "3", "recorded_kwh": "1700"}, "1000"),
        ({"fault": "voltage_fuse", "recorded_kwh": "1700", "lost_phases": "2"}, "3400"),
        ({"fault": "other_causes", "normal_month_kwh": "900", "months": "3", "recorded_kwh": "1700"}, "1000"),
        ({"fault": "wire_voltage_drop", "recorded_kwh": "10000", "actual_drop_pct": "2.5", "allowed_drop_pct": "0.5"}, "200"),
    ):  # fmt: skip
        sheet = _settle(common | told)
        assert sheet.energy_kwh == Decimal(kwh), told
        assert (sheet.back_pay_yuan < 0) == kwh.startswith("-"), (
            told
        )  # what is owed to the customer is negative


# ── prices by the day, bands, versions ─────────────────────────────────────────────────────────────────────────


def test_the_price_of_each_day_comes_from_the_price_book() -> None:
    """The book's price changes on 2026-08-01: purchase .41 + loss .013 + system .035 + transmission .2480, then .2412, + fund .02923875."""
    act = {
        "act": "theft", "from": "2026-07-22", "until": "2026-08-11", "price": {"tariff": "CI_SINGLE", "voltage": "lt1"}, "multiple": "1",
        "contract_clause": "8", "quantity": {"method": "capacity", "kw": "10", "hours_per_day": "10"},
    }  # fmt: skip
    sheet = _settle(act, found_on="2026-08-11", prices=BookPrices(shipped_policies()))
    prices = [
        (str(line.unit_price), line.from_day, line.quantity) for line in sheet.lines if line.kind == BACK_PAY
    ]
    assert prices == [
        ("0.73523875", date(2026, 7, 22), 1000),
        ("0.72843875", date(2026, 8, 1), 1000),
    ]
    assert _money(sheet) == ("1463.68", "1463.68")  # 735.23875 + 728.43875 = 1,463.6775
    assert "price_unverified" in {note.code for note in sheet.notes}


def test_bands_take_their_shares_and_their_prices() -> None:
    """1,000 kWh: half at peak 1.2, half at valley 0.4."""
    act = {
        "act": "theft", "from": "2024-01-01", "until": "2024-02-01", "price": {"peak": "1.2", "valley": "0.4"},
        "bands": {"peak": "0.5", "valley": "0.5"}, "quantity": {"method": "proved", "kwh": "1000"},
    }  # fmt: skip
    sheet = _settle(act)
    assert [line.difference_yuan for line in sheet.lines] == [600, 200, 2400]
    with pytest.raises(CaseProblem, match=r"add up to 0\.9"):
        _settle(act | {"bands": {"peak": "0.5", "valley": "0.4"}})


def test_the_capacity_price_of_a_two_part_customer_by_the_day() -> None:
    """One month at 30 (to 31 July 2026), one at 29.5: 100 × 59.5 = 5,950; at most twice."""
    act = {
        "act": "suspended_or_sealed",
        "capacity": "100",
        "price": {"tariff": "CI_TWO", "voltage": "kv1_10"},
        "from": "2026-07-01",
        "until": "2026-09-01",
    }
    sheet = _settle(
        act, found_on="2026-09-01", customer={"two_part": "true"}, prices=BookPrices(shipped_policies())
    )
    assert _money(sheet) == ("5950.00", "11900.00")


def test_a_tariff_that_no_book_has_is_named() -> None:
    act = {
        "act": "theft",
        "price": {"tariff": "CI_SINGEL", "voltage": "lt1"},
        "quantity": {"method": "capacity", "kw": "1"},
    }
    with pytest.raises(ImpossibleInput, match="CI_SINGEL lt1: found none on"):
        _settle(act, prices=BookPrices(shipped_policies()))
    with pytest.raises(ImpossibleInput, match="no price books"):
        _settle(act)


def test_a_case_over_the_change_of_the_rule_is_split() -> None:
    """Ten days of each version, 1,200 kWh × 0.6 each: 3 × 720 fixed, 2 × 720 by the contract under a ceiling of 3."""
    act = {
        "act": "theft", "from": "2024-05-22", "until": "2024-06-11", "price": "0.6", "multiple": {"2024": "2"}, "contract_clause": "第八条",
        "quantity": {"method": "capacity", "kw": "10", "hours_per_day": "12"},
    }  # fmt: skip
    lines = _settle(act, found_on="2024-06-11").lines
    assert [(line.law.version, line.kind, line.difference_yuan, line.limit) for line in lines] == [
        ("1996", BACK_PAY, 720, ""),
        ("2024", BACK_PAY, 720, ""),
        ("1996", CHARGE, 2160, "= 3 ×"),
        ("2024", CHARGE, 1440, "≤ 3 ×"),
    ]
    assert [line.is_clause_confirmed for line in lines] == [True, False, True, False]


@pytest.mark.parametrize(("offset", "versions"), [(-1, {"1996"}), (0, {"1996"}), (1, {"1996", "2024"})])
def test_the_last_day_before_the_change(offset: int, versions: set[str]) -> None:
    """An act that ends on 31 May, 1 June (excluded) or 2 June (excluded)."""
    until = CHANGE + timedelta(days=offset)
    act = {
        "act": "theft",
        "from": "2024-05-20",
        "until": str(until),
        "price": "1",
        "quantity": {"method": "capacity", "kw": "1"},
    }
    assert {line.law.version for line in _settle(act, found_on=str(until)).lines} == versions


def test_a_ceiling_without_a_contract_clause_is_said_to_be_the_most() -> None:
    act = {"act": "theft", "price": "1", "quantity": {"method": "capacity", "kw": "1"}}
    notes = {note.code: dict(note.values) for note in _settle(act, found_on=NEW).notes}
    assert notes["no_contract_clause"] == {"multiple": "3", "highest": "3", "version": "2024"}
    told = {
        note.code for note in _settle(act | {"contract_clause": "8", "multiple": "2"}, found_on=NEW).notes
    }
    assert "no_contract_clause" not in told
    below = _settle(act | {"multiple": "2"}).notes
    assert ("multiple_below_fixed", "3") in {(note.code, dict(note.values).get("fixed")) for note in below}


@pytest.mark.parametrize(("multiple", "allowed"), [("2.99", True), ("3", True), ("3.01", False)])
def test_the_multiple_at_its_ceiling(multiple: str, allowed: bool) -> None:
    act = {
        "act": "theft",
        "price": "1",
        "multiple": multiple,
        "contract_clause": "8",
        "quantity": {"method": "proved", "kwh": "1"},
    }
    if allowed:
        assert _settle(act, found_on=NEW).charge_yuan == Decimal(multiple)
    else:
        with pytest.raises(MultipleAboveLaw, match="at most 3 times"):
            _settle(act, found_on=NEW)


# ── local rules, scenarios, and cases that are wrong ───────────────────────────────────────────────────────────


def test_a_local_rule_that_nobody_read_says_so() -> None:
    act = {
        "act": "theft",
        "local_act": "altered_ratio",
        "price": "1",
        "quantity": {
            "method": "unit_product",
            "unit_kwh": "2",
            "output": "100",
            "auxiliary_kwh": "0",
            "recorded_kwh": "50",
        },
    }
    sheet = _settle(act)
    assert sheet.lines[0].addition == "地方条例 (?)"
    assert {dict(note.values)["rule"] for note in sheet.notes if note.code == "local_rule_unread"} == {"altered_ratio", "unit_product"}  # fmt: skip
    with pytest.raises(CaseProblem, match=r"local_act: is 'flying'; write one of altered_ratio"):
        _settle(act | {"local_act": "flying"})


PROVINCE = """
book: own
title: {zh: 某省, en: Some province}
acts: [{act: own_act, zh: 甲, en: a, source: 某省条例, article: "第9条", mark: "V:S00", verified: true}]
provisions:
  - {provision: theft_charge, version: own, valid_from: 2025-01-01, valid_to: 2026-01-01, source: 某省条例, article: "12", mark: "V:S00", verified: true,
     values: {multiple: "2", multiple_is_ceiling: true}}
"""


def test_a_province_of_ones_own_goes_before_the_national_rule_on_its_days(tmp_path: Path) -> None:
    """2 × from 2025 to 2025-12-31, the national ceiling of 3 before and after; two days of each at 1 yuan a day."""
    (tmp_path / "own.yaml").write_text(PROVINCE, encoding="utf-8")
    quantity = {"method": "capacity", "kw": "1", "hours_per_day": "1"}
    found = []
    for first in ("2024-12-31", "2025-12-31"):
        last = date.fromisoformat(first) + timedelta(days=2)
        act = {
            "act": "theft",
            "from": first,
            "until": str(last),
            "price": "1",
            "quantity": quantity,
            "local_act": "own_act",
        }
        content = {"case": "X", "found_on": str(last), "customer": {}, "province": "own", "acts": [act]}
        case = read_case(content, "test", lambda name: local_law(name, tmp_path))
        lines = settle_case(case, NoPrices()).scenarios[0].lines
        found.append([(line.law.version, line.difference_yuan) for line in lines if line.kind == CHARGE])
        assert lines[0].addition == "某省条例 第9条"
    assert found == [[("2024", 3), ("own", 2)], [("own", 2), ("2024", 3)]]
    for name in ("other", "../own"):
        with pytest.raises(ImpossibleInput, match="one of seen, own"):
            local_law(name, tmp_path)


def test_a_book_that_lacks_something_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("book: own\nacts: [{act: a}]\ntitle: {}\n", encoding="utf-8")
    with pytest.raises(ImpossibleInput, match=r"own\.yaml: found KeyError 'zh'"):
        local_law("own", tmp_path)


def test_two_scenarios_side_by_side() -> None:
    """A 21,600 kWh × 0.6 and × 3; B 1,000 kWh proved; the difference of every sum."""
    one = {"acts": [{"act": "theft", "price": "0.6", "quantity": {"method": "capacity", "kw": "10"}}]}
    two = {
        "title": "proved",
        "acts": [{"act": "theft", "price": "0.6", "quantity": {"method": "proved", "kwh": "1000"}}],
    }
    content = {"case": "X", "found_on": OLD, "customer": {}, "scenarios": {"A": one, "B": two}}
    sheet = settle_case(read_case(content, "test", local_law), NoPrices())
    assert [one.total_yuan for one in sheet.scenarios] == [51840, 2400]
    difference = sheet.difference()
    assert difference is not None
    assert (difference["energy_kwh"], difference["total_yuan"]) == (-20600, -49440)


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    text = """
case: X
found_on: 2024-13-01
customer: {residentail: yes}
acts:
  - {act: theft, price: 0.6x, quantity: {method: magic}, unkown: 1}
  - {act: over_capacity, capacity: -5, two_part: true}
  - {act: theft, from: 2024-02-02, until: 2024-02-02, price: 1, quantity: {method: proved, kwh: 1}}
  - {act: theft, periods: [{from: 2024-01-01, until: 2024-01-10}, {from: 2024-01-09, until: 2024-01-20}], price: 1, quantity: {method: proved, kwh: 1}}
"""
    with pytest.raises(CaseProblem) as caught:
        read_case_text(text, "x.yaml", local_law)
    told = "\n".join(caught.value.problems)
    for part in (
        "found_on: is '2024-13-01'", "customer.residentail: is not known here", "acts[1].price: is '0.6x'",
        "acts[1].quantity.method: is 'magic'; write one of proved", "acts[1].unkown: is not known here", "acts[2].capacity: is -5; write 0 or more",
        "acts[2]: a two-part customer needs price", "acts[3].until: is 2024-02-02; write the first day after the act", "acts[4].periods: holds 2024-01-09 twice",
    ):  # fmt: skip
        assert part in told, (part, told)


def test_a_text_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(CaseProblem, match="is no YAML"):
        read_case_text("acts: [", "x.yaml", local_law)
