"""What the items that were looked at say of all: error rate and misstatement, each with its bound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from jicha.audit.sample.bounds import lower_rate, poisson_factor, upper_rate
from jicha.audit.sample.draw import Item

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Audited:
    """An item of the sample with the amount that it should have had."""

    item: Item
    audited_yuan: Decimal

    @property
    def over_yuan(self) -> Decimal:
        """What the books hold too much: charged too much; below zero, charged too little."""
        return self.item.book_yuan - self.audited_yuan


@dataclass(frozen=True, slots=True)
class RateJudgement:
    """The error rate of a random sample, between bounds that hold with the confidence each; the misstatement projected from the strata."""

    size: int
    errors: int
    rate: Decimal
    lower: Decimal
    upper: Decimal
    projected_over_yuan: Decimal
    projected_under_yuan: Decimal


def judge_random(
    audited: Sequence[Audited], populations: Mapping[str, int], confidence: Decimal
) -> RateJudgement:
    """Judge a random sample; `populations` counts the items of each stratum.

    The bounds are those of one draw from all without putting back: a share for each stratum makes them no narrower.
    """
    size, errors = len(audited), sum(one.over_yuan != 0 for one in audited)
    population = sum(populations.values())
    return RateJudgement(
        size,
        errors,
        (Decimal(errors) / size).quantize(Decimal("0.000001"), ROUND_HALF_UP),
        lower_rate(errors, size, confidence, population),
        upper_rate(errors, size, confidence, population),
        _projected(audited, populations, 1),
        _projected(audited, populations, -1),
    )


def _projected(audited: Sequence[Audited], populations: Mapping[str, int], sign: int) -> Decimal:
    """Return Σ over strata of items × the mean misstatement of one direction in the sample."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for one in audited:
        found[one.item.stratum].append(max(Decimal(0), sign * one.over_yuan))
    parts = (sum(some, Decimal(0)) * populations[name] / len(some) for name, some in found.items())
    return sum(parts, Decimal(0)).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class MonetaryJudgement:
    """The misstatement of one direction: known in the certain items, projected from the others, and what it may be at most."""

    known_yuan: Decimal
    projected_yuan: Decimal
    upper_yuan: Decimal
    errors: int
    is_bounded: bool


def judge_monetary(
    hit: Sequence[Audited],
    certain: Sequence[Audited],
    interval_yuan: Decimal,
    confidence: Decimal,
    *,
    over: bool,
) -> MonetaryJudgement:
    """Judge a monetary-unit sample in one direction: charged too much (`over`) or too little.

    Stringer's bound: interval × (factor of 0 + Σ (factor of j − factor of j − 1) × j-th largest taint), and what is known of the
    certain items. A taint is the misstated share of an item; one above 1 (an amount more than doubled) has no such bound.
    """
    sign = 1 if over else -1
    known = sum((max(Decimal(0), sign * one.over_yuan) for one in certain), Decimal(0))
    taints = sorted(
        (sign * one.over_yuan / one.item.book_yuan for one in hit if sign * one.over_yuan > 0), reverse=True
    )
    factors = [poisson_factor(number, confidence) for number in range(len(taints) + 1)]
    steps = ((factors[number] - factors[number - 1]) * taint for number, taint in enumerate(taints, 1))
    upper = known + interval_yuan * (factors[0] + sum(steps, Decimal(0)))
    projected = known + interval_yuan * sum(taints, Decimal(0))
    return MonetaryJudgement(
        known.quantize(CENT, ROUND_HALF_UP),
        projected.quantize(CENT, ROUND_HALF_UP),
        upper.quantize(CENT, ROUND_CEILING),
        len(taints),
        all(taint <= 1 for taint in taints),
    )
