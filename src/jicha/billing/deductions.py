"""Deductions from a main point: sub meters (套扣), fixed quantities (定量) and fixed ratios (定比), and shares by energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from jicha.billing.register_energy import whole, whole_quotient

_NOTHING = Decimal(0)
FLAT = "flat"


def take_fixed(
    main_kwh: Decimal, fixed_kwh: Sequence[Decimal], fixed_ratio: Sequence[Decimal]
) -> tuple[list[Decimal], Decimal]:
    """Return the parts taken off a main point and what is left: fixed quantities first, then the ratios.

    A quantity takes no more than is left. All ratios are of the same remainder, each rounded half up to
    1 kWh; the last one takes no more than is left.
    """
    parts: list[Decimal] = []
    left = main_kwh
    for quantity in fixed_kwh:
        parts.append(min(quantity, left))
        left -= parts[-1]
    remainder = left
    for ratio in fixed_ratio:
        parts.append(min(whole(ratio * remainder), left))
        left -= parts[-1]
    return parts, left


def share_by_energy(total: Decimal, parts: Sequence[Decimal], main_index: int) -> list[Decimal]:
    """Return a total shared in proportion to energy, each share rounded half up to 1 kWh, the remainder to the main part.

    Where no part has energy, all of it is the main part's.
    """
    energy = sum(parts, _NOTHING)
    if energy <= 0:
        shares = [_NOTHING] * len(parts)
    else:
        shares = [whole_quotient(total * part, energy) for part in parts]
    shares[main_index] += total - sum(shares, _NOTHING)
    return shares


def deduct_from_bands(bands: Mapping[str, Decimal], amount: Decimal) -> dict[str, Decimal]:
    """Return the bands less an amount taken in proportion to their kWh, each rounded half up, the remainder on flat.

    Where no flat band is billed the remainder falls on the largest band.
    """
    names = list(bands)
    energies = list(bands.values())
    rest = FLAT if FLAT in bands else max(names, key=bands.__getitem__)
    taken = share_by_energy(amount, energies, names.index(rest))
    return {name: energy - off for name, energy, off in zip(names, energies, taken, strict=True)}
