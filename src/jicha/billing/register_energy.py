"""Register energy (示数电量): from two readings of a register to the energy that passed it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_UNITS = [Decimal(1).scaleb(-places) for places in range(10)]


def multiplier(ct_ratio: Decimal, pt_ratio: Decimal) -> Decimal:
    """Return the combined multiplier (综合倍率) K_CT × K_PT; a direct meter has 1 × 1."""
    return ct_ratio * pt_ratio


def register_difference(start: Decimal, end: Decimal, integer_digits: int | None) -> tuple[Decimal, bool]:
    """Return what the register advanced, and whether it passed its last number (翻转): then + 10^digits.

    With the number of digits unknown a falling reading stays negative.
    """
    difference = end - start
    if difference >= 0 or integer_digits is None:
        return difference, False
    return difference + 10**integer_digits, True


def rollover_accepted(
    energy_kwh: Decimal, capacity_kva: Decimal, hours: Decimal | int, factor: Decimal
) -> bool:
    """Return whether a rollover is believed: the energy is one that the capacity could pass, E ≤ S × hours × factor."""
    return energy_kwh <= capacity_kva * hours * factor


def whole(kwh: Decimal, places: int = 0) -> Decimal:
    """Return a quantity rounded half up to whole kWh, or to `places` decimals where a book says so."""
    return kwh.quantize(_UNITS[places], ROUND_HALF_UP)


def whole_quotient(top: Decimal, bottom: Decimal) -> Decimal:
    """Return top ÷ bottom (bottom > 0) rounded once, half away from zero, to a whole number.

    No quotient is cut before it is rounded: floor((2·top + bottom) ÷ (2·bottom)) stays exact as long as
    top and bottom have at most 26 digits.
    """
    if top < 0:
        return -((bottom - 2 * top) // (2 * bottom))
    return (2 * top + bottom) // (2 * bottom)
