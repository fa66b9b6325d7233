"""Worked bills through the facts of the SQL engine: the golden vectors of the trade, and bills worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.billing_sql.bills import Given, amounts, bill, one_customer, only, price, reading, readings, scheme


def metered_low(kvarh: int) -> Given:
    """Return the two-part customer of 315 kVA of G17, G18 and G19: low-side metering, S11, bands, standard 0.90."""
    return one_customer(
        customer=[{"market_mode": "agency", "contract_kva": 315}],
        metering_point=[{"metering_mode": "hv_lv"}],
        transformer=[
            {"no_load_loss_kw": "0.47", "load_loss_kw": "3.65", "no_load_current_pct": "1.6", "impedance_pct": "4.0"}
        ],
        transformer_state=[{}],
        price_scheme=[scheme("CI_TWO", "kv1_10", tou=True, pf_standard="0.90", basic_charge_mode="capacity", transformer_loss=True)],
        reading=readings(total=60_000, sharp=6_000, peak=20_000, flat=16_000, valley=18_000, reactive=kvarh),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kvarh", "factor", "percent", "expected"),
    [
        (25_000, "0.90", "0", {"energy": "39220.74", "basic": "9292.50", "fund": "1770.52", "total": "50283.76"}),
        (45_000, "0.77", "6.5", {"energy": "39262.72", "basic": "9292.50", "fund": "1772.63", "pf_adjustment": "3156.09", "total": "53483.94"}),
        (9_000, "0.98", "-0.75", {"energy": "39204.42", "basic": "9292.50", "fund": "1769.70", "pf_adjustment": "-363.73", "total": "49902.89"}),
    ],
    ids=["G17", "G18", "G19"],
)  # fmt: skip
def test_low_side_metering(kvarh: int, factor: str, percent: str, expected: dict[str, str]) -> None:
    row = only(metered_low(kvarh))
    assert amounts(row) == expected
    assert (row["power_factor"], row["pf_adjust_pct"]) == (Decimal(factor), Decimal(percent))


@pytest.mark.parametrize(("demand", "yuan"), [(1049, "47200.00"), (1050, "47200.00"), (1200, "63720.00")])
def test_contract_demand(demand: int, yuan: str) -> None:
    """G13: up to 105 % the contract's 1,000 kW, above it the actual demand and what is above 105 % once more."""
    given = one_customer(
        customer=[{"market_mode": "agency", "contract_kva": 2000}],
        price_scheme=[
            scheme("CI_TWO", "kv1_10", basic_charge_mode="contract_demand", contract_demand_kw=1000)
        ],
        reading=readings(total=0, max_demand=demand),
    )
    assert amounts(only(given)) == {"basic": yuan, "total": yuan}


@pytest.mark.parametrize(
    ("begin", "end", "yuan"),
    [(date(2026, 2, 1), date(2026, 2, 13), "3982.50"), (date(2023, 2, 1), date(2023, 2, 13), "3717.00")],
)
def test_part_month(begin: date, end: date, yuan: str) -> None:
    """G14: 315 × 29.5 for 12 days of February, ÷ 28 under the rule of 2024, ÷ 30 under that of 1996."""
    given = one_customer(
        customer=[{"contract_kva": 315}],
        price=[price("capacity", "29.5", valid_from=date(2020, 1, 1))],
        price_scheme=[scheme("OWN", basic_charge_mode="capacity")],
        reading=readings(total=0),
        bill=[bill(begin, end)],
    )
    assert amounts(only(given)) == {"basic": yuan, "total": yuan}


@pytest.mark.parametrize(
    ("kwh", "yuan"), [(2760, "1484.88"), (3000, "1626.00"), (4800, "2684.40"), (5000, "2852.00")]
)
def test_annual_steps(kwh: int, yuan: str) -> None:
    """G15: the year's energy in one bill of January."""
    january = date(2026, 1, 1)
    given = one_customer(
        price_scheme=[scheme("RES_STEP", step_scheme="annual")],
        reading=[reading("total", kwh, bill_month=january)],
        bill=[{**bill(january, date(2026, 2, 1)), "bill_month": january}],
    )
    assert str(only(given, january)["total_yuan"]) == yuan


