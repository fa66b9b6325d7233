"""By which mistake a wrong bill came about (差错原因): the one that reproduces the issued lines to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import chain

import yaml

from jicha.billing.attribution import attribute
from jicha.billing.difference import amounts
from jicha.billing.hypotheses import charges, power_factor, prices, quantities
from jicha.billing.hypotheses.situation import Clues, Family, Mistake, Situation, clues_of, plain
from jicha.billing.model import BillInput, IssuedBill, PricedBill
from jicha.billing.policy import RuleBook
from jicha.billing.price_list import PriceList

MODULES = (power_factor, prices, quantities, charges)
SPECIFIC: tuple[Family, ...] = tuple(chain.from_iterable(module.SPECIFIC for module in MODULES))
# These take a number from the bill itself: only where no mistake of the specific kinds reproduces it.
SOLVED: tuple[Family, ...] = (*power_factor.SOLVED, *quantities.SOLVED, *charges.SOLVED)
UNEXPLAINED = "unexplained"
LOOSE = frozenset({"quantity_slip", "wrong_demand", "reactive_slip"})


@dataclass(frozen=True, slots=True)
class CauseText:
    """How a cause is told."""

    code: str
    title: dict[str, str]
    topic: str
    message: dict[str, str]
    rank: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an issued bill differs; `codes` has two where only two mistakes together reproduce it, none where none do.

    `also` names other mistakes that reproduce the same lines; `parts` attribute the difference in yuan.
    """

    code: str
    codes: tuple[str, ...]
    topic: str
    title: dict[str, str]
    message: dict[str, str]
    issued_yuan: Decimal
    due_yuan: Decimal
    also: tuple[str, ...]
    parts: dict[str, Decimal]

    @property
    def difference_yuan(self) -> Decimal:
        """Issued minus due: below zero the company charged too little."""
        return self.issued_yuan - self.due_yuan


@cache
def cause_texts() -> dict[str, CauseText]:
    """Return every cause by code, in the order from usual to rare."""
    path = files("jicha") / "policies" / "causes" / "causes.yaml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]
    return {
        row["code"]: CauseText(row["code"], row["title"], row["topic"], row["message"], rank)
        for rank, row in enumerate(rows)
    }


def find_cause(
    bill: BillInput, issued: IssuedBill, priced: PricedBill, price_list: PriceList, book: RuleBook
) -> Cause:
    """Return the cause of a bill that differs from its recomputation."""
    situation = Situation(bill, price_list, book.on(bill.period_from))
    clues = clues_of(issued, priced, book)
    slip = _amount_slip(clues)
    if slip is not None:
        return _told([slip], clues, ())
    found = _reproducing(SPECIFIC, situation, clues) or _reproducing(
        SOLVED, situation, clues, ("quantity_slip",)
    )
    if found:
        return _told(
            [found[0]], clues, tuple(dict.fromkeys(m.code for m in found[1:] if m.code != found[0].code))
        )
    pair = next(_pairs(situation, clues), None) or _reproducing(SOLVED, situation, clues)[:1]
    return _told(pair, clues, ())


def _amount_slip(clues: Clues) -> Mistake | None:
    """Return the slip where one amount alone differs and its quantity and price are right."""
    if len(clues.wrong) != 1:
        return None
    key = next(iter(clues.wrong))
    issued, due = clues.issued_sums.get(key), clues.due_sums.get(key)
    if issued is None or due is None or key[1] == "pf_adjustment" or issued.quantity is None:
        return None
    if (issued.quantity, issued.unit_price) != (due.quantity, due.unit_price):
        return None
    return Mistake("amount_slip", None, f"{issued.amount_yuan:.2f}", f"{due.amount_yuan:.2f}")  # type: ignore[arg-type]


def _reproducing(
    families: tuple[Family, ...], situation: Situation, clues: Clues, without: tuple[str, ...] = ()
) -> list[Mistake]:
    """Return the mistakes under which the issued lines come out to the cent, the usual first."""
    wanted = amounts(clues.issued.lines)
    found = [
        m for m in _candidates(families, situation, clues) if m.code not in without and _comes_out(m, wanted)
    ]
    texts = cause_texts()
    return sorted(found, key=lambda mistake: texts[mistake.code].rank)


def _candidates(families: tuple[Family, ...], situation: Situation, clues: Clues) -> Iterator[Mistake]:
    for one in families:
        if clues.items <= one.changes | {"pf_adjustment"} and clues.items & one.touches:
            yield from one.propose(situation, clues)


def _comes_out(mistake: Mistake, wanted: dict[tuple[str, str, str, str], Decimal]) -> bool:
    priced = mistake.situation.price()
    return priced.refusal is None and amounts(priced.lines) == wanted


def _pairs(situation: Situation, clues: Clues) -> Iterator[list[Mistake]]:
    """Yield two mistakes that reproduce the bill together, the first of which explains a part of the differences."""
    for one in SPECIFIC:
        if not clues.items & one.touches:
            continue
        for first in one.propose(situation, clues):
            priced = first.situation.price()
            if priced.refusal is not None:
                continue
            rest = clues_of(clues.issued, priced, clues.book)
            if rest.wrong < clues.wrong and rest.wrong:
                second = _reproducing(SPECIFIC, first.situation, rest)[:1]
                if second:
                    yield [first, second[0]]


def _told(mistakes: list[Mistake], clues: Clues, also: tuple[str, ...]) -> Cause:
    texts = cause_texts()
    parts = attribute(clues.issued.lines, clues.due.lines)
    issued, due = sum(_yuan(clues.issued), Decimal(0)), clues.due.total_yuan
    chosen = [texts[mistake.code] for mistake in mistakes] or [texts[UNEXPLAINED]]
    return Cause(
        code=chosen[0].code,
        codes=tuple(text.code for text in chosen) if mistakes else (),
        topic=chosen[0].topic,
        title={language: " + ".join(text.title[language] for text in chosen) for language in ("zh", "en")},
        message={
            language: _message(language, mistakes, chosen, parts, issued - due) for language in ("zh", "en")
        },
        issued_yuan=issued,
        due_yuan=due,
        also=also,
        parts=parts,
    )


def _yuan(issued: IssuedBill) -> list[Decimal]:
    return [line.amount_yuan for line in issued.lines]


def _message(
    language: str,
    mistakes: list[Mistake],
    texts: list[CauseText],
    parts: dict[str, Decimal],
    difference: Decimal,
) -> str:
    plain_parts = {name: plain(value) for name, value in parts.items()}
    said = [
        text.message[language].format(used=mistake.used, due=mistake.due, **plain_parts)
        for text, mistake in zip(texts, mistakes or [Mistake(UNEXPLAINED, None)], strict=True)  # type: ignore[arg-type]
    ]
    amount = f"{abs(difference):,.2f}"
    if language == "zh":
        return "；".join([*said, f"{'少收' if difference < 0 else '多收'} {amount} 元"])
    return "; ".join([*said, f"{'under' if difference < 0 else 'over'}charged {amount} yuan"])
