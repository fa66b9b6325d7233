"""Why a bill is wrong: the mistakes under which the bill comes out as issued, to the cent, the usual one first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from jicha.billing.attribution import Attribution, attribute
from jicha.billing.difference import LineKey, amounts
from jicha.billing.hypotheses import SOLVED, SPECIFIC, Clues, Family, Mistake, Situation, clues_of, sums
from jicha.billing.hypotheses.catalogue import LANGUAGES, Entry, catalogue, direction, told
from jicha.billing.model import BillInput, IssuedBill, PricedBill
from jicha.billing.policy import BillingRules, RuleBook
from jicha.billing.price_list import PriceList
from jicha.errors import ExplainedError

REBILL = "REBILL"
# A pair costs a search of its own: only the mistakes that bring the bill nearest to the issued one are followed.
FIRSTS_OF_A_PAIR = 6
# From this rank on a cause is what the bill itself tells: see policies/causes/causes.yaml.
TOLD_BY_THE_BILL = 50
Facet = tuple[LineKey | None, str]


@dataclass(frozen=True, slots=True)
class Cause:
    """By which mistake an issued bill came about; `also` are the codes of others that give the very same lines.

    `attribution` is there where no mistake and no pair of mistakes gives the issued lines.
    """

    code: str
    title: dict[str, str]
    message: dict[str, str]
    topic: str
    look_at: tuple[str, ...]
    also: tuple[str, ...]
    issued_yuan: Decimal
    due_yuan: Decimal
    attribution: Attribution | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The code of each mistake: two where only both together give the bill."""
        return tuple(self.code.split("+"))

    @property
    def difference_yuan(self) -> Decimal:
        """Issued minus due: below zero the company charged too little (少收), above it too much (多收)."""
        return self.issued_yuan - self.due_yuan


class Trial(NamedTuple):
    """One or two mistakes, the bill that they give, and in what it still differs from the issued one."""

    mistakes: tuple[Mistake, ...]
    priced: PricedBill
    wrong: frozenset[Facet]

    @property
    def code(self) -> str:
        """The codes of the mistakes."""
        return "+".join(mistake.code for mistake in self.mistakes)

    @property
    def order(self) -> tuple[int, int]:
        """What the ranking goes by: quantities and prices that the bill shows first, then how usual the mistake is."""
        return len(self.wrong), sum(catalogue()[mistake.code].rank for mistake in self.mistakes)


def find_cause(
    bill: BillInput,
    issued: IssuedBill,
    priced: PricedBill,
    prices: PriceList,
    rules: BillingRules | RuleBook,
) -> Cause:
    """Return the cause of the difference between an issued bill and the bill as it should have been.

    First every single mistake is tried, then pairs, and where nothing gives the issued lines the difference is split.
    """
    if priced.refusal:
        raise ExplainedError(
            where=f"bill {bill.bill_id}", found=f"a bill that was refused ({priced.refusal})",
            expected="a recomputed bill", remedy="Ask for the cause of bills that could be recomputed only.",
        )  # fmt: skip
    book = rules if isinstance(rules, RuleBook) else None
    own = rules.on(bill.period_from) if isinstance(rules, RuleBook) else rules
    clues = clues_of(issued, priced, book)
    if not clues.wrong:
        return _of_total(issued, priced)
    situation = Situation(bill, prices, own)
    found = _singles(situation, clues) or _pairs(situation, clues)
    return _explained(found, issued, priced) if found else _unexplained(issued, priced)


def _singles(situation: Situation, clues: Clues) -> list[Trial]:
    """Return the mistakes that give the issued lines; those told by the bill itself only where the others leave a doubt."""
    found = _exact(situation, clues, SPECIFIC)
    if not any(not trial.wrong for trial in found):
        found += _exact(situation, clues, SOLVED)
    return sorted(found, key=lambda trial: trial.order)


def _exact(situation: Situation, clues: Clues, families: Iterable[Family]) -> list[Trial]:
    able = [one for one in families if clues.items <= one.changes]
    wanted = amounts(clues.issued.lines)
    return [trial for trial in _trials(situation, clues, able) if amounts(trial.priced.lines) == wanted]


def _trials(situation: Situation, clues: Clues, families: Iterable[Family]) -> Iterator[Trial]:
    """Yield every mistake that has an effect on the bill."""
    due = amounts(clues.due.lines)
    for one in families:
        if clues.items & one.touches:
            for mistake in one.propose(situation, clues):
                priced = mistake.situation.price()
                if priced.refusal is None and amounts(priced.lines) != due:
                    yield Trial((mistake,), priced, _wrong(clues, priced))


