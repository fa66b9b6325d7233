"""Capacity in service on the last day of the audited month."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.facts.build import build

CUSTOMER = {"customer_no": "C1", "kind": "hv", "contract_kva": 400, "running_kva": 300}
UNITS = [{"transformer_id": "T1", "kva": 315}, {"transformer_id": "T2", "kva": 85}]
RUNNING = {"transformer_id": "T1", "valid_from": date(2018, 1, 1)}


def second(state: str, since: date, until: date | None = None) -> dict[str, Any]:
    """Return a state of the second unit."""
    return {"transformer_id": "T2", "valid_from": since, "valid_to": until, "state": state}


@pytest.mark.parametrize(
    ("states", "capacity", "source"),
    [
        ([], 300, "archive"),  # no record of any unit
        ([RUNNING, second("running", date(2018, 1, 1))], 400, "transformer_ledger"),
        ([RUNNING, second("suspended", date(2026, 10, 31))], 315, "transformer_ledger"),
        ([RUNNING, second("hot_standby", date(2026, 1, 1))], 400, "transformer_ledger"),
        (
            [RUNNING, second("running", date(2018, 1, 1), date(2026, 10, 31))],
            300,
            "archive",
        ),  # unknown on the last day
        ([RUNNING], 400, "transformer_ledger"),  # a unit without any record runs
    ],
)
def test_capacity_in_service(states: list[dict[str, Any]], capacity: int, source: str) -> None:
    given = {"customer": [CUSTOMER], "transformer": UNITS, "transformer_state": states}
    row = build("customer_state", given)[0]
    assert (row["running_kva_as_of"], row["capacity_source"]) == (capacity, source)


def test_all_units_suspended_suspends_the_customer() -> None:
    given = {
        "customer": [CUSTOMER],
        "transformer": UNITS[:1],
        "transformer_state": [{**RUNNING, "state": "suspended"}],
    }
    row = build("customer_state", given)[0]
    assert row["suspended"] and row["running_kva_as_of"] == 0


def test_the_scheme_of_the_last_day_counts() -> None:
    rows = build(
        "point_scheme",
        {
            "customer": [CUSTOMER],
            "metering_point": [{"mp_id": "M1"}, {"mp_id": "M2"}],
            "price_scheme": [
                {"tariff_code": "old", "valid_to": date(2026, 10, 31)},
                {"tariff_code": "new", "valid_from": date(2026, 10, 31)},
                {"tariff_code": "next", "valid_from": date(2026, 11, 1)},
            ],
        },
    )
    assert [(row["mp_id"], row["tariff_code"], row["has_scheme"]) for row in rows] == [
        ("M1", "new", True),
        ("M2", None, False),
    ]
