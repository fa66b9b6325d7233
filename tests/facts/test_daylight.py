"""Daylight: every month and latitude once; the table agrees with almanac times of known places within minutes."""

from __future__ import annotations

import pytest

from tests.facts.build import build

ROWS = {(row["month_no"], row["latitude"]): row for row in build("daylight", {})}


def test_every_month_has_every_latitude() -> None:
    """Twelve months of nine latitudes, and the day is longest in June and shortest in December."""
    assert sorted(ROWS) == [(month, latitude) for month in range(1, 13) for latitude in range(15, 56, 5)]
    lengths = {
        month: ROWS[month, 40]["sunset_minute"] - ROWS[month, 40]["sunrise_minute"] for month in range(1, 13)
    }
    assert max(lengths, key=lengths.__getitem__) == 6
    assert min(lengths, key=lengths.__getitem__) == 12


@pytest.mark.parametrize(
    ("month", "sunrise", "sunset"),
    # Beijing (39.9° N, 116.4° E): civil time is 14 minutes after solar time. Earliest sunrise of June 04:45, latest sunset 19:47;
    # in December 07:17 on the first and 16:56 on the last.
    [(6, (4, 45), (19, 47)), (12, (7, 17), (16, 56))],
)
def test_the_sun_of_beijing(month: int, sunrise: tuple[int, int], sunset: tuple[int, int]) -> None:
    """The table at 40° N is within five minutes of the almanac of Beijing."""
    row = ROWS[month, 40]
    assert abs(row["sunrise_minute"] + 14 - (sunrise[0] * 60 + sunrise[1])) <= 5
    assert abs(row["sunset_minute"] + 14 - (sunset[0] * 60 + sunset[1])) <= 5
