"""Residential steps (居民阶梯电价): the energy of a bill spread over tiers, and what the upper tiers add."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from jicha.billing.energy_charge import charge
from jicha.billing.register_energy import whole_quotient

_NOTHING = Decimal(0)
MONTHS_A_YEAR = 12


def tier_energies(use_kwh: Decimal, before_kwh: Decimal, limits: Sequence[Decimal]) -> list[Decimal]:
    """Return the energy in each tier, one more than limits, of a use that begins where `before_kwh` ended.

    A limit belongs to the tier below it. A negative use empties the tiers from the top.
    """
    after_kwh = before_kwh + use_kwh
    if limits and use_kwh >= 0 <= before_kwh and after_kwh <= limits[0]:
        return [use_kwh] + [_NOTHING] * len(limits)  # most bills never leave the first tier
    energies: list[Decimal] = []
    floor = _NOTHING
    for limit in limits:
        energies.append(max(min(after_kwh, limit), floor) - max(min(before_kwh, limit), floor))
        floor = limit
    energies.append(max(after_kwh, floor) - max(before_kwh, floor))
    if after_kwh < 0 or before_kwh < 0:
        energies[0] = use_kwh - sum(energies[1:], _NOTHING)
    return energies


def step_increments(
    energies: Sequence[Decimal], increments: Sequence[Decimal]
) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Return (kWh, increment, yuan) of the tiers above the first (递增法), each rounded half up to the cent."""
    upper = zip(energies[1:], increments, strict=True)
    return [(energy, increment, charge(energy, increment)) for energy, increment in upper]


def scaled_limits(
    limits: Sequence[Decimal], tier_months: int, basis_months: int, extra_kwh: Decimal = _NOTHING
) -> list[Decimal]:
    """Return the limits for so many tier months, whole kWh half up; `extra_kwh` a month lifts every tier.

    The basis is 12 months for yearly limits and 1 for monthly ones; the extra is that of a household of many
    persons (一户多人口).
    """
    extra = extra_kwh * tier_months
    if tier_months == basis_months:
        return [limit + extra for limit in limits]
    basis = Decimal(basis_months)
    return [whole_quotient(limit * tier_months, basis) + extra for limit in limits]


def tier_months(period_from: date, period_to: date, least_days: int) -> int:
    """Return the months of tiers of a period: whole months, one more when `least_days` or more are left, at least one."""
    months = MONTHS_A_YEAR * (period_to.year - period_from.year) + period_to.month - period_from.month
    left = period_to.day - period_from.day
    if left < 0:
        months -= 1
        # The days from the last whole month's end; a month shorter than the starting day ends on its last day.
        year, month = divmod(MONTHS_A_YEAR * period_from.year + period_from.month - 1 + months, MONTHS_A_YEAR)
        left = (period_to - _same_day(year, month + 1, period_from.day)).days
    return max(1, months + (left >= least_days))


def _same_day(year: int, month: int, day: int) -> date:
    following = date(year + month // MONTHS_A_YEAR, month % MONTHS_A_YEAR + 1, 1)
    last = (following - date(year, month, 1)).days
    return date(year, month, min(day, last))


def months_served(year: int, opened_on: date | None) -> int:
    """Return the months of a calendar year that a customer is served: from its opening month, else all twelve."""
    if opened_on is None or opened_on.year < year:
        return MONTHS_A_YEAR
    return max(0, MONTHS_A_YEAR + 1 - opened_on.month) if opened_on.year == year else 0
