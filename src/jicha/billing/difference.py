"""Issued beside recomputed (发行与重算), line by line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from jicha.billing.model import Line

ITEMS = ("energy", "step", "basic", "pf_adjustment", "fund", "other")
LineKey = tuple[str, str, str, str]


class LineDifference(NamedTuple):
    """One line of a bill as issued and as recomputed; amounts in yuan, quantities in the line's unit.

    Several lines of one key (segments) are added up; the unit price is told where all of them have the same.
    """

    mp_id: str | None
    item: str
    component: str | None
    register: str | None
    issued_quantity: Decimal | None
    issued_price: Decimal | None
    issued_yuan: Decimal
    due_quantity: Decimal | None
    due_price: Decimal | None
    due_yuan: Decimal

    @property
    def difference_yuan(self) -> Decimal:
        """Issued minus due: below zero the company charged too little (少收), above it too much (多收)."""
        return self.issued_yuan - self.due_yuan


def line_key(line: Line) -> LineKey:
    """Return what makes two lines the same charge; an adjustment belongs to the bill, whatever point it names."""
    if line.item == "pf_adjustment":
        return ("", "pf_adjustment", "", "")
    return (line.mp_id or "", line.item, line.component or "", line.register or "any")


def amounts(lines: Iterable[Line]) -> dict[LineKey, Decimal]:
    """Return the amount of each charge, those of zero yuan left out."""
    sums: dict[LineKey, Decimal] = {}
    for line in lines:
        key = line_key(line)
        sums[key] = sums.get(key, Decimal(0)) + line.amount_yuan
    return {key: amount for key, amount in sums.items() if amount}


def compare(issued: Iterable[Line], due: Iterable[Line]) -> list[LineDifference]:
    """Return every charge of either bill with both sides, in the order of the charge steps."""
    left, right = _by_key(issued), _by_key(due)
    keys = sorted({*left, *right}, key=lambda key: (ITEMS.index(key[1]), key))
    return [_difference(key, left.get(key, []), right.get(key, [])) for key in keys]


def _by_key(lines: Iterable[Line]) -> dict[LineKey, list[Line]]:
    grouped: dict[LineKey, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line_key(line), []).append(line)
    return grouped


def _difference(key: LineKey, issued: list[Line], due: list[Line]) -> LineDifference:
    mp_id, item, component, register = (part or None for part in key)
    assert item is not None
    return LineDifference(mp_id, item, component, register, *_side(issued), *_side(due))


def _side(lines: list[Line]) -> tuple[Decimal | None, Decimal | None, Decimal]:
    quantities = [line.quantity for line in lines if line.quantity is not None]
    prices = {line.unit_price for line in lines}
    quantity = sum(quantities, Decimal(0)) if quantities else None
    return (
        quantity,
        prices.pop() if len(prices) == 1 else None,
        sum((line.amount_yuan for line in lines), Decimal(0)),
    )
