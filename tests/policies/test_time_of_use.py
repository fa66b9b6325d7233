"""Times of use: the band of a quarter hour, the splitting of a curve, and calendars that are not whole."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.policy_file import PolicyProblem
from jicha.billing.time_of_use import (
    DAY_TYPES,
    Calendar,
    band_of,
    calendar_on,
    load_calendars,
    read_calendar,
    shipped_calendars,
    split_curve,
)
from jicha.errors import ExplainedError

DAY = date(2026, 7, 1)
LARGE = ["two_part_large_industry"]

# By hand from the notices: hour at which each band begins.
INDUSTRY = {0: "valley", 8: "peak", 11: "valley", 13: "peak", 19: "sharp", 21: "peak", 22: "valley"}
RESIDENTIAL = {0: "valley", 8: "peak", 22: "valley"}
SICHUAN = {0: "valley", 7: "flat", 10: "peak", 12: "flat", 15: "peak", 21: "flat", 23: "valley"}


@pytest.mark.parametrize(
    ("name", "begins"),
    [("ZJ-2018-INDUSTRY", INDUSTRY), ("ZJ-RESIDENTIAL", RESIDENTIAL), ("SC-2023", SICHUAN)],
)
def test_each_quarter_hour_has_the_band_of_the_notice(name: str, begins: dict[int, str]) -> None:
    """Every quarter hour of every month and kind of day is in the band that the notice says."""
    calendar = calendar_on(name, DAY)
    for month in range(1, 13):
        for day_type in DAY_TYPES:
            for quarter in range(96):
                moment = datetime(2026, month, 1) + timedelta(minutes=15 * quarter)
                expected = begins[max(hour for hour in begins if hour <= moment.hour)]
                assert band_of(calendar, moment, day_type) == expected, (moment, day_type)


@pytest.mark.parametrize(
    ("moment", "groups", "band"),
    [
        (datetime(2026, 7, 1, 15, 0), LARGE, "sharp"),
        (datetime(2026, 8, 31, 16, 45), LARGE, "sharp"),
        (datetime(2026, 7, 1, 17, 0), LARGE, "peak"),
        (datetime(2026, 7, 1, 15, 0), [], "peak"),
        (datetime(2026, 6, 30, 15, 0), LARGE, "peak"),
        (datetime(2026, 1, 5, 19, 0), LARGE, "sharp"),
        (datetime(2026, 12, 31, 20, 45), LARGE, "sharp"),
        (datetime(2026, 12, 31, 15, 0), LARGE, "peak"),
    ],
)
def test_sharp_hours_of_sichuan(moment: datetime, groups: list[str], band: str) -> None:
    """July and August 15–17, January and December 19–21, for two-part large industry only."""
    assert band_of(calendar_on("SC-2023", DAY), moment, "workday", applies_to=groups) == band


def test_ratios_and_what_floats() -> None:
    """Sichuan 1.92 : 1.6 : 1 : 0.4 with all but funds; Shandong 2.0, 1.7, 1, 0.3, 0.1 without transmission."""
    sichuan, shandong = calendar_on("SC-2023", DAY), calendar_on("SD-2026", DAY)
    assert sichuan.ratios == {
        "sharp": Decimal("1.92"),
        "peak": Decimal("1.6"),
        "flat": 1,
        "valley": Decimal("0.4"),
    }
    assert sichuan.floating == ("purchase", "line_loss", "transmission", "system")
    assert list(shandong.ratios.values()) == [2, Decimal("1.7"), 1, Decimal("0.3"), Decimal("0.1")]
    assert shandong.floating == ("purchase", "line_loss", "system")


def test_hours_that_were_not_read_are_not_guessed() -> None:
    """Shandong's monthly templates were not read, so no band is told."""
    with pytest.raises(ExplainedError, match="no band at 07-01 12:00"):
        band_of(calendar_on("SD-2026", DAY), datetime(2026, 7, 1, 12), "workday")


def test_a_curve_is_split_by_the_begin_of_each_quarter_hour() -> None:
    """A point is the end of its quarter hour: 08:00 still belongs to the night, 24:00 to the last quarter of the day."""
    curve = [
        (datetime(2026, 7, 1, 0, 15), Decimal("1.5")),
        (datetime(2026, 7, 1, 8, 0), Decimal("2")),
        (datetime(2026, 7, 1, 8, 15), Decimal("4")),
        (datetime(2026, 7, 1, 22, 0), Decimal("8")),
        (datetime(2026, 7, 2, 0, 0), Decimal("16")),
    ]
    found = split_curve(calendar_on("ZJ-RESIDENTIAL", DAY), curve, lambda _: "workday")
    # valley 1.5 + 2 + 16, peak 4 + 8
    assert found == {"valley": Decimal("19.5"), "peak": Decimal("12")}


