"""Power-factor adjustment (功率因数调整电费) by the measures of 1983."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from math import isqrt

from jicha.billing.shipped_file import read_shipped
from jicha.errors import ExplainedError

_CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
_ONE = Decimal(1)
# The 101 power factors of two decimals, so that none is made in the inner path.
_FACTORS = [Decimal(hundredths).scaleb(-2) for hundredths in range(101)]


class UnknownStandard(ExplainedError):
    """A power-factor standard (功率因数标准) for which no adjustment table exists."""


def power_factor(active_kwh: Decimal, reactive_kvarh: Decimal) -> Decimal | None:
    """Return P ÷ √(P² + Q²), two decimals half up; None when there is neither active nor reactive energy.

    Decided on integers: k/100 is the factor when P²·200² ≥ (2k − 1)²·(P² + Q²) and k is the largest such,
    that is k = ⌊(⌊200·P ÷ √(P² + Q²)⌋ + 1) ÷ 2⌋. Q is Σ of the absolute values of both directions.
    """
    active, reactive = _integers(active_kwh, reactive_kvarh)
    square = active * active + reactive * reactive
    if not square:
        return None
    return _FACTORS[(isqrt(40000 * active * active // square) + 1) // 2]


def _integers(active: Decimal, reactive: Decimal) -> tuple[int, int]:
    """Return both scaled by the same power of ten to integers; a negative active energy counts as none."""
    whole_active, whole_reactive = int(active), int(reactive)
    if whole_active != active or whole_reactive != reactive:
        places = -min(_exponent(active), _exponent(reactive))
        whole_active, whole_reactive = int(active.scaleb(places)), int(reactive.scaleb(places))
    return max(whole_active, 0), whole_reactive


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def power_factor_of_ratio(reactive_per_active: Decimal) -> Decimal:
    """Return the power factor of a ratio Q ÷ P (tan φ), as the 1983 look-up table does."""
    factor = power_factor(_ONE, reactive_per_active)
    assert factor is not None  # P is 1
    return factor


def rounded_factor(cosine: Decimal) -> Decimal:
    """Return a computed cos φ rounded half up to two decimals (0.855 is 0.86)."""
    return cosine.quantize(_CENT, ROUND_HALF_UP)


def adjustment_pct(standard: Decimal, factor: Decimal) -> Decimal:
    """Return the percentage of the table for a standard and a power factor of two decimals; minus reduces the bill."""
    rows = adjustment_table()
    try:
        return rows[standard, factor]
    except KeyError:
        known = sorted({str(key[0]) for key in rows})
        raise UnknownStandard(
            where="power-factor adjustment",
            found=f"standard {standard}, power factor {factor}",
            expected=f"standard {', '.join(known)} and a power factor of two decimals from 0.00 to 1.00",
            remedy="Correct the standard in the price scheme.",
        ) from None


@cache
def adjustment_table() -> dict[tuple[Decimal, Decimal], Decimal]:
    """Return {(standard, power factor): percent}, read once from the policies."""
    return {
        (Decimal(row["pf_standard"]), Decimal(row["power_factor"])): Decimal(row["adjust_pct"])
        for row in read_shipped("power_factor", "1983.yaml")["rows"]
    }


def adjustment_yuan(base_yuan: Decimal, pct: Decimal) -> Decimal:
    """Return base × percent ÷ 100 in yuan, rounded half up to the cent; the base is without funds and surcharges."""
    return (base_yuan * pct / _HUNDRED).quantize(_CENT, ROUND_HALF_UP)


def readjusted_yuan(billed_yuan: Decimal, billed_pct: Decimal, right_pct: Decimal) -> Decimal:
    """Return what a bill of base × (1 + billed %) should have been with the right percentage.

    The base is taken back unrounded, so that the result is rounded once, half up.
    """
    return (billed_yuan * (_HUNDRED + right_pct) / (_HUNDRED + billed_pct)).quantize(_CENT, ROUND_HALF_UP)
