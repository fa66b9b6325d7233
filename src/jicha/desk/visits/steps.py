"""What the step from a register's last reading to the one on site means: the engine's own arithmetic, with the meter's own dial."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from jicha.audit.site_sheet import SiteRegister, SiteSheet
from jicha.billing.register_energy import register_difference, rollover_accepted
from jicha.desk.visits.models import Reading

# What these registers show is no energy that adds up: the highest demand of the month begins anew.
NOT_ENERGY = frozenset({"max_demand"})
SECONDS_OF_AN_HOUR = 3600


def energy_and_hint(
    register: SiteRegister, sheet: SiteSheet, value: Decimal, at: datetime, factor: Decimal
) -> tuple[Decimal | None, str]:
    """Return the kWh since the last reading and the hint; `at` is naive, in the time of the records.

    A fall is a rollover where the dial's digits are known and the capacity could have passed the energy (factor: policies).
    """
    if register.previous_value is None or register.register in NOT_ENERGY:
        return None, Reading.Hint.NONE
    difference, is_over = register_difference(register.previous_value, value, register.digits)
    energy = difference * register.multiplier
    if not is_over:
        return energy, Reading.Hint.FORWARD if difference >= 0 else Reading.Hint.BACKWARD
    is_believed = sheet.contract_kva is not None and register.previous_at is not None and rollover_accepted(
        energy, sheet.contract_kva, _hours(register.previous_at, at), factor
    )  # fmt: skip
    return energy, Reading.Hint.ROLLOVER if is_believed else Reading.Hint.DOUBTED


def _hours(begin: datetime, end: datetime) -> Decimal:
    """Return the time between two moments in hours; none at all where the records know a later reading."""
    return Decimal(max(0, int((end - begin).total_seconds()))) / SECONDS_OF_AN_HOUR
