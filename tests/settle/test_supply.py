"""Outage compensation, temporary supply, demand through another customer, and indicators."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jicha import indicators
from jicha.settle.law import law_of
from jicha.settle.problems import ImpossibleInput
from jicha.settle.supply import (
    LoadThrough,
    UnmeteredLoad,
    demand_charge_after_fold,
    folded_demand_kw,
    outage_compensation,
    rent_of_days,
    temporary_energy_kwh,
    temporary_refund,
    temporary_supply,
)

TEMPORARY, FOLD = law_of("temporary_supply", "1996"), law_of("demand_through_another", "1996")
OUTAGE = law_of("outage_compensation", "1996")


def test_an_outage_is_paid_five_times_to_a_two_part_customer_and_four_times_to_another() -> None:
    """720,000 ÷ (30 × 24) = 1,000 kWh an hour × 8 h × 0.55 = 4,400; × 5 = 22,000, × 4 = 17,600."""
    facts = Decimal(8), Decimal(720000), Decimal(30), Decimal("0.55")
    assert outage_compensation(*facts, OUTAGE).total == 22000
    assert outage_compensation(*facts, OUTAGE, two_part=False).total == 17600
    assert outage_compensation(*facts, OUTAGE, multiple=Decimal(1)).total == 4400


def test_a_temporary_supply_with_components_of_the_price() -> None:
    """2,560 + 2,720 + 56 = 5,336 kWh × 0.641, 0.004, 0.02, 0.002 = 3,420.38 + 21.34 + 106.72 + 10.67 = 3,559.11."""
    loads = [
        UnmeteredLoad(Decimal(10), Decimal(16), Decimal(20), Decimal("0.8")),
        UnmeteredLoad(Decimal(17), Decimal(16), Decimal(20), Decimal("0.5")),
        UnmeteredLoad(Decimal("0.2"), Decimal(14), Decimal(20)),
    ]
    prices = [Decimal(price) for price in ("0.641", "0.004", "0.02", "0.002")]
    assert temporary_energy_kwh(loads) == 5336
    settled = temporary_supply(loads, prices, TEMPORARY)
    assert settled.lines[0].amount_yuan == Decimal("3420.38")
    assert settled.total == Decimal("3559.11")
    assert rent_of_days(Decimal("8.1"), Decimal(20), Decimal(30)) == Decimal("5.40")


def test_a_prepayment_goes_back_beyond_the_charge_and_half_of_it_on_an_early_end() -> None:
    """30 × 6 × 90 × 0.20 = 3,240 of 5,000: 1,760 back after 60 of 90 days; after 30 of 90 days 1,620 more."""
    charge = temporary_supply(
        [UnmeteredLoad(Decimal(30), Decimal(6), Decimal(90))], [Decimal("0.20")], TEMPORARY
    ).total
    assert charge == 3240
    assert temporary_refund(charge, Decimal(5000), TEMPORARY, used_share=Decimal(60) / 90) == 1760
    assert temporary_refund(charge, Decimal(5000), TEMPORARY, used_share=Decimal(30) / 90) == 3380


def test_demand_of_customers_supplied_through_another_one_comes_off() -> None:
    """18,000 ÷ 180 + 54,000 ÷ 540 + 2,700 ÷ 270 = 210 kW; (2,000 − 210) × 32 = 57,280."""
    pairs = [("18000", "180"), ("54000", "540"), ("2700", "270")]
    loads = [LoadThrough(Decimal(energy), Decimal(per_kw)) for energy, per_kw in pairs]
    assert folded_demand_kw(loads) == 210
    assert demand_charge_after_fold(Decimal(2000), loads, Decimal(32), FOLD).total == 57280
    assert demand_charge_after_fold(Decimal(200), loads, Decimal(32), FOLD).total == 0
    with pytest.raises(ImpossibleInput):
        folded_demand_kw([LoadThrough(Decimal(1), Decimal(0))])


def test_recovery_rates() -> None:
    """980,000 ÷ 1,250,500 = 78.4 %; of this year 640,000 ÷ 750,500 = 85.3 %; of earlier years 68 %."""
    pairs = [("980000", "1250500"), ("640000", "750500"), ("340000", "500000")]
    rates = [indicators.recovery_rate_pct(Decimal(received), Decimal(due)) for received, due in pairs]
    assert [round(rate, 1) for rate in rates] == [Decimal("78.4"), Decimal("85.3"), Decimal("68.0")]


def test_reading_error_rate() -> None:
    """Two customers of a thousand: 0.2 %."""
    assert indicators.reading_error_rate_pct(Decimal(2), Decimal(1000)) == Decimal("0.2")
    with pytest.raises(indicators.NothingToDivideBy):
        indicators.reading_error_rate_pct(Decimal(0), Decimal(0))


def test_average_price_and_the_energy_that_lowers_it() -> None:
    """(20,000 + 100,000 × 0.20) ÷ 100,000 = 0.40; 20,000 ÷ (0.35 − 0.20) = 133,333.333 kWh."""
    assert indicators.average_price(Decimal(40000), Decimal(100000)) == Decimal("0.4")
    needed = indicators.energy_for_average_price(Decimal(20000), Decimal("0.20"), Decimal("0.35"))
    assert round(needed, 3) == Decimal("133333.333")


def test_revenue_after_growth() -> None:
    """1,000,000 × 1.08 × 0.50 = 540,000."""
    assert indicators.revenue_after_growth(Decimal(1000000), Decimal(8), Decimal("0.50")) == 540000
