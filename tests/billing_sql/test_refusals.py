"""Every reason for which the SQL engine refuses a bill, and the bill beside it that it does not refuse."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from jicha.billing.refusal import REFUSALS
from tests.billing_sql.bills import (
    Given,
    Row,
    bill,
    one_customer,
    price,
    reading,
    readings,
    recomputed,
    refusal,
    scheme,
)

FLAT = scheme("RES_FLAT")
TWO_PART = scheme("CI_TWO", "kv1_10", basic_charge_mode="capacity")


def flat(**tables: list[Row]) -> Given:
    """Return a household with one register."""
    return one_customer(**{"price_scheme": [FLAT], "reading": readings(total=100), **tables})


def banded(**tables: list[Row]) -> Given:
    """Return a commercial customer with time of use."""
    return one_customer(**{"price_scheme": [scheme("CI_SINGLE", "kv1_10", tou=True)], "reading": readings(total=9, peak=5, valley=4), **tables})  # fmt: skip


def lossy(**unit: Any) -> Given:
    """Return a customer whose transformer loss is added."""
    return flat(
        metering_point=[{"metering_mode": "hv_lv"}],
        price_scheme=[scheme("CI_SINGLE", "kv1_10", transformer_loss=True)],
        transformer=[{"model": "S11-M-315/10", **unit}],
    )


def two_part(**tables: list[Row]) -> Given:
    """Return a customer of 315 kVA with a basic charge."""
    return flat(**{"customer": [{"contract_kva": 315}], "price_scheme": [TWO_PART], **tables})


SUB = {"mp_id": "M2", "parent_mp_id": "M1"}
CASES: list[tuple[str | None, Given]] = [
    (None, flat()),
    ("missing_reading", flat(reading=[])),
    ("missing_reading", flat(reading=[reading("total", None)])),
    ("missing_reading", flat(reading=[reading("total", 100, status="missed")])),
    ("missing_reading", flat(reading=readings(reactive=7))),
    ("missing_reading", flat(metering_point=[{}, SUB], price_scheme=[FLAT, {**FLAT, "mp_id": "M2"}])),
    ("missing_reading", flat(metering_point=[{}, {**SUB, "customer_no": "C2"}])),
    ("backward_register", flat(reading=[reading("total", 90, previous_value=100)])),
    ("no_multiplier", flat(meter_installation=[])),
    ("no_multiplier", flat(meter_installation=[{"ct_ratio": 0}])),
    (None, banded()),
    ("missing_band", banded(reading=readings(total=9))),
    ("sub_above_main", flat(
        metering_point=[{}, SUB],
        meter_installation=[{}, {"mp_id": "M2", "meter_id": "A2"}],
        price_scheme=[FLAT, {**FLAT, "mp_id": "M2"}],
        reading=[reading("total", 100), reading("total", 101, mp_id="M2", meter_id="A2")],
    )),
    (None, lossy()),
    ("no_transformer_parameters", lossy(model="SCB10")),
    ("no_transformer_parameters", {**lossy(), "transformer": []}),
    ("two_price_versions", flat(price_scheme=[FLAT, {**FLAT, "valid_from": date(2026, 10, 20)}])),
    # Overlap and gap of one length: the days alone would add up.
    ("two_price_versions", flat(price_scheme=[
        {**FLAT, "valid_to": date(2026, 10, 13)}, {**FLAT, "valid_from": date(2026, 10, 10), "valid_to": date(2026, 10, 29)},
    ])),
    ("two_price_versions", flat(
        price=[price("energy", "0.5", "total"), price("energy", "0.6", "total", price_book="B", valid_from=date(2026, 10, 20))],
        price_scheme=[scheme("OWN")],
    )),
    ("no_scheme", flat(price_scheme=[])),
    ("no_scheme", flat(price_scheme=[{**FLAT, "valid_to": date(2026, 10, 31)}])),
    ("no_price", flat(price_scheme=[scheme("CI_TWO", "lt1")])),
    ("no_price", flat(price=[price("energy", "0.5", "total", valid_to=date(2026, 10, 31))], price_scheme=[scheme("OWN")])),
    ("no_price", banded(price_scheme=[scheme("RES_FLAT", tou=True)])),
    ("no_price", two_part(price_scheme=[scheme("CI_SINGLE", "kv1_10", basic_charge_mode="capacity")])),
    ("no_price", flat(price_scheme=[scheme("RES_FLAT", step_scheme="monthly")])),
    ("unknown_tariff", flat(price_scheme=[scheme("NONE")])),
    ("impossible_period", flat(bill=[bill(date(2026, 10, 1), date(2026, 10, 1))])),
    ("impossible_period", flat(bill=[bill(date(2025, 9, 1), date(2026, 11, 1))])),
    ("market_price_unknown", flat(customer=[{"market_mode": "market"}], price_scheme=[scheme("CI_SINGLE", "kv1_10")])),
    (None, flat(
        customer=[{"market_mode": "market"}], price_scheme=[scheme("OWN")],
        price=[price("purchase", "0.4", "total")],
    )),
    ("year_history_missing", flat(price_scheme=[scheme("RES_STEP", step_scheme="annual")])),
    (None, flat(
        price_scheme=[scheme("RES_STEP", step_scheme="annual")], customer=[{"opened_on": date(2026, 10, 2)}],
    )),
    ("no_reactive_reading", two_part(price_scheme=[{**TWO_PART, "pf_standard": "0.90"}])),
    (None, two_part(price_scheme=[{**TWO_PART, "pf_standard": "0.90"}], reading=readings(total=100, reactive=10))),
    ("no_demand_reading", two_part(price_scheme=[{**TWO_PART, "basic_charge_mode": "actual_demand"}])),
    ("no_capacity", two_part(customer=[{}])),
    (None, two_part()),
    ("no_billing_point", flat(metering_point=[{"usage": "check"}])),
    ("no_billing_point", flat(metering_point=[{"status": "planned"}])),
    ("several_bills_in_month", flat(bill=[bill()])),
]  # fmt: skip


@pytest.mark.parametrize(("code", "given"), CASES, ids=[f"{n}-{code}" for n, (code, _) in enumerate(CASES)])
def test_refusal(code: str | None, given: Given) -> None:
    if code == "several_bills_in_month":
        given = {**given, "bill": [bill(), bill(bill_id="B2")]}
        assert [row["refusal"] for row in recomputed(given)] == [code, code]
    else:
        assert refusal(given) == code


def test_every_code_has_a_case() -> None:
    """Energy below zero can't come out of readings, since a falling register is refused before."""
    assert {code for code, _ in CASES if code} == REFUSALS.keys() - {"negative_energy"}


