"""Exact arithmetic between Decimal in and Decimal out: quotients stay fractions until they are rounded once."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from jicha.money import divide_half_up

Number = Decimal | Fraction | int

SHOWN_PLACES = 6  # of quantities and factors on a line; amounts never go by way of the shown quantity


def exact(value: Number) -> Fraction:
    """Return the value as a fraction, which equals it."""
    return Fraction(value)


def rounded(value: Fraction, places: int) -> Decimal:
    """Return the fraction rounded half away from zero to `places` decimals."""
    return divide_half_up(Decimal(value.numerator), Decimal(value.denominator), places)


def yuan(value: Fraction) -> Decimal:
    """Return an amount rounded half up to the cent (分)."""
    return rounded(value, 2)


def shown(value: Fraction) -> Decimal:
    """Return a quantity for a line, rounded half up to six decimals."""
    return rounded(value, SHOWN_PLACES)


def text(value: Number) -> str:
    """Return a number for a formula, without trailing zeros."""
    return _trimmed(f"{shown(exact(value)):f}")


def digits(value: Decimal) -> str:
    """Return a stated number with all its digits, without trailing zeros."""
    return _trimmed(f"{value:f}")


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
