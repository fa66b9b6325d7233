"""What the acts of a case share: the law book, the prices, the customer, the agreed multiple; and the charge on a back-pay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import exact, text, yuan
from jicha.settle.law import LawBook, Provision
from jicha.settle.penalty import Multiple, allowed_multiple
from jicha.settle.sheet.fields import Fields
from jicha.settle.sheet.lines import CHARGE, Draft, Note
from jicha.settle.sheet.local_law import LocalLaw
from jicha.settle.sheet.prices import Prices, PriceSpan


@dataclass(frozen=True, slots=True)
class Setting:
    """What the acts of one case are settled with; `notes` collects what the reader must know."""

    book: LawBook
    local: LocalLaw
    prices: Prices
    found_on: date
    is_residential: bool
    is_lighting: bool
    is_two_part: bool
    is_charge_of_rounded: bool
    notes: list[Note] = field(default_factory=list)

    def tell(self, code: str, **values: str) -> None:
        """Note something for the reader, once."""
        note = Note(code, tuple(values.items()))
        if note not in self.notes:
            self.notes.append(note)


@dataclass(frozen=True, slots=True)
class Terms:
    """The multiple of the contract and the clause that fixes it."""

    multiple: Multiple = None
    contract_clause: str = ""


def read_terms(fields: Fields) -> Terms:
    """Return `multiple` (one, or {version: multiple}) and `contract_clause`."""
    multiple: Multiple = None
    if fields.has("multiple"):
        if isinstance(fields.plain("multiple"), Mapping):
            inner = fields.inside("multiple")
            multiple = {name: inner.number(name) for name in inner.names()}
        else:
            multiple = fields.number("multiple")
    fields.plain("multiple")
    return Terms(multiple, fields.text("contract_clause", ""))


@dataclass(frozen=True, slots=True)
class Paid:
    """A back-pay with the provision of the charge on it."""

    draft: Draft
    charging: Provision


def charge_drafts(paid: Sequence[Paid], terms: Terms, setting: Setting, component: str) -> Iterator[Draft]:
    """Yield the charge on the back-pay, one line a version: multiple × Σ, never above the multiple of the law."""
    for version in dict.fromkeys(one.charging.version for one in paid):
        own = [one for one in paid if one.charging.version == version]
        base = sum((one.draft.exact_yuan for one in own), Fraction(0))
        base = exact(yuan(base)) if setting.is_charge_of_rounded else base
        yield _charge(base, own, terms, setting, component)


def _charge(base: Fraction, own: Sequence[Paid], terms: Terms, setting: Setting, component: str) -> Draft:
    law = own[0].charging
    applied, highest = allowed_multiple(law, terms.multiple), law.number("multiple")
    is_ceiling = law.flag("multiple_is_ceiling")
    if is_ceiling and not terms.contract_clause:
        setting.tell("no_contract_clause", multiple=text(applied), highest=text(highest), version=law.version)
    elif not is_ceiling and applied != highest:
        setting.tell("multiple_below_fixed", multiple=text(applied), fixed=text(highest), version=law.version)
    return Draft(
        kind=CHARGE, component=component, law=law, due=base * exact(applied), formula=f"{text(base)} ¥ × {text(applied)}",
        from_day=own[0].draft.from_day, to_day=own[-1].draft.to_day, quantity=exact(applied), unit="×",
        limit=f"{'≤' if is_ceiling else '='} {text(highest)} ×", addition=terms.contract_clause,
    )  # fmt: skip


def read_bands(fields: Fields) -> Mapping[str, Decimal]:
    """Return the share of each band that the load curve proves; without one all energy is in the flat band."""
    if not fields.has("bands"):
        fields.plain("bands")
        return {"flat": Decimal(1)}
    inner = fields.inside("bands")
    bands = {name: inner.number(name) for name in inner.names()}
    if sum(bands.values()) != 1:
        inner.add(f"add up to {sum(bands.values())}; write shares that add up to 1")
    return bands


def overlap(spans: Iterable[PriceSpan], others: Iterable[PriceSpan]) -> Iterator[tuple[PriceSpan, PriceSpan]]:
    """Yield two series of prices cut to the same days."""
    known = tuple(others)
    for one in spans:
        for other in known:
            begin, end = max(one.from_day, other.from_day), min(one.to_day, other.to_day)
            if begin < end:
                yield _cut(one, begin, end), _cut(other, begin, end)


def _cut(span: PriceSpan, begin: date, end: date) -> PriceSpan:
    return PriceSpan(begin, end, span.yuan, span.source, span.is_verified)


def days(span: PriceSpan) -> int:
    """Return the number of days of a price."""
    return (span.to_day - span.from_day).days
