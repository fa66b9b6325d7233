"""A line of the sheet, and how its exact amount becomes cents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from jicha.settle.exact import shown, yuan
from jicha.settle.law import Provision
from jicha.settle.sheet.prices import PriceSpan

BACK_PAY, CHARGE, LATE_FEE, REFUND = "back_pay", "charge", "late_fee", "refund"
RUNNING_SUM = "half up to 0.01 yuan on the running sum of the act and version"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the reader must know: a code with its values; the words stand in reports."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A line before its amounts are rounded: what was billed and what should have been, exactly."""

    kind: str
    component: str
    law: Provision
    due: Fraction
    formula: str
    billed: Fraction = Fraction(0)
    from_day: date | None = None
    to_day: date | None = None
    quantity: Fraction = Fraction(0)
    unit: str = ""
    price: PriceSpan | None = None
    limit: str = ""
    addition: str = ""  # a contract clause or a local rule that the line rests on beside the provision
    group: str = ""  # what is rounded together; by default the version of the law

    @property
    def exact_yuan(self) -> Fraction:
        """What should have been less what was billed."""
        return self.due - self.billed


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of the sheet: a component in a period; what is owed to the customer is negative."""

    act: str
    act_number: int
    kind: str
    component: str
    from_day: date | None
    to_day: date | None
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    price_source: str
    is_price_verified: bool
    billed_yuan: Decimal
    due_yuan: Decimal
    difference_yuan: Decimal
    formula: str
    limit: str
    addition: str
    law: Provision
    rounding: str = RUNNING_SUM

    @property
    def is_clause_confirmed(self) -> bool:
        """Whether the clause was read; otherwise it prints as to be confirmed."""
        return self.law.verified and self.law.article is not None

    def plain(self) -> dict[str, Any]:
        """Return the line as plain data; numbers as text, so that none becomes a float."""
        return {
            "act": self.act, "act_number": self.act_number, "kind": self.kind, "component": self.component,
            "from": _iso(self.from_day), "until": _iso(self.to_day),
            "quantity": f"{self.quantity:f}", "unit": self.unit, "unit_price": None if self.unit_price is None else f"{self.unit_price:f}",
            "price_source": self.price_source, "is_price_verified": self.is_price_verified,
            "billed_yuan": f"{self.billed_yuan:f}", "due_yuan": f"{self.due_yuan:f}", "difference_yuan": f"{self.difference_yuan:f}",
            "formula": self.formula, "limit": self.limit, "addition": self.addition,
            "law": {"source": self.law.source, "article": self.law.article, "version": self.law.version, "mark": self.law.mark},
            "is_clause_confirmed": self.is_clause_confirmed, "rounding": self.rounding,
        }  # fmt: skip


def rounded_lines(act: str, act_number: int, drafts: Sequence[Draft]) -> list[SheetLine]:
    """Return the lines of one act in cents.

    The amounts of one kind and version, or of one bill, are rounded on their running sum: their total is the exact total rounded once, however many
    lines, bands or price changes it was cut into.
    """
    passed: dict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    lines = []
    for draft in drafts:
        sums = passed[draft.kind, draft.group or draft.law.version]
        difference = _step(sums, 0, draft.exact_yuan)
        billed = _step(sums, 1, draft.billed)
        lines.append(_line(act, act_number, draft, billed, difference))
    return lines


def _step(sums: list[Fraction], place: int, amount: Fraction) -> Decimal:
    before = yuan(sums[place])
    sums[place] += amount
    return yuan(sums[place]) - before


def _line(act: str, number: int, draft: Draft, billed: Decimal, difference: Decimal) -> SheetLine:
    price = draft.price
    return SheetLine(
        act=act, act_number=number, kind=draft.kind, component=draft.component, from_day=draft.from_day, to_day=draft.to_day,
        quantity=shown(draft.quantity), unit=draft.unit, unit_price=price.yuan if price else None, price_source=price.source if price else "",
        is_price_verified=price.is_verified if price else True, billed_yuan=billed, due_yuan=billed + difference, difference_yuan=difference,
        formula=draft.formula, limit=draft.limit, addition=draft.addition, law=draft.law,
    )  # fmt: skip


def total_yuan(lines: Iterable[SheetLine], *kinds: str) -> Decimal:
    """Return the sum of the differences of some kinds of lines, of all where none is named."""
    return sum((line.difference_yuan for line in lines if not kinds or line.kind in kinds), Decimal("0.00"))


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
