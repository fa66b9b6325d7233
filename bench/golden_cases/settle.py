"""The topics of settlements, each with its adapter: back-billing, default usage, theft, late payment and the rest."""

from __future__ import annotations

from golden_cases.backbill import meter_error_backbill, multiplier_error, wrong_wiring_correction
from golden_cases.common import Adapter
from golden_cases.others import other
from golden_cases.penalties import late_payment, theft_settlement, violation_charge

ADAPTERS: dict[str, Adapter] = {
    "wrong_wiring_correction": wrong_wiring_correction,
    "other": other,
    "late_payment": late_payment,
    "meter_error_backbill": meter_error_backbill,
    "theft_settlement": theft_settlement,
    "violation_charge": violation_charge,
    "multiplier_error": multiplier_error,
}
