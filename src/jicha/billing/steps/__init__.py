"""The charge steps, one file each, in the order in which a bill passes them."""

from __future__ import annotations

from collections.abc import Callable

from jicha.billing.steps import basic, energy, factor, losses, metered, parts, segments, tiers
from jicha.billing.work import Work

STEPS: tuple[Callable[[Work], None], ...] = (
    segments.apply,
    metered.apply,
    parts.apply,
    losses.apply,
    energy.apply,
    tiers.apply,
    basic.apply,
    factor.apply,
)
