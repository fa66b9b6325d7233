"""A charge that is a multiple of what is paid back (倍数): fixed in one version, a ceiling (不高于) in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import exact, text, yuan
from jicha.settle.law import Provision
from jicha.settle.lines import SettledLine, money_line
from jicha.settle.problems import MultipleAboveLaw

# One multiple for all versions, or one for each by its name; None, or a version left out: the version's own.
Multiple = Decimal | Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True)
class PaidBack:
    """One amount to be paid back, not rounded, under the version of its days."""

    exact_yuan: Fraction
    formula: str
    law: Provision


def penalty_lines(
    name: str, parts: Sequence[PaidBack], multiple: Multiple, *, from_rounded: bool = False
) -> Iterator[SettledLine]:
    """Yield one line a version: multiple × Σ of its parts, rounded once; `from_rounded` takes the rounded back-pay instead.

    Without a multiple the version's own is applied, which under a ceiling is the most that may be charged.
    """
    for version in dict.fromkeys(part.law.version for part in parts):
        own = [part for part in parts if part.law.version == version]
        base = sum((part.exact_yuan for part in own), Fraction(0))
        yield _line(name, exact(yuan(base)) if from_rounded else base, own[0].law, multiple, from_rounded)


def allowed_multiple(law: Provision, given: Multiple) -> Decimal:
    """Return the multiple to apply; refuse one above the law's."""
    highest = law.number("multiple")
    multiple = given.get(law.version) if isinstance(given, Mapping) else given
    if multiple is None:
        return highest
    if not 0 <= multiple <= highest:
        raise MultipleAboveLaw(
            where=f"{law.name} {law.version}",
            found=f"{multiple} times",
            expected=f"{'at most' if law.flag('multiple_is_ceiling') else 'exactly'} {highest} times ({law.clause})",
            remedy="Take the multiple of the contract, not above that of the rule.",
        )
    return multiple


def _line(name: str, base: Fraction, law: Provision, multiple: Multiple, from_rounded: bool) -> SettledLine:
    applied = allowed_multiple(law, multiple)
    basis = "rounded back-pay" if from_rounded else "back-pay not rounded"
    return money_line(
        name,
        base * exact(applied),
        formula=f"{text(base)} yuan × {text(applied)}{_against_law(law, applied)}",
        quantity=base,
        unit="yuan",
        law=law,
        rounding=f"half up to 0.01 yuan, once; {basis}",
    )


def _against_law(law: Provision, applied: Decimal) -> str:
    """Say how the applied multiple stands to the rule's where it is not the same or only a ceiling."""
    highest = text(law.number("multiple"))
    if law.flag("multiple_is_ceiling"):
        return f" (ceiling {highest})"
    return "" if applied == law.number("multiple") else f" (fixed at {highest})"
