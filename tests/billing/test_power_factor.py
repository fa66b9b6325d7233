"""The power factor and what it adds to a bill or takes off."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.power_factor import (
    UnknownStandard,
    adjustment_pct,
    adjustment_table,
    adjustment_yuan,
    power_factor,
    power_factor_of_ratio,
    readjusted_yuan,
    rounded_factor,
)

kwh = st.integers(0, 10**9)


@pytest.mark.parametrize(("computed", "expected"), [("0.855", "0.86"), ("0.754", "0.75"), ("0.885", "0.89")])
def test_half_goes_up(computed: str, expected: str) -> None:
    assert str(rounded_factor(Decimal(computed))) == expected


@pytest.mark.parametrize(
    ("active", "reactive", "expected"),
    [
        ("20000", "12000", "0.86"),  # 0.8575
        ("42268", "17716", "0.92"),  # 0.9223
        ("15000", "7000", "0.91"),  # 0.9062
        ("27725", "19200", "0.82"),  # 0.8221
        ("40000", "30000", "0.80"),
        ("60554", "29374", "0.90"),  # 0.8997
        ("0", "5", "0.00"),
        ("5", "0", "1.00"),
        ("0.4", "0.3", "0.80"),
        ("-10", "5", "0.00"),
    ],
)
def test_from_energy(active: str, reactive: str, expected: str) -> None:
    assert str(power_factor(Decimal(active), Decimal(reactive))) == expected


def test_without_energy_there_is_no_factor() -> None:
    assert power_factor(Decimal(0), Decimal(0)) is None


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [("0.2279", "0.98"), ("0.3461", "0.95"), ("1.1231", "0.66"), ("1.1536", "0.66"), ("1.3508", "0.59"),
     ("2.9099", "0.32"), ("3.6387", "0.26")],
)  # fmt: skip
def test_from_the_ratio_of_the_table(ratio: str, expected: str) -> None:
    assert power_factor_of_ratio(Decimal(ratio)) == Decimal(expected)


@pytest.mark.parametrize(
    ("standard", "factor", "expected"),
    [
        ("0.90", "1.00", "-0.75"), ("0.90", "0.94", "-0.60"), ("0.90", "0.90", "0"), ("0.90", "0.70", "10"),
        ("0.90", "0.65", "15"), ("0.90", "0.60", "25"), ("0.90", "0.52", "41"), ("0.90", "0.22", "101"),
        ("0.90", "0.66", "14"), ("0.85", "0.66", "9.5"), ("0.80", "0.66", "7"),
        ("0.85", "0.95", "-1.10"), ("0.85", "0.93", "-0.95"), ("0.85", "0.90", "-0.5"), ("0.85", "0.64", "11"),
        ("0.85", "0.62", "13"), ("0.85", "0.26", "83"),
        ("0.80", "1.00", "-1.30"), ("0.80", "0.93", "-1.30"), ("0.80", "0.86", "-0.6"), ("0.80", "0.65", "7.5"),
    ],
)  # fmt: skip
def test_the_table_of_1983(standard: str, factor: str, expected: str) -> None:
    assert adjustment_pct(Decimal(standard), Decimal(factor)) == Decimal(expected)


def test_an_unknown_standard_is_explained() -> None:
    with pytest.raises(
        UnknownStandard, match=r"standard 0\.95, power factor 0\.90; expected standard 0\.80, 0\.85, 0\.90"
    ):
        adjustment_pct(Decimal("0.95"), Decimal("0.90"))


@pytest.mark.parametrize(
    ("base", "percent", "expected"),
    [
        ("11816.16", "41", "4844.63"),  # 4844.6256
        ("11913.24", "-0.15", "-17.87"),
        ("21134", "-0.3", "-63.40"),
        ("48555.22", "6.5", "3156.09"),  # 39262.72 + 9292.50
        ("48496.92", "-0.75", "-363.73"),  # 39204.42 + 9292.50
        ("100", "0", "0.00"),
    ],
)
def test_the_adjustment(base: str, percent: str, expected: str) -> None:
    assert str(adjustment_yuan(Decimal(base), Decimal(percent))) == expected


def test_a_bill_with_the_wrong_percentage() -> None:
    # 12600 holds 5 %: the base is 12000; with 9.5 % it is 13140
    assert readjusted_yuan(Decimal(12600), Decimal(5), Decimal("9.5")) == 13140


@given(kwh, kwh)
def test_the_factor_is_the_nearest_hundredth(active: int, reactive: int) -> None:
    factor = power_factor(Decimal(active), Decimal(reactive))
    if factor is None:
        assert active == reactive == 0
        return
    # (k - 1/2)/100 <= cos < (k + 1/2)/100, squared so that no root is taken
    cosine_squared = Fraction(active**2, active**2 + reactive**2)
    hundredths = int(factor * 100)
    assert hundredths == 0 or Fraction(2 * hundredths - 1, 200) ** 2 <= cosine_squared
    assert cosine_squared < Fraction(2 * hundredths + 1, 200) ** 2


@given(st.decimals(1, 10**6, places=4), st.decimals(0, 10**6, places=4), st.integers(1, 1000))
def test_the_factor_does_not_depend_on_the_unit(active: Decimal, reactive: Decimal, times: int) -> None:
    assert power_factor(active * times, reactive * times) == power_factor(active, reactive)


def test_a_better_factor_never_costs_more() -> None:
    table = adjustment_table()
    for standard in sorted({key[0] for key in table}):
        row = [table[standard, Decimal(k).scaleb(-2)] for k in range(101)]
        assert row == sorted(row, reverse=True)


@given(st.decimals(0, 10**7, places=2), st.sampled_from(["-0.75", "0.5", "14", "101"]))
def test_a_reversed_bill_cancels(base: Decimal, percent: str) -> None:
    assert adjustment_yuan(-base, Decimal(percent)) == -adjustment_yuan(base, Decimal(percent))