def test_first_reason_is_told() -> None:
    """Of several reasons the first of the list is told: a missing reading before a tariff that no book has."""
    second = {**scheme("NONE"), "mp_id": "M2"}
    given = flat(metering_point=[{}, {"mp_id": "M2"}], price_scheme=[FLAT, second], reading=[])
    assert refusal(given) == "missing_reading"


def test_rollover_that_the_capacity_allows() -> None:
    """From 99,990 over 10⁵ to 20 are 30 kWh: 30 × 0.558 = 16.74. With 10 kVA a month gives at most 10 × 744 × 1.2 kWh."""
    meter = [{"digits": 5}]
    small = flat(
        customer=[{"contract_kva": 10}], meter=meter, reading=[reading("total", 20, previous_value=99_990)]
    )
    (row,) = recomputed(small)
    assert (row["refusal"], row["total_yuan"]) == (None, Decimal("16.74"))
    large = flat(
        customer=[{"contract_kva": 10}], meter=meter, reading=[reading("total", 20, previous_value=90_000)]
    )
    assert refusal(large) == "backward_register"


def test_both_meters_of_a_swap() -> None:
    """Old meter × 20: 10.02 × 20 = 200.4; new one × 30: 5.01 × 30 = 150.3; together 350.7, 351 kWh × 0.558 = 195.86."""
    swap = datetime(2026, 10, 12, 10)
    installed = [
        {"ct_ratio": 20, "removed_at": swap},
        {"meter_id": "A2", "installed_at": swap, "ct_ratio": 30},
    ]
    taken = [
        reading("total", "10.02", read_at=swap),
        reading("total", "5.01", meter_id="A2", previous_at=swap),
    ]
    (row,) = recomputed(flat(meter=[{}, {"meter_id": "A2"}], meter_installation=installed, reading=taken))
    assert (row["kwh"], row["total_yuan"]) == (351, Decimal("195.86"))


def test_an_absurd_reading_stops_nobody_else() -> None:
    """A register of twelve digits on a large ratio is a wrong reading of one customer, not the end of the run."""
    given = flat(
        customer=[{}, {"customer_no": "C2"}],
        bill=[bill(), bill(bill_id="B2", customer_no="C2")],
        metering_point=[{"metering_mode": "hv_lv"}, {"mp_id": "M2", "customer_no": "C2"}],
        meter_installation=[{"ct_ratio": 100_000, "pt_ratio": 100}, {"mp_id": "M2", "meter_id": "A2"}],
        price_scheme=[
            scheme("CI_TWO", "kv1_10", basic_charge_mode="actual_demand", pf_standard="0.90", transformer_loss=True),
            {**FLAT, "mp_id": "M2"},
        ],
        transformer=[{}],
        reading=[
            *readings(total=999_999_999_999, reactive=999_999_999_999, max_demand=999_999_999),
            reading("total", 100, mp_id="M2", meter_id="A2"),
        ],
    )  # fmt: skip
    assert recomputed(given)[1]["total_yuan"] == Decimal("55.80")
