"""The energy charge: cents, floating prices, quantities split by days."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.energy_charge import band_price, charge, split_by_days

prices = st.decimals(0, 3, places=9)


@pytest.mark.parametrize(
    ("kwh", "price", "expected"),
    [
        ("9375", "0.71", "6656.25"),
        ("27725", "0.457", "12670.33"),  # 12670.325
        ("50", "0.5769", "28.85"),  # 28.845
        ("0", "0.5", "0.00"),
        ("-50", "0.5769", "-28.85"),
        ("1", "0.005", "0.01"),
    ],
)
def test_cents_half_up(kwh: str, price: str, expected: str) -> None:
    assert str(charge(Decimal(kwh), Decimal(price))) == expected


def test_bands_float_by_their_ratio() -> None:
    # sharp 192 % of 0.65 = 1.248; 1200 kWh = 1497.60
    assert band_price(Decimal("0.65"), Decimal("1.92")) == Decimal("1.248")
    assert charge(Decimal(1200), band_price(Decimal("0.65"), Decimal("1.92"))) == Decimal("1497.60")


def test_a_quantity_is_split_by_days() -> None:
    # 1000 over 31 days, cut after 10 and 20: 322.58 -> 323, 645.16 -> 645, so 323, 322, 355
    assert split_by_days(Decimal(1000), [10, 20, 31], 31) == [323, 322, 355]
    assert split_by_days(Decimal(1000), [31], 31) == [1000]


@given(st.integers(-(10**7), 10**7).map(Decimal), st.sets(st.integers(1, 365), min_size=1, max_size=6))
def test_segments_add_up(kwh: Decimal, cuts: set[int]) -> None:
    offsets = sorted(cuts)
    segments = split_by_days(kwh, offsets, offsets[-1])
    assert sum(segments) == kwh
    assert all(segment * kwh >= 0 for segment in segments)


@given(st.integers(0, 10**7), st.integers(0, 10**7), prices)
def test_more_energy_never_costs_less(kwh: int, more: int, price: Decimal) -> None:
    assert charge(Decimal(kwh + more), price) >= charge(Decimal(kwh), price)


@given(st.integers(0, 10**7).map(Decimal), prices)
def test_a_reversed_line_cancels(kwh: Decimal, price: Decimal) -> None:
    assert charge(-kwh, price) == -charge(kwh, price)