def test_suspended_capacity() -> None:
    """Two units of 315 and 500 kVA, the second sealed on 11 October until the agreed 21st, unsealed on the 25th.

    Off are 10 of 31 days, below 15 days: charged throughout. Agreed until the 31st: off are 20 days:
    (315 × 31 + 500 × 11) × 29.5 ÷ 31 = 15265 × 29.5 ÷ 31 = 14526.37.
    """

    def given(agreed: date) -> Given:
        unit = {"transformer_id": "TR2", "kva": 500}
        states = [
            {},
            {"transformer_id": "TR2", "valid_to": date(2026, 10, 9)},
            {"transformer_id": "TR2", "valid_from": date(2026, 10, 9), "valid_to": date(2026, 11, 25),
             "state": "suspended", "sealed_on": date(2026, 10, 11), "agreed_until": agreed},
            {"transformer_id": "TR2", "valid_from": date(2026, 11, 25)},
        ]  # fmt: skip
        return one_customer(
            customer=[{"market_mode": "agency"}], transformer=[{}, unit], transformer_state=states,
            price_scheme=[scheme("CI_TWO", "kv1_10", basic_charge_mode="capacity")], reading=readings(total=0),
        )  # fmt: skip

    # 815 × 29.5 = 24042.50
    assert str(only(given(date(2026, 10, 21)))["basic_yuan"]) == "24042.50"
    assert str(only(given(date(2026, 10, 31)))["basic_yuan"]) == "14526.37"


def test_more_for_those_who_left_the_market() -> None:
    """1,000 kWh, purchase 0.41 × 1.5 = 0.615: 615.00 + 13.00 + 211.40 (single rate, 1–10 kV) + 35.00; fund 29.24."""
    given = one_customer(
        customer=[{"market_mode": "exited"}],
        price_scheme=[scheme("CI_SINGLE", "kv1_10")],
        reading=readings(total=1000),
    )
    assert amounts(only(given)) == {"energy": "874.40", "fund": "29.24", "total": "903.64"}


@pytest.mark.parametrize(
    ("mode", "listed", "energy"),
    # Domain 2.8: a high-energy user pays the multiple of the agency price; its own market contract or the catalogue knows no such price.
    [
        ("agency", True, "874.40"),
        ("agency", False, "669.40"),
        ("exited", True, "874.40"),
        ("catalogue", True, "669.40"),
    ],
)
def test_more_for_high_energy_users_of_agency_purchase(mode: str, listed: bool, energy: str) -> None:
    """1,000 kWh as above; without the multiple 410.00 + 13.00 + 211.40 + 35.00."""
    given = one_customer(
        customer=[{"market_mode": mode, "high_energy_listed": listed}],
        price_scheme=[scheme("CI_SINGLE", "kv1_10")],
        reading=readings(total=1000),
    )
    assert amounts(only(given))["energy"] == energy


def test_demand_price_of_a_well_used_capacity() -> None:
    """26,000 kWh on 100 kVA are 260 a kVA: 80 kW × 47.2 × 0.9 = 3398.40; one kWh less: 3776.00."""

    def basic(kwh: int) -> str:
        given = one_customer(
            customer=[{"market_mode": "agency", "contract_kva": 100}],
            price_scheme=[scheme("CI_TWO", "kv1_10", basic_charge_mode="actual_demand")],
            reading=readings(total=kwh, max_demand=80),
        )
        return str(only(given)["basic_yuan"])

    assert (basic(26_000), basic(25_999)) == ("3398.40", "3776.00")


def test_least_contract_demand() -> None:
    """Contract 100 kW on 1,000 kVA: at least 40 %, 400 kW × 47.2 = 18880.00."""
    given = one_customer(
        customer=[{"market_mode": "agency", "contract_kva": 1000}],
        price_scheme=[
            scheme("CI_TWO", "kv1_10", basic_charge_mode="contract_demand", contract_demand_kw=100)
        ],
        reading=readings(total=0, max_demand=90),
    )
    assert str(only(given)["basic_yuan"]) == "18880.00"


