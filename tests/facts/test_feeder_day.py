"""The daily balance of a feeder: districts, high-voltage customers, export, and what leaves a day unknown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.facts.build import build

FIRST = date(2026, 10, 10)
DAYS = [FIRST + timedelta(days=number) for number in range(3)]


def frozen(
    mp_id: str, meter_id: str, values: list[str | None], register: str = "total"
) -> list[dict[str, Any]]:
    """Return frozen registers of successive days; none where the value is missing."""
    return [
        {
            "mp_id": mp_id,
            "meter_id": meter_id,
            "day": FIRST + timedelta(days=n),
            "register": register,
            "value": v,
        }
        for n, v in enumerate(values)
        if v is not None
    ]


def utility(**changes: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return a feeder that takes in 100 a day, passes 40 to its district and 50 to a high-voltage customer."""
    given: dict[str, list[dict[str, Any]]] = {
        "feeder": [{}],
        "feeder_daily": [{"day": day, "supply_kwh": "100"} for day in DAYS],
        "district": [{}],
        "district_daily": [{"day": day, "supply_kwh": "40"} for day in DAYS],
        "customer": [{"kind": "hv"}],
        "metering_point": [{"district_id": None, "metering_mode": "hv_hv"}],
        "meter": [{}],
        "meter_installation": [{"multiplier": "10"}],
        "daily_freeze": frozen("M1", "A1", ["0", "5", "10", "15"]),
    }
    return {**given, **changes}


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    """Return one column by day."""
    return [row[name] for row in sorted(rows, key=lambda row: row["day"])]


def test_loss_is_what_neither_district_nor_customer_took() -> None:
    """100 − 40 − 5 × 10 = 10."""
    rows = build("feeder_day", utility())
    assert column(rows, "loss_kwh") == [10, 10, 10]
    assert column(rows, "customer_kwh") == [50, 50, 50]
    assert column(rows, "outlets_complete") == [True] * 3
    assert column(rows, "sources_complete") == [True] * 3


def test_a_missing_register_leaves_two_days_unknown() -> None:
    """A day needs the value of its own and of the next morning; nothing is bridged."""
    rows = build("feeder_day", utility(daily_freeze=frozen("M1", "A1", ["0", None, "10", "15"])))
    assert column(rows, "outlets_complete") == [False, False, True]
    assert column(rows, "customer_kwh") == [0, 0, 50]


def test_a_missing_master_meter_leaves_the_day_unknown() -> None:
    """A district that hangs on the feeder and did not report."""
    rows = build(
        "feeder_day", utility(district_daily=[{"day": DAYS[0], "supply_kwh": "40"}, {"day": DAYS[1]}])
    )
    assert column(rows, "districts_known") == [1, 0, 0]
    assert column(rows, "outlets_complete") == [True, False, False]


def test_customers_of_public_districts_are_in_its_master_meter() -> None:
    """Neither a home in the district nor a low-voltage point in none counts; one in a dedicated district does."""
    points: list[dict[str, Any]] = [
        {"mp_id": "M1"},
        {"mp_id": "M2", "district_id": None},
        {"mp_id": "M3", "district_id": "D2"},
    ]
    rows = build(
        "feeder_day",
        utility(
            district=[{}, {"district_id": "D2", "ownership": "dedicated"}],
            metering_point=points,
            meter_installation=[
                {"mp_id": f"M{n}", "meter_id": f"A{n}", "multiplier": "10"} for n in (1, 2, 3)
            ],
            daily_freeze=[row for n in (1, 2, 3) for row in frozen(f"M{n}", f"A{n}", ["0", "5", "10", "15"])],
        ),
    )
    assert column(rows, "members") == [1, 1, 1]
    assert column(rows, "customer_kwh") == [50, 50, 50]
    assert column(rows, "districts") == [1, 1, 1]


def test_export_comes_in_and_unknown_export_is_told() -> None:
    """The reverse register of a two-way meter, known on the first day only."""
    freezes = frozen("M1", "A1", ["0", "5", "10", "15"]) + frozen("M1", "A1", ["0", "1"], "reverse")
    rows = build("feeder_day", utility(customer=[{"has_generation": True}], daily_freeze=freezes))
    assert column(rows, "energy_in_kwh") == [110, 100, 100]
    assert column(rows, "sources_complete") == [True, False, False]


def test_a_garbled_register_is_no_energy() -> None:
    """Twice 60 A on three phases of 220 V pass 1,900.8 kWh in a day; a step of 1,901 is none."""
    rows = build("feeder_day", utility(daily_freeze=frozen("M1", "A1", ["0", "1900", "3801"])))
    assert column(rows, "outlets_complete") == [True, False, False]


def test_a_point_counts_from_its_first_day_to_its_last() -> None:
    """Opened on the second day, removed on the third."""
    point = {
        "district_id": None,
        "metering_mode": "hv_hv",
        "opened_on": DAYS[1],
        "removed_on": DAYS[2],
        "status": "removed",
    }
    rows = build("feeder_day", utility(metering_point=[point]))
    assert column(rows, "members") == [0, 1, 0]
    assert column(rows, "customer_kwh") == [0, 50, 0]


def test_switchings_of_the_feeder_and_of_its_districts() -> None:
    """A whole feeder's change that was never undone is the new normal state after its first day; a district's lasts."""
    whole = build("feeder_day", utility(feeder_switching=[{"from_at": f"{DAYS[1]} 08:00:00"}]))
    assert column(whole, "switched") == [False, True, False]
    part = build(
        "feeder_day",
        utility(
            feeder_switching=[{"district_id": "D1", "feeder_id": "F9", "from_at": f"{DAYS[1]} 08:00:00"}]
        ),
    )
    assert column(part, "switched") == [False, True, True]
