"""What comes off a main point, and how a total is shared."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.deductions import deduct_from_bands, share_by_energy, take_fixed

whole_kwh = st.integers(0, 10**7).map(Decimal)


def decimals(*values: int | str) -> list[Decimal]:
    return [Decimal(value) for value in values]


def test_fixed_ratio_is_rounded_to_whole_kwh() -> None:
    # 12 % of 12345 = 1481.4 -> 1481; 10864 are left
    assert take_fixed(Decimal(12345), [], decimals("0.12")) == (decimals(1481), Decimal(10864))


def test_fixed_quantities_come_before_ratios() -> None:
    # 10000 - 2000 = 8000; 25 % and 10 % of the same 8000
    parts, left = take_fixed(Decimal(10000), decimals(2000), decimals("0.25", "0.10"))
    assert (parts, left) == (decimals(2000, 2000, 800), Decimal(5200))


def test_a_fixed_quantity_takes_no_more_than_is_left() -> None:
    assert take_fixed(Decimal(1500), decimals(1000, 1000), decimals("0.5")) == (
        decimals(1000, 500, 0),
        Decimal(0),
    )


def test_two_halves_of_an_odd_rest_leave_nothing_negative() -> None:
    # half of 5 is 2.5 -> 3, twice; the second gets what is left
    assert take_fixed(Decimal(5), [], decimals("0.5", "0.5")) == (decimals(3, 2), Decimal(0))


def test_loss_of_one_transformer_shared_by_three_points() -> None:
    # 1220 x 268/27818 = 11.75 -> 12; 1220 x 990/27818 = 43.42 -> 43; workshop 1220 - 12 - 43 = 1165
    assert share_by_energy(Decimal(1220), decimals(26560, 268, 990), 0) == decimals(1165, 12, 43)


def test_without_energy_the_main_part_bears_all() -> None:
    assert share_by_energy(Decimal(461), decimals(0, 0), 1) == decimals(0, 461)


def test_bands_give_in_proportion_and_flat_takes_the_remainder() -> None:
    # 1000 of 3000/4000/2000: 333.3 -> 333, 222.2 -> 222, flat 1000 - 555 = 445
    bands = {"peak": Decimal(3000), "flat": Decimal(4000), "valley": Decimal(2000)}
    assert deduct_from_bands(bands, Decimal(1000)) == {
        "peak": Decimal(2667),
        "flat": Decimal(3555),
        "valley": Decimal(1778),
    }


def test_without_a_flat_band_the_largest_takes_the_remainder() -> None:
    # 10 of 10/20: 3.3 -> 3 from peak, 7 from valley
    bands = {"peak": Decimal(10), "valley": Decimal(20)}
    assert deduct_from_bands(bands, Decimal(10)) == {"peak": Decimal(7), "valley": Decimal(13)}


@given(whole_kwh, st.lists(whole_kwh, min_size=1, max_size=6), st.data())
def test_shares_add_up(total: Decimal, parts: list[Decimal], data: st.DataObject) -> None:
    main = data.draw(st.integers(0, len(parts) - 1))
    assert sum(share_by_energy(total, parts, main)) == total


@given(whole_kwh, st.lists(whole_kwh, max_size=3), st.lists(st.decimals(0, 1, places=2), max_size=3))
def test_parts_and_rest_are_the_main_energy(
    main: Decimal, fixed: list[Decimal], ratios: list[Decimal]
) -> None:
    parts, left = take_fixed(main, fixed, ratios)
    assert sum(parts) + left == main
    assert left >= 0
    assert all(part >= 0 for part in parts)


@pytest.mark.parametrize("amount", [0, 1, 5000, 9000])
def test_all_bands_can_be_emptied(amount: int) -> None:
    bands = {"peak": Decimal(3000), "flat": Decimal(4000), "valley": Decimal(2000)}
    assert sum(deduct_from_bands(bands, Decimal(amount)).values()) == 9000 - amount
