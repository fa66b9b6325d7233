"""The day of a 96-point curve: extremes in kW, and phases without voltage or current by the meter's own criteria."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.facts.build import build

HEALTHY = {"ua_v": "220", "ub_v": "220", "uc_v": "220", "ia_a": "1", "ib_a": "1", "ic_a": "1"}
LOSSES = (
    "voltage_loss_a",
    "voltage_loss_b",
    "voltage_loss_c",
    "current_loss_a",
    "current_loss_b",
    "current_loss_c",
)


def one_day(points: list[dict[str, Any]], wiring: str = "3p4w", nominal: str = "220") -> list[dict[str, Any]]:
    """Return the fact of points of a meter with Ib = 1.5 A and multiplier 20."""
    return build(
        "curve_day",
        {
            "metering_point": [{"wiring": wiring}],
            "meter": [{"ref_voltage_v": nominal, "basic_current_a": "1.5"}],
            "meter_installation": [{"ct_ratio": "20", "multiplier": "20"}],
            "curve": points,
        },
    )


def test_power_is_primary_and_midnight_belongs_to_the_day_before() -> None:
    """0.5 and 0.7 kW secondary are 10 and 14 kW; energy (10 + 14) × 0.25 = 6 kWh."""
    rows = one_day(
        [
            {"at": "2026-10-10 23:45:00", "p_kw": "0.5", **HEALTHY},
            {"at": "2026-10-11 00:00:00", "p_kw": "0.7", **HEALTHY},
        ]
    )
    assert [row["day"] for row in rows] == [date(2026, 10, 10)]
    assert (rows[0]["points"], rows[0]["min_kw"], rows[0]["max_kw"], rows[0]["energy_kwh"]) == (2, 10, 14, 6)


def test_points_of_another_meter_take_its_multiplier() -> None:
    """The meter was swapped at noon: 0.5 × 20 before, 0.5 × 40 after."""
    swapped = "2026-10-10 12:00:00"
    rows = build(
        "curve_day",
        {
            "metering_point": [{"wiring": "3p4w"}],
            "meter": [{}, {"meter_id": "A2"}],
            # The old one's removal was never entered: the next installation ends it.
            "meter_installation": [
                {"multiplier": "20"},
                {"meter_id": "A2", "installed_at": swapped, "multiplier": "40"},
            ],
            "curve": [
                {"at": "2026-10-10 11:45:00", "p_kw": "0.5"},
                {"at": "2026-10-10 12:15:00", "p_kw": "0.5"},
            ],
        },
    )
    assert (rows[0]["min_kw"], rows[0]["max_kw"], rows[0]["points"]) == (10, 20, 2)


def test_missing_power_is_not_zero() -> None:
    """A point without power counts as a point, not as power."""
    rows = one_day([{"at": "2026-10-10 10:15:00", "p_kw": None, **HEALTHY}])
    assert (rows[0]["points"], rows[0]["power_points"], rows[0]["max_kw"], rows[0]["energy_kwh"]) == (
        1,
        0,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("wiring", "nominal", "change", "expected"),
    [
        ("3p4w", "220", {"ua_v": "171"}, {"voltage_loss_a"}),  # 0.78 × 220 = 171.6
        ("3p4w", "220", {"ua_v": "171.6"}, set()),
        ("3p4w", "380", {"ub_v": "100"}, {"voltage_loss_b"}),  # the ledger holds the voltage between lines
        ("3p4w", "380", {}, set()),
        (
            "3p4w",
            "220",
            {"uc_v": "0", "ic_a": "0.007"},
            set(),
        ),  # 0.5 % of 1.5 A = 0.0075 A: no current, so no loss of voltage
        ("3p4w", "220", {"ic_a": "0"}, {"current_loss_c"}),
        ("3p4w", "220", {"ic_a": "0", "uc_v": "150"}, set()),  # 0.70 × 220 = 154
        (
            "3p4w",
            "220",
            {"ia_a": "0", "ib_a": "0.07", "ic_a": "0.07"},
            set(),
        ),  # others below 5 % of 1.5 A = 0.075 A
        ("3p4w", "220", {"ia_a": "0", "ib_a": "-1", "ic_a": "0"}, {"current_loss_a", "current_loss_c"}),
        (
            "3p3w",
            "100",
            {"ua_v": "100", "ub_v": "0", "uc_v": "100", "ib_a": "0"},
            set(),
        ),  # phase B is never judged
        ("3p3w", "100", {"ua_v": "20", "ub_v": "0", "uc_v": "100"}, {"voltage_loss_a"}),
        ("1p2w", "220", {"ua_v": "100", "ub_v": None, "uc_v": None, "ib_a": None, "ic_a": None}, set()),
    ],
)
def test_phases_are_judged_by_the_meters_criteria(
    wiring: str, nominal: str, change: dict[str, Any], expected: set[str]
) -> None:
    """Each change of a healthy point shows exactly the expected losses."""
    (row,) = one_day([{"at": "2026-10-10 10:15:00", "p_kw": "1", **HEALTHY, **change}], wiring, nominal)
    assert {name for name in LOSSES if row[name]} == expected


def test_the_largest_current_is_secondary() -> None:
    """Currents stay as the meter shows them, whatever their sign."""
    (row,) = one_day([{"at": "2026-10-10 10:15:00", "p_kw": "1", **HEALTHY, "ib_a": "-4.5"}])
    assert row["max_current_a"] == Decimal("4.5")
