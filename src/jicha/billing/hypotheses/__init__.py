"""Mistakes that a bill may have been made by, one file a family."""

from __future__ import annotations

from jicha.billing.hypotheses import (
    basic_charge,
    losses,
    metering,
    power_factor,
    prices,
    residential,
    shares,
    solved,
)
from jicha.billing.hypotheses.situation import Clues, Family, Mistake, Situation, clues_of, sums

# Mistakes that are what they are; only where none of them gives the bill, those whose size is taken from the bill.
SPECIFIC: tuple[Family, ...] = (
    *power_factor.SPECIFIC,
    *prices.SPECIFIC,
    *metering.SPECIFIC,
    *shares.SPECIFIC,
    *losses.SPECIFIC,
    *residential.SPECIFIC,
    *basic_charge.SPECIFIC,
    *solved.SPECIFIC,
)
SOLVED: tuple[Family, ...] = (
    *power_factor.SOLVED,
    *residential.SOLVED,
    *basic_charge.SOLVED,
    *solved.SOLVED,
)

__all__ = ["SOLVED", "SPECIFIC", "Clues", "Family", "Mistake", "Situation", "clues_of", "sums"]
