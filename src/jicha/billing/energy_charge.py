"""Energy charge (电度电费): kWh at a unit price, prices of bands, and quantities split by days."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from jicha.billing.register_energy import whole_quotient

_CENT = Decimal("0.01")


def charge(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Return quantity × unit price in yuan, rounded half up to the cent (domain 4.6: each bill line)."""
    return (quantity * unit_price).quantize(_CENT, ROUND_HALF_UP)


def band_price(flat_price: Decimal, ratio: Decimal) -> Decimal:
    """Return the price of a band (时段) that floats by a ratio of the flat price; not rounded."""
    return flat_price * ratio


def split_by_days(kwh: Decimal, day_offsets: Sequence[int], days: int) -> list[Decimal]:
    """Return a quantity split at day offsets: segment k has round(E·d_k ÷ D) − round(E·d_(k−1) ÷ D) whole kWh.

    `day_offsets` are the days from the start of the period to the end of each segment, the last one `days`:
    the segments add up to the whole quantity without a remainder rule.
    """
    if len(day_offsets) == 1:
        return [kwh]
    segments: list[Decimal] = []
    before = Decimal(0)
    period = Decimal(days)
    for offset in day_offsets:
        until = kwh if offset == days else whole_quotient(kwh * offset, period)
        segments.append(until - before)
        before = until
    return segments
