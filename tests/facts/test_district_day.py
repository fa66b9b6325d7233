"""The daily balance of a district: who takes part, what is known, and what is spread over a gap."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.facts.build import build

FIRST = date(2026, 10, 10)


def frozen(
    mp_id: str, meter_id: str, values: dict[int, str], register: str = "total"
) -> list[dict[str, Any]]:
    """Return frozen registers by day number after the first day."""
    return [
        {
            "mp_id": mp_id,
            "meter_id": meter_id,
            "day": FIRST + timedelta(days=number),
            "register": register,
            "value": value,
        }
        for number, value in values.items()
    ]


def utility(**changes: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return a district of one customer, fed 100 kWh a day for four days, with the tables that a test changes."""
    given: dict[str, list[dict[str, Any]]] = {
        "district": [{}],
        "customer": [{}],
        "metering_point": [{}],
        "meter": [{}],
        "meter_installation": [{}],
        "district_daily": [
            {"day": FIRST + timedelta(days=number), "supply_kwh": "100"} for number in range(4)
        ],
        "daily_freeze": frozen("M1", "A1", {0: "0", 1: "90", 2: "185", 3: "280", 4: "376"}),
    }
    return {**given, **changes}


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    """Return one column by day."""
    return [row[name] for row in sorted(rows, key=lambda row: row["day"])]


def test_energy_of_a_day_is_the_step_to_the_next_day() -> None:
    """Sold 90, 95, 95, 96 of 100 a day."""
    rows = build("district_day", utility())
    assert column(rows, "sold_kwh") == [90, 95, 95, 96]
    assert column(rows, "loss_kwh") == [10, 5, 5, 4]
    assert column(rows, "loss_rate") == [Decimal("0.1"), Decimal("0.05"), Decimal("0.05"), Decimal("0.04")]
    assert column(rows, "members_complete") == [True] * 4


def test_a_gap_is_spread_and_told_apart() -> None:
    """190 kWh over two days are 95 a day, both days bridged; the others stay measured."""
    rows = build(
        "district_day", utility(daily_freeze=frozen("M1", "A1", {0: "0", 2: "190", 3: "280", 4: "376"}))
    )
    assert column(rows, "sold_kwh") == [95, 95, 90, 96]
    assert column(rows, "bridged_kwh") == [95, 95, 0, 0]
    assert column(rows, "members_bridged") == [1, 1, 0, 0]
    assert column(rows, "members_complete") == [True] * 4


def test_days_without_the_next_reading_are_unknown_not_zero() -> None:
    """The last reading is of day 2, so days 2 and 3 are not known."""
    rows = build("district_day", utility(daily_freeze=frozen("M1", "A1", {0: "0", 1: "90", 2: "185"})))
    assert column(rows, "members_complete") == [True, True, False, False]


def test_a_swap_leaves_only_its_own_day_unknown() -> None:
    """The old meter goes and the new one comes on day 1 at noon; both count as members of that day."""
    swapped_at = "2026-10-11 12:00:00"
    rows = build(
        "district_day",
        utility(
            meter=[{}, {"meter_id": "A2"}],
            meter_installation=[{"removed_at": swapped_at}, {"meter_id": "A2", "installed_at": swapped_at}],
            daily_freeze=[
                *frozen("M1", "A1", {0: "0", 1: "90"}),
                *frozen("M1", "A2", {2: "50", 3: "145", 4: "241"}),
            ],
        ),
    )
    assert column(rows, "members") == [1, 2, 1, 1]
    assert column(rows, "members_complete") == [True, False, True, True]
    assert column(rows, "sold_kwh") == [90, 0, 95, 96]


def test_the_multiplier_of_the_installation_counts() -> None:
    """CT 20: a step of 4.5 is 90 kWh."""
    rows = build(
        "district_day",
        utility(
            meter_installation=[{"ct_ratio": "20", "multiplier": "20"}],
            daily_freeze=frozen("M1", "A1", {0: "0", 1: "4.5", 2: "9", 3: "13.5", 4: "18"}),
        ),
    )
    assert column(rows, "sold_kwh") == [90, 90, 90, 90]


def test_a_garbled_reading_is_no_energy() -> None:
    """More than 1.2 times the largest current on three phases, 1.2 × 3 × 220 V × 60 A × 24 h = 1,140.48 kWh, is not believed, nor is the way back."""
    rows = build(
        "district_day",
        utility(daily_freeze=frozen("M1", "A1", {0: "0", 1: "90", 2: "999999", 3: "280", 4: "376"})),
    )
    assert column(rows, "members_complete") == [True, False, False, True]
    assert column(rows, "sold_kwh") == [90, 0, 0, 96]


def test_export_comes_in_and_is_expected_of_every_generator() -> None:
    """An export point delivers 10 kWh on day 0 and is silent afterwards."""
    rows = build(
        "district_day",
        utility(
            customer=[{}, {"customer_no": "C2", "has_generation": True}],
            metering_point=[{}, {"mp_id": "M8", "customer_no": "C2", "usage": "export"}],
            meter_installation=[{}, {"mp_id": "M8", "meter_id": "A8"}],
            daily_freeze=[*utility()["daily_freeze"], *frozen("M8", "A8", {0: "0", 1: "10"})],
        ),
    )
    assert column(rows, "energy_in_kwh") == [110, 100, 100, 100]
    assert column(rows, "sources_complete") == [True, False, False, False]


def test_full_export_is_measured_at_the_generation_point() -> None:
    """A full-export plant without an export point of its own; a self-use plant's generation is not export."""
    plants = [
        {"asset_id": "G1", "customer_no": "C2", "generation_mp_id": "M8", "mode": "full_export"},
        {
            "asset_id": "G2",
            "customer_no": "C3",
            "generation_mp_id": "M9",
            "export_mp_id": "M9E",
            "mode": "self_use",
        },
    ]
    rows = build(
        "district_day",
        utility(
            customer=[{}, {"customer_no": "C2"}, {"customer_no": "C3"}],
            metering_point=[
                {},
                {"mp_id": "M8", "customer_no": "C2", "usage": "generation"},
                {"mp_id": "M9", "customer_no": "C3", "usage": "generation"},
            ],
            meter_installation=[{}, {"mp_id": "M8", "meter_id": "A8"}, {"mp_id": "M9", "meter_id": "A9"}],
            generation_asset=plants,
            daily_freeze=[
                *utility()["daily_freeze"],
                *frozen("M8", "A8", {0: "0", 1: "30"}),
                *frozen("M9", "A9", {0: "0", 1: "500"}),
            ],
        ),
    )
    assert column(rows, "energy_in_kwh")[0] == 130


def test_a_master_meter_at_rest_has_no_rate() -> None:
    """0.0001 kWh in and 90 sold is no rate of minus 90 million percent."""
    rows = build("district_day", utility(district_daily=[{"day": FIRST, "supply_kwh": "0.0001"}]))
    assert column(rows, "loss_rate") == [None]


def test_transfers_mark_their_days() -> None:
    """A district's own transfer lasts until undone; a feeder's change that was never undone marks its first day."""
    rows = build("district_day", utility(feeder_switching=[{"from_at": "2026-10-11 08:00:00"}]))
    assert column(rows, "switched") == [False, True, False, False]
    rows = build(
        "district_day", utility(feeder_switching=[{"district_id": "D1", "from_at": "2026-10-11 08:00:00"}])
    )
    assert column(rows, "switched") == [False, True, True, True]
