"""What the facts of the SQL engine hold beside the amounts, and what no drawn bill asks for: worked by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.billing_sql import bills
from tests.billing_sql.bills import (
    OCTOBER,
    Given,
    Row,
    bill,
    build,
    one_customer,
    only,
    parts,
    price,
    reading,
    readings,
    recomputed,
    scheme,
)

BANDS = ("sharp", "peak", "flat", "valley", "deep_valley")
REGISTERS = ("total", *BANDS)
COMPONENTS = ("energy", "purchase", "line_loss", "transmission", "system")


def book() -> list[Row]:
    """Return a price of 0.50 for every component and register."""
    return [price(component, "0.50", register) for component in COMPONENTS for register in REGISTERS]


@pytest.mark.parametrize("kwh", [0, 2])
def test_a_register_without_energy_has_no_charge(kwh: int) -> None:
    """Nothing used has no charge, not one of 0.00 yuan; two kWh at 0.50 are one yuan, which is one."""
    expected = None if kwh == 0 else Decimal("1.00")
    for tou, registers in ((False, ("total",)), (True, BANDS)):
        given = one_customer(
            price=book(),
            price_scheme=[scheme("OWN", tou=tou)],
            reading=readings(**dict.fromkeys(registers, kwh)),
        )
        (row,) = parts(given)
        for component in COMPONENTS:
            for register in REGISTERS:
                due = expected if register in registers else None
                assert row[f"{component}_{register}_yuan"] == due, (component, register)


def test_a_fund_of_no_energy_is_no_charge() -> None:
    for kwh, expected in ((0, None), (2, Decimal("0.06"))):  # 2 × 0.03
        given = one_customer(
            price=[*book(), price("fund", "0.03")],
            price_scheme=[scheme("OWN")],
            reading=readings(total=kwh),
        )
        (row,) = parts(given)
        assert row["fund_yuan"] == expected


@pytest.mark.parametrize(
    ("main_kwh", "first", "expected"),
    [
        # 40.5 and 30.5 kWh are 41 and 31; half of the 28 left is 14
        (100, "40.5", {"M1": 14, "M2": 41, "M3": 31, "M4": 14}),
        # 30 are left for the second, nothing for the share
        (71, "40.5", {"M1": 0, "M2": 41, "M3": 30, "M4": 0}),
        # 40.45 is 40, not 40.5 and then 41; half of 29 is 14.5 and so 15
        (100, "40.45", {"M1": 14, "M2": 40, "M3": 31, "M4": 15}),
    ],
)
def test_fixed_quantities_are_whole(main_kwh: int, first: str, expected: dict[str, int]) -> None:
    flat = scheme("RES_FLAT")
    given = one_customer(
        metering_point=[{}, *({"mp_id": mp_id, "parent_mp_id": "M1"} for mp_id in ("M2", "M3", "M4"))],
        price_scheme=[
            flat,
            {**flat, "mp_id": "M2", "fixed_kwh": first},
            {**flat, "mp_id": "M3", "fixed_kwh": "30.5"},
            {**flat, "mp_id": "M4", "fixed_ratio": "0.5"},
        ],
        reading=readings(total=main_kwh),
    )
    assert {row["mp_id"]: row["kwh_total"] for row in parts(given)} == expected


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize(("kwh", "expected"), [(0, None), (1, "market_price_unknown")])
def test_a_retail_contract_in_one_band(
    monkeypatch: pytest.MonkeyPatch, band: str, kwh: int, expected: str | None
) -> None:
    """A book that has the purchase price of one band only; what the contract says is not in it."""
    chosen = f"SELECT * REPLACE (IF(register = 'sharp', '{band}', register) AS register) FROM"
    usual = bills.texts

    def texts(name: str, month: date) -> tuple[tuple[str, str], ...]:
        return tuple(
            (
                fact,
                f"{chosen} ({text}) WHERE register IN ('sharp', 'any')" if fact == "shipped_price" else text,
            )
            for fact, text in usual(name, month)
        )

    monkeypatch.setattr(bills, "texts", texts)
    given = one_customer(
        customer=[{"market_mode": "market"}],
        price_scheme=[scheme("CI_SINGLE", "lt1", tou=True)],
        reading=readings(total=5, **{band: kwh}),
    )
    (row,) = recomputed(given)
    assert row["refusal"] == expected


def test_steps_without_energy_have_no_charge() -> None:
    given = one_customer(
        price=[*book(), price("step2", "0.05"), price("step3", "0.30")],
        price_step=[
            {"tariff_code": "OWN", "step_scheme": "monthly", "step": step, "above_kwh": limit}
            for step, limit in ((2, 200), (3, 400))
        ],
        price_scheme=[scheme("OWN", step_scheme="monthly")],
        reading=readings(total=200),
    )
    (row,) = parts(given)
    assert (row["step2_yuan"], row["step3_yuan"], row["fund_yuan"]) == (None, None, None)


@pytest.mark.parametrize("month", [date(2024, 6, 1), date(2024, 5, 1), OCTOBER])
def test_a_rollover_in_the_first_month_of_a_rule(month: date) -> None:
    """1,000,000 − 999,990 + 5 = 15 kWh × 0.558 = 8.37, in whichever month."""
    following = date(month.year, month.month + 1, 1)
    given = one_customer(
        customer=[{"contract_kva": 400}],
        price_scheme=[scheme("RES_FLAT")],
        bill=[bill(month, following, bill_month=month)],
        reading=[
            reading(
                "total",
                5,
                previous_value=999_990,
                bill_month=month,
                previous_at=datetime(month.year, month.month, 1),
                read_at=datetime(following.year, following.month, 1),
            )
        ],
    )
    (row,) = recomputed(given, month)
    assert (row["refusal"], row["total_yuan"]) == (None, Decimal("8.37"))


def test_no_energy_of_a_month_is_above_a_thousand_million() -> None:
    # The register shows 2,000,000,000; 1,000,000,000 are taken, so that no product outgrows its column.
    given = one_customer(price_scheme=[scheme("RES_FLAT")], reading=readings(total=2_000_000_000))
    (row,) = build("metered_energy", given, OCTOBER)
    assert row["kwh_total"] == 1_000_000_000


def demand(kilowatt: int) -> Given:
    """Return a customer with a contract of 1,000 kW at 1 yuan a kW."""
    own = scheme("OWN", basic_charge_mode="contract_demand", contract_demand_kw=1000)
    return one_customer(
        customer=[{"contract_kva": 400}],
        price=[price("energy", "0.50", "total"), price("demand", "1")],
        price_scheme=[own],
        reading=readings(total=0, max_demand=kilowatt),
    )


@pytest.mark.parametrize(
    ("rule", "kilowatt", "expected"),
    [
        # 1,100 kW against 1,000: 50 above 1,050
        ("actual_plus_excess", 1100, "1150.00"),  # 1100 + 50
        ("contract_plus_double_excess", 1100, "1100.00"),  # 1000 + 2 × 50
        ("over100_double_min95", 1100, "1200.00"),  # 1000 + 2 × 100
        ("actual_plus_excess", 1050, "1000.00"),
        ("contract_plus_double_excess", 1050, "1000.00"),
    ],
)
def test_the_readings_of_the_overrun(
    monkeypatch: pytest.MonkeyPatch, rule: str, kilowatt: int, expected: str
) -> None:
    usual = bills.texts

    def texts(name: str, month: date) -> tuple[tuple[str, str], ...]:
        other = f"SELECT * REPLACE ('{rule}' AS demand_overrun) FROM"
        return tuple(
            (fact, f"{other} ({text})" if fact == "billing_rule" else text)
            for fact, text in usual(name, month)
        )

    monkeypatch.setattr(bills, "texts", texts)
    assert str(only(demand(kilowatt))["basic_yuan"]) == expected
