"""A bar chart laid out by the server: drawn without a script, printed as seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

HEIGHT, STEP = 90, 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place, and what it stands for."""

    x: int
    y: int
    height: int
    label: str
    value: Decimal

    @property
    def middle(self) -> int:
        """Where the label stands."""
        return self.x + 14


def laid_out(rows: Sequence[tuple[str, Decimal]]) -> list[Bar]:
    """Return the bars of (label, value), the highest filling the height; what is below zero hangs from the line as nothing."""
    largest = max((value for _, value in rows), default=Decimal(0)) or Decimal(1)
    heights = [int(max(value, Decimal(0)) * HEIGHT / largest) for _, value in rows]
    return [
        Bar(10 + STEP * place, HEIGHT + 10 - height, height, label, value)
        for place, ((label, value), height) in enumerate(zip(rows, heights, strict=True))
    ]
