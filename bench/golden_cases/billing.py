"""The topics of billing, each with its adapter."""

from __future__ import annotations

from golden_cases.bills import full_bill
from golden_cases.charges import (
    basic_charge_capacity,
    basic_charge_demand,
    pf_adjustment,
    pf_from_energy,
    stepped_residential,
)
from golden_cases.common import Adapter
from golden_cases.readings import line_loss, meter_rollover, reading_to_energy, tou_energy, transformer_loss

ADAPTERS: dict[str, Adapter] = {
    "pf_adjustment": pf_adjustment,
    "pf_from_energy": pf_from_energy,
    "stepped_residential": stepped_residential,
    "transformer_loss": transformer_loss,
    "basic_charge_demand": basic_charge_demand,
    "basic_charge_capacity": basic_charge_capacity,
    "full_bill": full_bill,
    "line_loss": line_loss,
    "reading_to_energy": reading_to_energy,
    "suspend_reduce": basic_charge_capacity,
    "meter_rollover": meter_rollover,
    "tou_energy": tou_energy,
}
