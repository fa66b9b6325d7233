"""Exact money and energy: Decimal in, Decimal out, half-up (四舍五入) and never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Return the value rounded half away from zero to `places` decimals."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def divide_half_up(numerator: Decimal, denominator: Decimal, places: int) -> Decimal:
    """Return numerator ÷ denominator, rounded once, half away from zero, to `places` decimals.

    The quotient is taken on integers, so no intermediate rounding can turn a tie.
    Raises ZeroDivisionError for a zero denominator.
    """
    top_sign, top, top_exponent = _integer(numerator)
    bottom_sign, bottom, bottom_exponent = _integer(denominator)
    shift = places + top_exponent - bottom_exponent
    scaled_top = top * 10 ** max(shift, 0)
    scaled_bottom = bottom * 10 ** max(-shift, 0)
    units = (2 * scaled_top + scaled_bottom) // (2 * scaled_bottom)
    return Decimal(top_sign * bottom_sign * units).scaleb(-places)


def yuan(value: Decimal) -> Decimal:
    """Return an amount in yuan rounded half-up to the cent (分)."""
    return round_half_up(value, 2)


def _integer(value: Decimal) -> tuple[int, int, int]:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is not a finite number; give a finite Decimal")
    return (-1 if sign else 1), int("".join(map(str, digits))), exponent