def _wrong(clues: Clues, priced: PricedBill) -> frozenset[Facet]:
    """Return every amount, quantity, price and percentage that is not as issued; what a bill does not tell can't differ."""
    wrong: set[Facet] = set()
    shown, reached = clues.issued_sums, sums(priced.lines)
    for key in {*shown, *reached}:
        one, other = shown.get(key), reached.get(key)
        if one is None or other is None:
            present = one or other
            if present is not None and present.amount_yuan:
                wrong |= {(key, "quantity"), (key, "unit_price"), (key, "amount_yuan")}
            continue
        wrong.update(
            (key, name)
            for name in ("quantity", "unit_price")
            if _differs(getattr(one, name), getattr(other, name))
        )
        if one.amount_yuan != other.amount_yuan:
            wrong.add((key, "amount_yuan"))
    for name in ("power_factor", "pf_adjust_pct"):
        if _differs(getattr(clues.issued, name), getattr(priced, name)):
            wrong.add((None, name))
    return frozenset(wrong)


def _differs(shown: Decimal | None, reached: Decimal | None) -> bool:
    return shown is not None and reached is not None and shown != reached


def _pairs(situation: Situation, clues: Clues) -> list[Trial]:
    """Return the pairs of mistakes that give the issued lines: the first one brings the bill nearer, the second ends it."""
    found: dict[tuple[str, ...], Trial] = {}
    for first in _nearer(situation, clues):
        rest = clues_of(clues.issued, first.priced, clues.book)
        for second in _singles(first.mistakes[0].situation, rest):
            mistakes = tuple(
                sorted(
                    (*first.mistakes, *second.mistakes), key=lambda mistake: catalogue()[mistake.code].rank
                )
            )
            codes = tuple(mistake.code for mistake in mistakes)
            pair = Trial(mistakes, second.priced, second.wrong)
            if amounts(pair.priced.lines) != amounts(clues.due.lines) and codes not in found:
                found[codes] = pair
    return sorted(found.values(), key=lambda trial: trial.order)


def _nearer(situation: Situation, clues: Clues) -> list[Trial]:
    """Return the mistakes that set something right and no quantity or price wrong, the nearest first."""
    base = _wrong(clues, clues.due)
    trials = [
        trial
        for trial in _trials(situation, clues, (*SPECIFIC, *SOLVED))
        if base - trial.wrong
        and all(name == "amount_yuan" or key is None for key, name in trial.wrong - base)
    ]
    return sorted(trials, key=lambda trial: trial.order)[:FIRSTS_OF_A_PAIR]


def _explained(found: list[Trial], issued: IssuedBill, due: PricedBill) -> Cause:
    best = found[0]
    entries = [catalogue()[mistake.code] for mistake in best.mistakes]
    parts = [told(mistake.code, mistake.used, mistake.due) for mistake in best.mistakes]
    # Several ways of one mistake (which meter, which column) are one cause; what the bill itself tells is no rival of it.
    also = dict.fromkeys(
        trial.code for trial in found if trial.code != best.code and not _only_restates(trial, best)
    )
    return _cause(best.code, entries, parts, issued, due, also=tuple(also))


def _only_restates(trial: Trial, best: Trial) -> bool:
    """Return whether a trial says in numbers of the bill what the best one says by a mistake."""
    ranks = [max(catalogue()[mistake.code].rank for mistake in one.mistakes) for one in (trial, best)]
    return ranks[0] >= TOLD_BY_THE_BILL > ranks[1]


def _unexplained(issued: IssuedBill, due: PricedBill) -> Cause:
    attribution = attribute(issued, due)
    entry = catalogue()["unexplained"]
    part = {
        language: entry.message[language].format(used=attribution.text(language), due="")
        for language in LANGUAGES
    }
    return _cause("unexplained", [entry], [part], issued, due, attribution=attribution)


def _of_total(issued: IssuedBill, due: PricedBill) -> Cause:
    """Return the cause of a bill whose lines are right: its total is not their sum."""
    if issued.total_yuan == due.total_yuan:
        raise ExplainedError(
            where=f"bill {issued.bill_id}", found="no difference in any charge",
            expected="a bill that differs from the recomputed one", remedy="Compare the amounts before asking for a cause.",
        )  # fmt: skip
    part = told("total_slip", f"{issued.total_yuan:.2f}", f"{due.total_yuan:.2f}")
    return _cause("total_slip", [catalogue()["total_slip"]], [part], issued, due)


def _cause(
    code: str,
    entries: list[Entry],
    parts: list[dict[str, str]],
    issued: IssuedBill,
    due: PricedBill,
    also: tuple[str, ...] = (),
    attribution: Attribution | None = None,
) -> Cause:
    ends = direction(issued.total_yuan - due.total_yuan)
    topics = [entry.topic for entry in entries]
    return Cause(
        code=code,
        title={
            "zh": "、".join(e.title["zh"] for e in entries),
            "en": "; ".join(e.title["en"] for e in entries),
        },
        message={
            "zh": "，".join([*(part["zh"] for part in parts), ends["zh"]]),
            "en": "; ".join(part["en"] for part in parts) + ": " + ends["en"],
        },
        topic=next((topic for topic in topics if topic != REBILL), REBILL),
        look_at=tuple(dict.fromkeys(entry.look_at for entry in entries)),
        also=also,
        issued_yuan=issued.total_yuan,
        due_yuan=due.total_yuan,
        attribution=attribution,
    )
