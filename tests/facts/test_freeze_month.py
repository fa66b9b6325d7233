"""The billed register beside the frozen one: how far it lies outside what the register showed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.facts.build import build

PLAN = [{"planned_on": date(2026, 10, 25)}]


def frozen(
    value: str, read_at: str, freezes: dict[int, str], previous: str = "1000", **more: Any
) -> dict[str, Any]:
    """Return the fact's row of a reading beside freezes by day of October (0 = 25 September)."""
    days = {0: date(2026, 9, 25)} | {day: date(2026, 10, day) for day in range(1, 32)}
    (row,) = build(
        "freeze_month",
        {
            "customer": [{"reading_section": "S1", "contract_kva": "8"}],
            "metering_point": [{}],
            "meter": [{}],
            "meter_installation": [{"multiplier": Decimal(10)}],
            "reading_plan": PLAN,
            "reading": [
                {
                    "previous_value": previous,
                    "previous_at": "2026-09-25 00:00:00",
                    "value": value,
                    "read_at": read_at,
                    **more,
                }
            ],
            "daily_freeze": [{"day": days[day], "value": shown} for day, shown in freezes.items()],
        },
    )
    return row


@pytest.mark.parametrize(
    ("value", "read_at", "gap"),
    [
        ("1300", "2026-10-25 00:00:00", "0"),
        ("1301", "2026-10-25 00:00:00", "1"),
        ("1299", "2026-10-25 09:00:00", "-1"),
        # The day uses 12: by 01:30 at most 12 × 4 × 90/1440 = 3 of it, from 06:00 on all.
        ("1303", "2026-10-25 01:30:00", "0"),
        ("1304", "2026-10-25 01:30:00", "1"),
        ("1312", "2026-10-25 06:00:00", "0"),
        ("1313", "2026-10-25 18:00:00", "1"),
    ],
)
def test_gap_to_the_freezes_of_the_day(value: str, read_at: str, gap: str) -> None:
    assert frozen(value, read_at, {25: "1300", 26: "1312"})["gap_register"] == Decimal(gap)


def test_without_the_next_freeze_twice_the_mean_day_has_room() -> None:
    # (1300 − 1000) / 30 days = 10 a day, so 20.
    assert frozen("1325", "2026-10-25 12:00:00", {25: "1300"})["gap_register"] == 5


def test_energy_and_planned_day() -> None:
    row = frozen("1310", "2026-10-26 00:00:00", {0: "1000", 25: "1300", 26: "1310"})
    assert row["freeze_energy_kwh"] == 3100
    assert (row["freeze_at_planned"], row["planned_on"], row["span_days"]) == (1300, date(2026, 10, 25), 31)


def test_a_register_that_wrapped_after_the_freeze_has_no_gap() -> None:
    row = frozen("5", "2026-10-25 10:00:00", {25: "999998"}, previous="999900")
    assert row["gap_register"] == 0


def test_no_freeze_no_row() -> None:
    rows = build(
        "freeze_month",
        {
            "metering_point": [{}],
            "meter_installation": [{}],
            "reading": [{"previous_value": "1", "value": "2", "read_at": "2026-10-25 00:00:00"}],
        },
    )
    assert rows == []
