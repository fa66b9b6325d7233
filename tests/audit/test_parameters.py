"""Local rule parameters: typed, within bounds, all problems at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jicha.audit.library import load_library
from jicha.audit.parameters import ParameterError, local_parameters
from jicha.audit.rule import parse_value

LIBRARY = load_library()


def test_values_come_back_in_their_types() -> None:
    given = {"MR-02": {"tolerance_kwh": "7.5", "clock_event_codes": ["3105"]}}
    assert local_parameters(LIBRARY, given) == {
        "MR-02": {"tolerance_kwh": Decimal("7.5"), "clock_event_codes": ("3105",)}
    }


def test_all_problems_are_told_at_once() -> None:
    given = {
        "MR-02": {"tolerance_kwh": "-1", "tolerance_share": "much", "colour": "red"},
        "MR-99": {"ratio": "1"},
    }
    with pytest.raises(ParameterError) as caught:
        local_parameters(LIBRARY, given)
    assert len(caught.value.problems) == 4
    text = str(caught.value)
    for part in (
        "-1 is outside 0 … 100000 kWh",
        "'much' is not a decimal",
        "MR-02.colour: not a parameter; known: tolerance_kwh",
        "MR-99",
    ):
        assert part in text


@pytest.mark.parametrize("bound", ["low", "high"])
def test_the_bounds_belong_to_the_range(bound: str) -> None:
    value = getattr(LIBRARY.rules["MR-02"].parameters["tolerance_kwh"], bound)
    assert local_parameters(LIBRARY, {"MR-02": {"tolerance_kwh": value}})["MR-02"]["tolerance_kwh"] == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("decimal", "1,5"),
        ("decimal", "NaN"),
        ("decimal", "Infinity"),
        ("int", "1.5"),
        ("int", None),
        ("date", "2026-13-01"),
        ("text_list", 5),
        ("colour", "x"),
    ],
)
def test_what_is_no_value_is_refused(kind: str, value: object) -> None:
    with pytest.raises(ValueError):
        parse_value(kind, value)


def test_a_single_text_is_a_list_of_one() -> None:
    assert parse_value("text_list", "3105") == ("3105",)
