"""The mistakes of billing that are planted: a code each, the topic that must report it, and what was done wrong.

The cause engine of re-billing names the same codes. REBILL: no topic of its own, the recomputation itself finds it.
"""

from __future__ import annotations

REBILL = "REBILL"
CAUSES: dict[str, tuple[str, str]] = {
    "pf_standard": (REBILL, "power factor assessed by another standard"),
    "pf_not_assessed": (REBILL, "power factor not assessed"),
    "pf_without_loss": (REBILL, "transformer loss left out of the power factor"),
    "pf_fund_in_base": (REBILL, "funds in the base of the power-factor adjustment"),
    "tou_not_applied": (REBILL, "all energy at the price without time of use"),
    "bands_swapped": (REBILL, "peak and valley energy exchanged"),
    "voltage_column": (REBILL, "price of another voltage column"),
    "single_rate_price": (REBILL, "single-rate energy price for a two-part customer"),
    "price_version": ("BL-25", "price version before the one valid"),
    "multiplier": (REBILL, "another multiplier than CT × PT and the archive hold"),
    "archive_multiplier": (REBILL, "the archive's wrong multiplier"),
    "rollover": (REBILL, "rollover of the register not added"),
    "old_meter": (REBILL, "energy of the meter that came down left out"),
    "transformer_loss_left_out": ("BL-16", "transformer loss left out"),
    "transformer_loss_high_side": (
        "BL-16",
        "transformer loss charged to a customer metered on the high side",
    ),
    "transformer_loss_hours": ("BL-16", "a full month's hours for a transformer in service for some days"),
    "line_loss_left_out": ("BL-17", "agreed line loss left out"),
    "excess_not_doubled": ("BL-13", "demand above 105 % of the contract not charged twice"),
    "floor_ignored": ("BL-10", "contract demand below 40 % of the capacity used"),
    "previous_demand": ("BL-10", "maximum demand of the month before"),
    "thirtieth": ("BL-10", "part month by thirtieths instead of calendar days"),
    "suspended_charged": ("BL-10", "suspended capacity charged"),
    "capacity_left_out": ("BL-10", "capacity of a running transformer left out"),
    "basic_left_out": ("BL-11", "basic charge left out"),
    "discount_missed": ("BL-15", "demand price not lowered at 260 kWh per kVA"),
    "discount_given": ("BL-15", "demand price lowered below 260 kWh per kVA"),
    "steps_not_prorated": ("BL-22", "step limits of a whole year for a customer of some months"),
    "steps_year_to_date": ("BL-22", "last month left out of the year's energy before"),
    "step3_forgotten": ("BL-22", "increment of the third step forgotten"),
    "quota_ignored": ("BL-22", "quota of a large household ignored"),
    "quota_expired": ("BL-22", "quota of a large household given after its end"),
    "not_segmented": ("BL-24", "scheme changed inside the cycle, one segment only"),
    "fund_left_out": ("BL-30", "funds left out"),
    "fund_rate": ("BL-30", "funds at a rate that is not the book's"),
    "exit_factor_missed": ("BL-34", "1.5 × not applied to a customer that left the market"),
    "exit_factor_given": ("BL-34", "1.5 × applied to a customer of agency purchase"),
    "fixed_share_ignored": (REBILL, "fixed share not taken off the main meter"),
    "sub_not_deducted": (REBILL, "sub meter not taken off the main meter"),
    "amount_slip": (REBILL, "an amount typed wrongly"),
    "frozen_reading": (REBILL, "energy by the frozen reading instead of the billed one"),
    "estimated": (REBILL, "estimated energy although the meter was read"),
    "negative_energy": (REBILL, "negative energy billed"),
}
