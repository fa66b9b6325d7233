"""Which seal is in place at the end of the audited month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.facts.build import build


def operation(number: int, seal_no: str, action: str, at: str, **more: Any) -> dict[str, Any]:
    """Return one operation at the meter cover of M1."""
    return {
        "operation_id": f"S{number}",
        "seal_no": seal_no,
        "action": action,
        "at": at,
        "mp_id": "M1",
        "place": "meter_cover",
        **more,
    }


APPLIED = operation(1, "Z1", "apply", "2026-01-15 10:00:00")


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([], "Z1"),
        ([operation(2, "Z1", "remove", "2026-10-20 10:00:00")], None),
        ([operation(2, "Z1", "remove", "2026-11-01 00:00:00")], "Z1"),  # after the month
        ([operation(2, "Z2", "apply", "2026-10-20 10:00:00")], "Z2"),  # its removal was never entered
        (
            [
                operation(2, "Z2", "apply", "2026-10-20 10:02:00"),
                operation(3, "Z1", "remove", "2026-10-20 10:03:00"),
            ],
            "Z2",
        ),
        ([operation(2, "Z1", "lose", "2026-10-20 10:00:00", mp_id=None, place=None)], None),
        (
            [
                operation(2, "Z1", "remove", "2026-10-20 10:00:00"),
                operation(3, "Z1", "apply", "2026-10-20 10:40:00"),
            ],
            "Z1",
        ),
        ([operation(2, "Z1", "site_check", "2026-10-20 10:00:00", observed_seal_no="Z7")], "Z1"),
    ],
)
def test_the_last_seal_stands_until_its_own_end(later: list[dict[str, Any]], expected: str | None) -> None:
    """One place of one point, by what followed the first seal."""
    (row,) = build("seal_place", {"seal_operation": [APPLIED, *later]})
    assert row["seal_no"] == expected


def test_a_standing_seal_tells_since_when() -> None:
    """Applied moment and day stand beside the number, and vanish with it."""
    (row,) = build("seal_place", {"seal_operation": [APPLIED]})
    assert (row["applied_at"], row["since"]) == (datetime(2026, 1, 15, 10), date(2026, 1, 15))
    (row,) = build(
        "seal_place", {"seal_operation": [APPLIED, operation(2, "Z1", "remove", "2026-10-20 10:00:00")]}
    )
    assert (row["applied_at"], row["since"], row["removed_at"]) == (None, None, datetime(2026, 10, 20, 10))
