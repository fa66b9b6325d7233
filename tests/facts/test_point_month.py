"""A point's month and the history that it is compared to."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.facts.build import build

ARCHIVE: dict[str, list[dict[str, Any]]] = {
    "customer": [{}],
    "metering_point": [{}],
    "meter": [{}, {"meter_id": "A2"}],
}


def month_of(number: int) -> date:
    """Return the month of a running number, 0 = January 2025."""
    return date(2025 + number // 12, number % 12 + 1, 1)


def history(energies: dict[int, str | None], **more: Any) -> list[dict[str, Any]]:
    """Return the fact's rows of a point with these energies by month number; None is a missed reading."""
    readings = [
        {
            "bill_month": month_of(number),
            "previous_value": Decimal(0),
            "value": None if kwh is None else Decimal(kwh),
            "status": "missed" if kwh is None else "read",
            **more,
        }
        for number, kwh in energies.items()
    ]
    return build("point_month", {**ARCHIVE, "meter_installation": [{}], "reading": readings})


def runs(rows: list[dict[str, Any]], name: str) -> list[int]:
    """Return one column of the history."""
    return [row[name] for row in rows]


def test_zero_runs_end_at_energy_at_a_miss_and_at_a_hole() -> None:
    rows = history({0: "5", 1: "0", 2: "0", 3: None, 4: "0", 5: "0", 12: "0", 13: "0"})
    assert runs(rows, "zero_run") == [0, 1, 2, 0, 1, 2, 1, 2]


def test_constant_runs_allow_half_a_percent() -> None:
    # 200 → 201 is exactly 0.5 %; 201 → 202.1 is 0.547 %.
    rows = history({0: "200", 1: "201", 2: "202.1", 3: "202.1", 4: "0", 5: "0"})
    assert runs(rows, "constant_run") == [1, 2, 1, 2, 0, 0]


def test_estimated_runs() -> None:
    rows = history({0: "1", 1: "2", 2: "3"}, method="estimated")
    assert runs(rows, "estimated_run") == [1, 2, 3]


def test_history_looks_back_by_month_not_by_row() -> None:
    rows = history({0: "100", 2: "120", 12: "150", 14: "160"})
    assert [row["energy_year_ago"] for row in rows] == [None, None, 100, 120]
    assert runs(rows, "cycles_before") == [0, 1, 2, 3]
    assert rows[3]["energy_mean_3"] == Decimal("123.3333")


def test_a_swap_adds_both_meters_and_lacks_energy_when_one_is_missed() -> None:
    installed = [
        {"removed_at": "2026-10-12 10:00:00"},
        {"meter_id": "A2", "installed_at": "2026-10-12 10:00:00"},
    ]
    old = {"previous_value": "1000", "value": "1110", "read_at": "2026-10-12 10:00:00"}
    new = {"meter_id": "A2", "previous_value": "0", "value": "90", "read_at": "2026-10-25 00:00:00"}
    (both,) = build("point_month", {**ARCHIVE, "meter_installation": installed, "reading": [old, new]})
    assert (both["energy_kwh"], both["has_swap"], both["missed"]) == (200, True, False)
    lost = {**new, "value": None, "status": "missed"}
    (one,) = build("point_month", {**ARCHIVE, "meter_installation": installed, "reading": [old, lost]})
    assert (one["energy_kwh"], one["has_swap"], one["missed"]) == (None, True, True)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-(10**9), 10**9), min_size=4, max_size=4))
def test_the_mean_is_exact_and_half_up(units: list[int]) -> None:
    energies = [Decimal(unit).scaleb(-4) for unit in units]
    rows = history({number: str(kwh) for number, kwh in enumerate(energies)})
    mean = (sum(energies[:3]) / Decimal(3)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
    assert rows[3]["energy_mean_3"] == mean
