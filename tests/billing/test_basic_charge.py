"""The basic charge by capacity and by demand, in whole and part months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.basic_charge import (
    average_kva,
    billed_days,
    billed_demand_kw,
    breakeven_share,
    calendar_days,
    capacity_charge,
    contract_limit_kw,
    demand_charge,
    demand_price,
    folded_demand_kw,
    is_whole_month,
    kva_days,
    month_divisor,
    relief_days,
)
from jicha.billing.register_energy import whole

LIMIT, FLOOR = Decimal("1.05"), Decimal("0.40")
RULE_OF_2024 = date(2024, 6, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def billed(
    actual: int | str, contract: int, kva: int | None = None, overrun: str = "actual_plus_excess"
) -> Decimal:
    capacity = None if kva is None else Decimal(kva)
    return billed_demand_kw(Decimal(actual), Decimal(contract), capacity, LIMIT, FLOOR, overrun)


@pytest.mark.parametrize(
    ("days", "divisor", "price", "kva", "expected"),
    [
        (12, 28, "29.5", 315, "3982.50"),  # the rule of 2024 in a February
        (12, 30, "29.5", 315, "3717.00"),  # the rule of 1996
        (20, 30, "28", 1250, "23333.33"),
        (21, 31, "28", 1250, "23709.68"),  # 23709.677
        (18, 28, "28", 1250, "22500.00"),
        (30, 30, "23", 1200, "27600.00"),
    ],
)
def test_part_months_by_capacity(days: int, divisor: int, price: str, kva: int, expected: str) -> None:
    amount = capacity_charge(kva_days([(Decimal(kva), days)]), Decimal(price), divisor)
    assert amount == Decimal(expected)


def test_a_transformer_added_in_the_month() -> None:
    # 400 all April, 200 from the 14th: (400 x 30 + 200 x 17) x 20/30 = 10266.67
    units = kva_days([(Decimal(400), 30), (Decimal(200), 17)])
    assert capacity_charge(units, Decimal(20), 30) == Decimal("10266.67")
    assert average_kva(units, 30) == Decimal("513.3333")


def test_a_suspension_frees_from_the_day_of_sealing() -> None:
    # 1000 kVA sealed on 11 July, 630 kVA all the month: (1000 x 10 + 630 x 31) x 28/31 = 26672.26
    off = relief_days(day("2026-07-01"), day("2026-08-01"), day("2026-07-11"), day("2026-09-01"), 15)
    assert off == 21
    units = kva_days([(Decimal(1000), 31 - off), (Decimal(630), 31)])
    assert capacity_charge(units, Decimal(28), 31) == Decimal("26672.26")


@pytest.mark.parametrize(("until", "expected"), [("2026-08-19", 0), ("2026-08-20", 15), ("2026-10-01", 27)])
def test_a_suspension_under_fifteen_days_is_charged_in_full(until: str, expected: int) -> None:
    assert relief_days(day("2026-08-01"), day("2026-09-01"), day("2026-08-05"), day(until), 15) == expected


def test_half_the_charge_during_a_suspension() -> None:
    # within two years of connection, 1996: 1000 x (10 + 0.5 x 20) + 630 x 30, x 15/30 = 19450
    units = kva_days([(Decimal(1000), 10 + Decimal("0.5") * 20), (Decimal(630), 30)])
    assert capacity_charge(units, Decimal(15), 30) == 19450


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2026-01-01", "2026-02-01", True),
        ("2026-01-25", "2026-02-25", True),
        ("2026-01-31", "2026-02-28", True),
        ("2026-12-25", "2027-01-25", True),
        ("2026-01-25", "2026-02-24", False),
        ("2026-01-01", "2026-03-01", False),
        ("2026-01-30", "2026-02-27", False),
    ],
)
def test_whole_months(begin: str, end: str, expected: bool) -> None:
    assert is_whole_month(day(begin), day(end)) is expected


@pytest.mark.parametrize(
    ("begin", "expected"),
    [("2024-05-31", 30), ("2024-06-01", 30), ("2024-07-01", 31), ("2026-02-11", 28), ("2028-02-01", 29)],
)
def test_what_a_day_is_divided_by(begin: str, expected: int) -> None:
    assert month_divisor(day(begin), RULE_OF_2024, 30) == expected
    assert calendar_days(day("2026-12-05")) == 31


def test_a_whole_month_of_31_days_divided_by_30_is_one_month() -> None:
    assert billed_days(31, 31, 30) == 30
    assert billed_days(13, 31, 30) == 13
    assert billed_days(30, 31, 30) == 30
    assert billed_days(28, 28, 30) == 30


@pytest.mark.parametrize(("actual", "expected"), [(1049, "47200.00"), (1050, "47200.00"), (1200, "63720.00")])
def test_demand_over_the_contract(actual: int, expected: str) -> None:
    # contract 1000 kW at 47.2; 1200 + (1200 - 1050) = 1350 kW
    assert demand_charge(billed(actual, 1000), Decimal("47.2")) == Decimal(expected)


@pytest.mark.parametrize(
    ("actual", "overrun", "expected"),
    [
        (1100, "actual_plus_excess", 1150),
        (1300, "actual_plus_excess", 1550),
        (1100, "contract_plus_double_excess", 1100),
        (1100, "over100_double_min95", 1200),
        (1040, "over100_double_min95", 1040),
        (960, "over100_double_min95", 960),
        (900, "over100_double_min95", 950),
        (900, "contract_plus_double_excess", 1000),
    ],
)
def test_the_readings_of_the_overrun(actual: int, overrun: str, expected: int) -> None:
    assert billed(actual, 1000, None, overrun) == expected


def test_a_contract_below_forty_percent_is_lifted() -> None:
    # contract 300 kW on 1000 kVA: 400 kW; 380 kW drawn are within it, 430 are over 420
    assert contract_limit_kw(Decimal(300), Decimal(1000), FLOOR) == 400
    assert billed(380, 300, 1000) == 400
    assert billed(430, 300, 1000) == 440


def test_no_capacity_in_service_no_charge() -> None:
    assert billed(0, 300, 0) == 0


def test_demand_in_a_part_month() -> None:
    # 1000 kW x 38 x 12/28 = 16285.714
    assert demand_charge(Decimal(1000), Decimal(38), 12, 28) == Decimal("16285.71")


@pytest.mark.parametrize(("kwh", "expected"), [(260000, "36.0"), (259999, "40")])
def test_the_discount_from_260_kwh_a_kva(kwh: int, expected: str) -> None:
    found = demand_price(Decimal(40), Decimal(kwh), Decimal(1000), Decimal(260), Decimal("0.9"))
    assert found == Decimal(expected)


def test_without_contract_capacity_there_is_no_discount() -> None:
    assert demand_price(Decimal(40), Decimal(1), Decimal(0), Decimal(260), Decimal("0.9")) == 40


def test_breakeven() -> None:
    assert whole(100 * breakeven_share(Decimal(28), Decimal(38))) == 74  # 73.68 %


def test_resold_loads_are_folded_into_demand() -> None:
    # 18000/180 + 54000/540 + 2700/270 = 100 + 100 + 10
    loads = [(18000, 180), (54000, 540), (2700, 270)]
    assert folded_demand_kw((Decimal(kwh), Decimal(hours)) for kwh, hours in loads) == 210


@given(st.integers(0, 3000), st.integers(0, 500), st.integers(0, 2000), st.integers(1, 5000))
def test_more_demand_never_costs_less(actual: int, more: int, contract: int, kva: int) -> None:
    assert billed(actual + more, contract, kva) >= billed(actual, contract, kva)


@given(st.integers(1, 20000), st.integers(28, 31), st.integers(0, 31), st.decimals(10, 50, places=4))
def test_the_parts_of_a_month_stay_within_it(kva: int, divisor: int, days: int, price: Decimal) -> None:
    part = capacity_charge(kva_days([(Decimal(kva), min(days, divisor))]), price, divisor)
    assert 0 <= part <= capacity_charge(kva_days([(Decimal(kva), divisor)]), price, divisor)
