"""Energy of a register: rollover, backward steps, and the multiplier that held when it was read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.facts.build import build

CYCLE = {"previous_at": "2026-09-25 00:00:00", "read_at": "2026-10-25 00:00:00"}


def energy(
    previous: str | None, value: str | None, kva: str | None = "8", digits: int = 6, **more: Any
) -> dict[str, Any]:
    """Return the fact's row of one total reading over 30 days."""
    rows = build(
        "register_energy",
        {
            "customer": [{"contract_kva": kva}],
            "metering_point": [{}],
            "meter": [{"digits": digits}],
            "meter_installation": [{}],
            "reading": [{**CYCLE, "previous_value": previous, "value": value, **more}],
        },
    )
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("previous", "value", "kva", "digits", "kwh", "rollover", "backward"),
    [
        ("100", "150.5", "8", 6, "50.5", False, False),
        ("999900", "100", "8", 6, "200", True, False),
        # 8 kVA × 720 h × 1.2 = 6,912: the last rollover that is possible, and the first that is not.
        ("95000", "1912", "8", 5, "6912", True, False),
        ("95000", "1912.01", "8", 5, "-93087.99", False, True),
        # Without a capacity only a step from the top tenth into the bottom tenth is a rollover.
        ("90000", "10000", None, 5, "20000", True, False),
        ("89999", "10000", None, 5, "-79999", False, True),
        # A register cannot show 10^5 on five digits: the archive is wrong, nothing wraps.
        ("105000", "100", "8", 5, "-104900", False, True),
    ],
)
def test_rollover_and_backward(
    previous: str, value: str, kva: str | None, digits: int, kwh: str, rollover: bool, backward: bool
) -> None:
    row = energy(previous, value, kva, digits)
    assert (row["energy_kwh"], row["is_rollover"], row["is_backward"]) == (Decimal(kwh), rollover, backward)


def test_nothing_is_made_of_a_missing_value() -> None:
    row = energy("100", None)
    assert (row["energy_kwh"], row["is_rollover"], row["is_backward"]) == (None, False, False)


def test_max_demand_has_no_energy() -> None:
    assert energy(None, "1.25", register="max_demand")["energy_kwh"] is None


def test_the_multiplier_is_that_of_the_moment() -> None:
    rows = build(
        "register_energy",
        {
            "metering_point": [{}],
            "meter": [{}],
            "meter_installation": [
                {
                    "installed_at": "2022-01-15 00:00:00",
                    "removed_at": "2026-09-10 10:00:00",
                    "multiplier": Decimal(30),
                },
                {"installed_at": "2026-09-10 10:00:00", "multiplier": Decimal(40)},
            ],
            "reading": [
                {"bill_month": date(2026, month, 1), "previous_value": "0", "value": "1", "read_at": moment}
                for month, moment in (
                    (8, "2021-12-31 00:00:00"),  # before the first installation: the nearest one
                    (9, "2026-09-10 10:00:00"),  # at the change: what was there before it
                    (10, "2026-10-25 00:00:00"),
                )
            ],
        },
    )
    assert [row["energy_kwh"] for row in rows] == [30, 30, 40]