def test_line_loss() -> None:
    """1,250 kWh × 3 % = 37.5, half up 38: 1,288 × 0.558 = 718.70."""
    given = one_customer(price_scheme=[scheme("RES_FLAT", line_loss_pct=3)], reading=readings(total=1250))
    assert str(only(given)["total_yuan"]) == "718.70"


def test_large_household_and_monthly_steps() -> None:
    """Limits 170 and 260 kWh a month; five persons with a proof have 100 more; the period of 45 days counts two months.

    Own book 0.5, + 0.05, + 0.3. 800 kWh over 2 × 270 and 2 × 360: 180 kWh × 0.05 = 9.00, 80 × 0.3 = 24.00.
    """
    given = one_customer(
        customer=[{"household_persons": 5}],
        proof=[{"kind": "multi_person"}],
        price=[price("energy", "0.5", "total"), price("step2", "0.05"), price("step3", "0.3")],
        price_step=[
            {"tariff_code": "OWN", "step_scheme": "monthly", "step": step, "above_kwh": limit}
            for step, limit in ((2, 170), (3, 260))
        ],
        price_scheme=[scheme("OWN", step_scheme="monthly")],
        reading=readings(total=800),
        bill=[bill(date(2026, 9, 17), date(2026, 11, 1))],
    )
    assert amounts(only(given)) == {"energy": "400.00", "step": "33.00", "total": "433.00"}


def test_steps_go_on_from_what_was_issued() -> None:
    """2,700 kWh issued in March, a reversed bill of May not counted: of 100 kWh, 40 lie above 2,760: 53.80 + 2.00."""
    given = one_customer(
        price_scheme=[scheme("RES_STEP", step_scheme="annual")],
        reading=readings(total=100),
        bill=[
            bill(),
            {"bill_id": "J", "bill_month": date(2026, 1, 1)},
            {"bill_id": "M", "bill_month": date(2026, 3, 1)},
            {"bill_id": "Y", "bill_month": date(2026, 5, 1)},
            {"bill_id": "R", "bill_month": date(2026, 6, 1), "kind": "reversal", "reverses_bill_id": "Y"},
            {"bill_id": "L", "bill_month": date(2025, 12, 1)},
        ],
        bill_line=[
            {"bill_id": bill_id, "mp_id": "M1", "component": "energy", "register": "total", "quantity": kwh}
            for bill_id, kwh in (("M", 2700), ("Y", 500), ("L", 9999))
        ],
    )
    assert amounts(only(given)) == {"energy": "53.80", "step": "2.00", "total": "55.80"}


def test_steps_of_the_months_served() -> None:
    """Opened in October: 3 of 12 months, 690 and 1,200 kWh. Of 700 kWh 10 pay 0.05: 376.60 + 0.50."""
    given = one_customer(
        customer=[{"opened_on": date(2026, 10, 1)}],
        price_scheme=[scheme("RES_STEP", step_scheme="annual")],
        reading=readings(total=700),
    )
    assert amounts(only(given)) == {"energy": "376.60", "step": "0.50", "total": "377.10"}


@pytest.mark.parametrize("tou", [True, False])
def test_a_component_that_does_not_float_is_charged_in_every_band(tou: bool) -> None:
    """Transmission at register any: 300 kWh × 0.10 whichever bands they fall into; the purchase floats."""
    given = one_customer(
        price_scheme=[scheme("OWN", tou=tou)],
        price=[
            price("purchase", "0.60", "peak"), price("purchase", "0.30", "valley"), price("purchase", "0.40", "total"),
            price("transmission", "0.10"), price("fund", "0.03"),
        ],
        reading=readings(total=300, peak=100, valley=200),
    )  # fmt: skip
    # by bands 100 × 0.60 + 200 × 0.30 = 120.00; by the total 300 × 0.40 = 120.00; transmission 30.00; funds 9.00
    assert amounts(only(given)) == {"energy": "150.00", "fund": "9.00", "total": "159.00"}


def test_a_book_with_nothing_but_any_is_charged_by_the_total() -> None:
    given = one_customer(
        price_scheme=[scheme("OWN")], price=[price("energy", "0.50")], reading=readings(total=300)
    )
    assert amounts(only(given)) == {"energy": "150.00", "total": "150.00"}
