"""Indicators (指标) of a marketing unit: ratios with a named numerator and denominator, in percent or yuan per kWh."""

from __future__ import annotations

from decimal import Decimal

from jicha.errors import ExplainedError
from jicha.money import divide_half_up, yuan

PLACES = 6


class NothingToDivideBy(ExplainedError):
    """An indicator whose denominator is zero."""


def recovery_rate_pct(received_yuan: Decimal, receivable_yuan: Decimal) -> Decimal:
    """Return the recovery rate (电费回收率): received of the period ÷ receivable of the period × 100."""
    return percent(received_yuan, receivable_yuan)


def reading_error_rate_pct(wrong_customers: Decimal, read_customers: Decimal) -> Decimal:
    """Return the reading error rate (抄表差错率): customers read wrongly ÷ customers really read × 100, by customers, not kWh."""
    return percent(wrong_customers, read_customers)


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """Return part ÷ whole × 100, half up to six decimals."""
    return quotient(part * 100, whole)


def average_price(charge_yuan: Decimal, energy_kwh: Decimal) -> Decimal:
    """Return the average price (均价): yuan ÷ kWh, half up to six decimals."""
    return quotient(charge_yuan, energy_kwh)


def energy_for_average_price(
    fixed_charge_yuan: Decimal, energy_price_yuan: Decimal, target_yuan_per_kwh: Decimal
) -> Decimal:
    """Return the kWh at which fixed charge and energy charge together come to the target average price."""
    return quotient(fixed_charge_yuan, target_yuan_per_kwh - energy_price_yuan)


def revenue_after_growth(energy_kwh: Decimal, growth_pct: Decimal, price_yuan_per_kwh: Decimal) -> Decimal:
    """Return the revenue of an energy that grew by some percent, rounded half up to the cent."""
    return yuan(energy_kwh * (100 + growth_pct) / 100 * price_yuan_per_kwh)


def quotient(top: Decimal, bottom: Decimal) -> Decimal:
    """Return top ÷ bottom, half up to six decimals; refuse a zero denominator."""
    if bottom == 0:
        raise NothingToDivideBy(
            where="indicator",
            found=f"{top} ÷ 0",
            expected="a denominator other than zero",
            remedy="Leave the indicator out for this unit and period.",
        )
    return divide_half_up(top, bottom, PLACES)
