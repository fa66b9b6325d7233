"""Line loss that is billed (线损电量): where the meter is not at the boundary of property."""

from __future__ import annotations

from decimal import Decimal

from jicha.billing.register_energy import whole_quotient

_HUNDRED = Decimal(100)


def agreed_loss_kwh(energy_kwh: Decimal, line_loss_pct: Decimal) -> Decimal:
    """Return the agreed percentage of the energy (with transformer loss), rounded half up to whole kWh."""
    return whole_quotient(energy_kwh * line_loss_pct, _HUNDRED)
