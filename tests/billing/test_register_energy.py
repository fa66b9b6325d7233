"""From readings to energy: multipliers, rollovers, whole kWh."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.register_energy import (
    multiplier,
    register_difference,
    rollover_accepted,
    whole,
    whole_quotient,
)

readings = st.decimals(0, 99999, places=2)


def test_a_high_side_meter_has_both_ratios() -> None:
    # PT 10000/100, CT 50/5: 100 x 10; the register runs from 165 to 235: 70 x 1000 kWh.
    factor = multiplier(Decimal(10), Decimal(100))
    assert factor == 1000
    assert register_difference(Decimal(165), Decimal(235), 6)[0] * factor == 70000


@pytest.mark.parametrize(
    ("start", "end", "digits", "expected"),
    [
        ("99850", "120", 5, ("270", True)),  # 100000 + 120 - 99850
        ("1200", "1850", 5, ("650", False)),
        ("1850", "1850", 5, ("0", False)),
        ("999999.5", "0.5", 6, ("1.0", True)),
        ("1850", "1200", None, ("-650", False)),  # digits unknown: it stays backward
    ],
)
def test_rollover(start: str, end: str, digits: int | None, expected: tuple[str, bool]) -> None:
    found = register_difference(Decimal(start), Decimal(end), digits)
    assert found == (Decimal(expected[0]), expected[1])


def test_a_rollover_is_accepted_up_to_what_the_capacity_can_pass() -> None:
    # 315 kVA x 720 h x 1.2 = 272160 kWh
    capacity, factor = Decimal(315), Decimal("1.2")
    assert rollover_accepted(Decimal(272160), capacity, 720, factor)
    assert not rollover_accepted(Decimal(272161), capacity, 720, factor)


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("0.5", 0, "1"),
        ("1.5", 0, "2"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("2.4999", 0, "2"),
        ("2.345", 2, "2.35"),
    ],
)
def test_half_goes_up(value: str, places: int, expected: str) -> None:
    assert str(whole(Decimal(value), places)) == expected


@given(st.decimals(-(10**9), 10**9, places=4), st.decimals("0.0001", 10**9, places=4))
def test_a_quotient_is_rounded_once(top: Decimal, bottom: Decimal) -> None:
    exact = Fraction(top) / Fraction(bottom)
    units = int(abs(exact) + Fraction(1, 2))
    assert whole_quotient(top, bottom) == (units if exact >= 0 else -units)


@given(readings, readings, st.integers(5, 8))
def test_a_register_never_runs_more_than_its_dial(start: Decimal, end: Decimal, digits: int) -> None:
    difference, wrapped = register_difference(start, end, digits)
    assert 0 <= difference < 10**digits
    assert wrapped is (end < start)


@given(st.decimals(-(10**6), 10**6, places=3))
def test_rounding_is_symmetric(value: Decimal) -> None:
    assert whole(-value) == -whole(value)