@given(st.lists(st.tuples(st.integers(0, 96 * 365), st.decimals(0, 1000, places=4)), max_size=50))
def test_a_split_loses_nothing(points: list[tuple[int, Decimal]]) -> None:
    """The bands of a curve add up to the curve."""
    curve = [(datetime(2026, 1, 1, 0, 15) + timedelta(minutes=15 * place), kwh) for place, kwh in points]
    found = split_curve(calendar_on("SC-2023", DAY), curve, lambda _: "holiday", applies_to=LARGE)
    assert sum(found.values()) == sum(kwh for _, kwh in points)


HEAD = """calendar: TEST
title: {zh: 试, en: Test}
source: test
mark: D
verified: false
valid_from: 2026-01-01
valid_to: null
"""
WHOLE = """templates:
  - months: ["1-12"]
    day_types: [workday, weekend, holiday]
    bands: {peak: ["08:00-22:00"], valley: ["22:00-08:00"]}
"""
HOT = """overrides:
  - band: sharp
    months: ["7-9"]
    day_types: [workday]
    ranges: ["11:00-12:00"]
    temperature_from_c: "35"
"""


def _calendar(folder: Path, text: str) -> Calendar:
    path = folder / "test.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_calendar(path)


@pytest.mark.parametrize(("degrees", "band"), [("34.9", "peak"), ("35", "sharp"), (None, "peak")])
def test_a_hot_day_may_be_sharp(tmp_path: Path, degrees: str | None, band: str) -> None:
    """From 35 °C on the hour is sharp; without a temperature it is not."""
    calendar = _calendar(tmp_path, WHOLE + HOT)
    temperature = Decimal(degrees) if degrees else None
    assert band_of(calendar, datetime(2026, 7, 1, 11), "workday", temperature_c=temperature) == band
    assert band_of(calendar, datetime(2026, 7, 1, 11), "holiday", temperature_c=Decimal("40")) == "peak"


BAD = [
    (
        WHOLE.replace("22:00-08:00", "22:00-07:30"),
        "test.yaml:8: month 1, workday, 07:30 has no band (2 quarter hours)",
    ),
    (WHOLE.replace("08:00-22:00", "07:45-22:00"), "test.yaml:11: month 1, workday, 07:45 is peak and valley"),
    (WHOLE.replace(", holiday", ""), "test.yaml:8: month 1, holiday, 00:00 has no band (96 quarter hours)"),
    (WHOLE.replace("1-12", "1-13"), "test.yaml:9: months '1-13'"),
    (
        WHOLE.replace("08:00-22:00", "08:10-22:00"),
        "test.yaml:11: range '08:10-22:00'; write whole quarter hours",
    ),
    (WHOLE.replace("peak:", "rush:"), "test.yaml:11: band 'rush' is not known"),
    (WHOLE + 'ratios: {peak: "1.6"}\n', "test.yaml:12: the ratio of valley is missing"),
    (WHOLE + "floating: [heat]\n", "test.yaml:12: component 'heat' is not known"),
    (WHOLE.replace("[workday, weekend, holiday]", "[sunday]"), "test.yaml:10: 'sunday' is no kind of day"),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_a_calendar_that_is_not_whole_is_told(tmp_path: Path, text: str, told: str) -> None:
    """Each fault names file and line."""
    with pytest.raises(PolicyProblem) as error:
        _calendar(tmp_path, text)
    assert any(problem.startswith(told) for problem in error.value.problems), error.value.problems


def test_versions_of_a_calendar_meet(tmp_path: Path) -> None:
    """Two versions of one calendar may not hold on one day."""
    for name, begin in (("a.yaml", "2026-01-01"), ("b.yaml", "2026-06-01")):
        (tmp_path / name).write_text(HEAD.replace("2026-01-01", begin) + WHOLE, encoding="utf-8")
    with pytest.raises(PolicyProblem, match=r"b\.yaml:1: TEST has an overlap at 2026-06-01"):
        load_calendars(sorted(tmp_path.glob("*.yaml")))


def test_every_shipped_calendar_has_a_source() -> None:
    """Each calendar names its source and how sure it is."""
    assert all(calendar.source and calendar.mark and calendar.title for calendar in shipped_calendars())
