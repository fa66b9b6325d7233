"""Properties of money and months over generated values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.errors import ExplainedError
from jicha.money import divide_half_up, round_half_up, yuan
from jicha.periods import add_months, month_range, month_text, next_month, parse_month

amounts = st.decimals(min_value="-99999999999.9999", max_value="99999999999.9999", places=4, allow_nan=False)
places = st.integers(0, 9)
months = st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(lambda day: day.replace(day=1))


def half_up(value: Fraction, digits: int) -> Decimal:
    """Schoolbook rounding on exact fractions, as a second opinion."""
    scaled = abs(value) * 10**digits
    units = int(scaled + Fraction(1, 2))
    with localcontext() as context:
        context.prec = 60
        return Decimal(units if value >= 0 else -units).scaleb(-digits)


@given(amounts, amounts.filter(bool), places)
def test_division_is_exact_and_half_up(top: Decimal, bottom: Decimal, digits: int) -> None:
    assert divide_half_up(top, bottom, digits) == half_up(Fraction(top) / Fraction(bottom), digits)


@given(amounts, places)
def test_rounding_is_half_up(value: Decimal, digits: int) -> None:
    assert round_half_up(value, digits) == half_up(Fraction(value), digits)


@given(amounts)
def test_yuan_is_odd_and_settled(value: Decimal) -> None:
    assert yuan(-value) == -yuan(value)
    assert yuan(yuan(value)) == yuan(value)
    assert abs(yuan(value) - value) <= Decimal("0.005")
    assert yuan(value).as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("text", "cents"), [("1.005", "1.01"), ("-1.005", "-1.01"), ("0.004999", "0.00"), ("2.675", "2.68")]
)
def test_ties_go_away_from_zero(text: str, cents: str) -> None:
    assert yuan(Decimal(text)) == Decimal(cents)


def test_division_by_zero_and_by_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_half_up(Decimal(1), Decimal(0), 2)
    with pytest.raises(ValueError, match="not a finite number"):
        divide_half_up(Decimal("NaN"), Decimal(1), 2)


@given(months, st.integers(-600, 600))
def test_adding_months_can_be_undone(month: date, count: int) -> None:
    assert add_months(add_months(month, count), -count) == month
    assert add_months(month, count).day == 1


@given(months, st.integers(0, 40))
def test_ranges_hold_each_month_once(month: date, count: int) -> None:
    listed = list(month_range(month, add_months(month, count)))
    assert len(listed) == count + 1
    assert all(next_month(a) == b for a, b in pairwise(listed))


@given(months)
def test_months_are_read_as_they_are_written(month: date) -> None:
    text = month_text(month)
    assert parse_month(text) == month
    assert parse_month(text.replace("-", "/")) == parse_month(text.replace("-", "")) == month


@given(st.text(max_size=12))
def test_any_text_is_a_month_or_explained(text: str) -> None:
    try:
        assert parse_month(text).day == 1
    except ExplainedError as error:
        assert "2026-10" in str(error)


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "202-01", "October", "", "2026-10-01", "20261301", "0000-01"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ExplainedError):
        parse_month(text)
