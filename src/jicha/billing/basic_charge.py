"""Basic charge (基本电费): by transformer capacity, by contracted or by actual maximum demand, whole and part months."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

_NOTHING = Decimal(0)
_CENT = Decimal("0.01")
_FOUR_PLACES = Decimal("0.0001")


def is_whole_month(period_from: date, period_to: date) -> bool:
    """Return whether a period runs from one day to the same day of the next month (or from month end to month end)."""
    months = 12 * (period_to.year - period_from.year) + period_to.month - period_from.month
    if months != 1:
        return False
    ends = (period_to + timedelta(days=1)).day == 1 and period_from.day > period_to.day
    return period_from.day == period_to.day or ends


def calendar_days(day: date) -> int:
    """Return the days of the calendar month of a day."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - day.replace(day=1)).days


def month_divisor(period_from: date, calendar_rule_from: date, days_before: int) -> int:
    """Return what a day is divided by: the calendar days of the month that begins, or 30 under the rule of 1996."""
    return calendar_days(period_from) if period_from >= calendar_rule_from else days_before


def overlap_days(period_from: date, period_to: date, span_from: date, span_to: date) -> int:
    """Return the days that two half-open spans have in common."""
    return max(0, (min(period_to, span_to) - max(period_from, span_from)).days)


def relief_days(period_from: date, period_to: date, span_from: date, span_to: date, least_days: int) -> int:
    """Return the days of a period that a suspension (暂停) frees from charge: none when it lasted under `least_days`.

    The charge stops on the day of sealing (加封) and starts again on the day of unsealing.
    """
    if (span_to - span_from).days < least_days:
        return 0
    return overlap_days(period_from, period_to, span_from, span_to)


def billed_days(days_in_service: Decimal | int, period_days: int, divisor: int) -> Decimal:
    """Return the days that count of a whole month's period: all of the divisor's when in service throughout.

    In a month of 31 days that is divided by 30, thirty days in service are a whole month too.
    """
    if days_in_service >= period_days:
        return Decimal(divisor)
    return Decimal(min(days_in_service, divisor))


def kva_days(units: Iterable[tuple[Decimal, Decimal | int]]) -> Decimal:
    """Return Σ kVA × days in service."""
    return sum((kva * days for kva, days in units), _NOTHING)


def average_kva(units_kva_days: Decimal, days: int) -> Decimal:
    """Return the average capacity in service, four decimals half up: a quantity to show and to compare, not to price."""
    return (units_kva_days / days).quantize(_FOUR_PLACES, ROUND_HALF_UP)


def capacity_charge(units_kva_days: Decimal, price_yuan_per_kva: Decimal, divisor: Decimal | int) -> Decimal:
    """Return kVA-days × price ÷ divisor in yuan, rounded once, half up: the kVA are not rounded before the price."""
    # A divisor up to 31 keeps the quotient at least 1e-11 away from a tie that is none, far inside 28 digits.
    return (units_kva_days * price_yuan_per_kva / divisor).quantize(_CENT, ROUND_HALF_UP)


def contract_limit_kw(contract_kw: Decimal, capacity_kva: Decimal | None, floor_share: Decimal) -> Decimal:
    """Return the contract demand (合同最大需量), at least a share of the capacity in service (核定值不低于40%)."""
    if capacity_kva is None:
        return contract_kw
    return max(contract_kw, (floor_share * capacity_kva).quantize(_FOUR_PLACES, ROUND_HALF_UP))


def billed_demand_kw(
    actual_kw: Decimal,
    contract_kw: Decimal,
    capacity_kva: Decimal | None,
    limit_share: Decimal,
    floor_share: Decimal,
    overrun: str = "actual_plus_excess",
) -> Decimal:
    """Return the billed demand (计费需量) of a contract Dc: its value up to 105 %, above it by the reading of the rule.

    actual_plus_excess:            D + (D − 1.05·Dc), the default ruling
    contract_plus_double_excess:   Dc + 2·(D − 1.05·Dc)
    over100_double_min95:          Dc + 2·(D − Dc); D itself from 95 to 105 %, at least 0.95·Dc (an old book)
    No capacity in service: nothing is billed.
    """
    if capacity_kva is not None and capacity_kva <= 0:
        return _NOTHING
    contract = contract_limit_kw(contract_kw, capacity_kva, floor_share)
    limit = limit_share * contract
    if actual_kw <= limit:
        # The old book's band is as wide below the contract as above it: 1 − (1.05 − 1).
        return contract if overrun != "over100_double_min95" else max(actual_kw, 2 * contract - limit)
    if overrun == "actual_plus_excess":
        return actual_kw + (actual_kw - limit)
    return contract + 2 * (actual_kw - (contract if overrun == "over100_double_min95" else limit))


def demand_price(
    price: Decimal,
    energy_kwh: Decimal,
    contract_kva: Decimal,
    threshold_kwh_per_kva: Decimal,
    factor: Decimal,
) -> Decimal:
    """Return the demand price, × factor in a month when the energy reaches the threshold a kVA (260 kWh/kVA)."""
    reached = contract_kva > 0 and energy_kwh >= threshold_kwh_per_kva * contract_kva
    return price * factor if reached else price


def demand_charge(
    demand_kw: Decimal, price_yuan_per_kw: Decimal, days: Decimal | int = 1, divisor: Decimal | int = 1
) -> Decimal:
    """Return kW × price × the share of the month in yuan, rounded once, half up."""
    amount = demand_kw * price_yuan_per_kw
    if days != divisor:
        amount = amount * days / divisor
    return amount.quantize(_CENT, ROUND_HALF_UP)


def breakeven_share(price_yuan_per_kva: Decimal, price_yuan_per_kw: Decimal) -> Decimal:
    """Return the demand in a share of the capacity at which both ways of charging cost the same."""
    return price_yuan_per_kva / price_yuan_per_kw


def folded_demand_kw(loads: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """Return the demand of resold loads (转供用户), Σ kWh ÷ (kWh a kW): it comes off the reseller's demand."""
    return sum((kwh / kwh_per_kw for kwh, kwh_per_kw in loads), _NOTHING)
