"""The own functions of jicha SQL against exact arithmetic of the standard library."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jicha.audit.dialect import bind, generate, parse
from jicha.audit.workspace import create_working_day
from jicha.money import divide_half_up, round_half_up

CONNECTION = duckdb.connect()
amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=4)
divisors = st.decimals(min_value=-(10**9), max_value=10**9, places=6).filter(bool)


def evaluate(text: str, **values: object) -> object:
    tree = bind(parse(f"SELECT {text} AS x", "test"), values)  # type: ignore[arg-type]
    row = CONNECTION.execute(generate(tree)).fetchone()
    assert row is not None
    return row[0]


def half_up(value: Fraction, places: int) -> Decimal:
    """Round a fraction half away from zero, by the definition."""
    scaled = abs(value) * 10**places
    units = int(scaled) + (1 if scaled - int(scaled) >= Fraction(1, 2) else 0)
    return Decimal(units if value >= 0 else -units).scaleb(-places)


@settings(max_examples=300, deadline=None)
@given(amounts, divisors, st.integers(0, 6))
def test_div_hu_is_exact(top: Decimal, bottom: Decimal, places: int) -> None:
    exact = half_up(Fraction(top) / Fraction(bottom), places)
    assert (
        evaluate(f"div_hu(CAST($a AS DECIMAL(38,4)), CAST($b AS DECIMAL(38,6)), {places})", a=top, b=bottom)
        == exact
    )
    assert divide_half_up(top, bottom, places) == exact


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("div_hu(1, 8, 2)", "0.13"),  # 0.125 is a tie
        ("div_hu(-1, 8, 2)", "-0.13"),
        ("div_hu(1, -8, 2)", "-0.13"),
        ("div_hu(2, 3, 0)", "1"),
        ("safe_div(1, 3)", "0.333333"),
        ("round_hu(CAST('1.005' AS DECIMAL(9,3)), 2)", "1.01"),  # a float would give 1.00
        ("round_hu(CAST('-2.675' AS DECIMAL(9,3)), 2)", "-2.68"),
    ],
)
def test_ties_go_away_from_zero(text: str, value: str) -> None:
    assert evaluate(text) == Decimal(value)


def test_division_by_nothing_is_unknown() -> None:
    assert evaluate("div_hu(5, 0, 2)") is None
    assert evaluate("safe_div(NULL, 3)") is None


@settings(max_examples=200, deadline=None)
@given(amounts)
def test_round_agrees_with_the_standard_library(value: Decimal) -> None:
    assert round_half_up(value, 2) == value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert evaluate("round_hu(CAST($v AS DECIMAL(38,4)), 2)", v=value) == round_half_up(value, 2)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31", "2026-02-28", 0),
        ("2026-01-31", "2026-03-31", 2),
        ("2024-02-29", "2025-02-28", 11),
        ("2024-02-29", "2025-03-01", 12),
        ("2026-10-15", "2026-10-15", 0),
    ],
)
def test_whole_months(start: str, end: str, months: int) -> None:
    values = {"a": date.fromisoformat(start), "b": date.fromisoformat(end)}
    assert evaluate("months_between_floor($a, $b)", **values) == months


def test_months_are_added_within_the_month() -> None:
    assert evaluate("add_months($d, 1)", d=date(2026, 1, 31)) == date(2026, 2, 28)
    assert evaluate("add_months($d, -2)", d=date(2026, 1, 15)) == date(2025, 11, 15)
    assert evaluate("ym($d)", d=date(2026, 10, 5)) == 2026 * 12 + 10


def test_percentile_is_a_value_that_occurs() -> None:
    tree = parse(
        "WITH v AS (SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 10) SELECT pctl(x, 0.5) AS p FROM v",
        "test",
    )
    assert CONNECTION.execute(generate(tree)).fetchone() == (2,)


def test_working_days_follow_the_shifted_calendar() -> None:
    """National Day 2026: 10-01 to 10-07 off, Saturday 10-10 worked (published holiday notice for 2026)."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE working_calendar (day DATE, is_working_day BOOLEAN)")
        create_working_day(connection, date(2026, 1, 1), date(2026, 12, 31))
        text = generate(
            bind(
                parse("SELECT workdays($a, $b) AS n", "t"), {"a": date(2026, 9, 30), "b": date(2026, 10, 10)}
            )
        )
        assert connection.execute(text).fetchone() == (3,)  # 8, 9 and the worked Saturday 10


def test_the_extracts_own_calendar_wins() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE working_calendar (day DATE, is_working_day BOOLEAN)")
        connection.execute("INSERT INTO working_calendar VALUES ('2026-10-08', false)")
        create_working_day(connection, date(2026, 9, 1), date(2026, 10, 31))
        text = generate(
            bind(parse("SELECT workdays($a, $b) AS n", "t"), {"a": date(2026, 9, 30), "b": date(2026, 10, 9)})
        )
        assert connection.execute(text).fetchone() == (1,)
