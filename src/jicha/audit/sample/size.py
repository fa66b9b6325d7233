"""How many items to look at, so that a good population passes and a bad one does not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from jicha.audit.sample.bounds import binomial_up_to, hypergeometric_up_to, poisson_factor
from jicha.errors import ExplainedError

# A sample above this is no sample any more: the expected errors are too near to the tolerable ones.
MOST_ITEMS = 5_000


@dataclass(frozen=True, slots=True)
class Size:
    """So many items, and so many errors among them that are still acceptable."""

    items: int
    acceptable_errors: int


def attribute_size(
    tolerable_rate: Decimal, expected_rate: Decimal, confidence: Decimal, population: int | None = None
) -> Size:
    """Return the smallest sample that rules out the tolerable error rate when it holds no more errors than expected.

    The expected errors are rounded up to whole ones, as the published tables do.
    """
    _check(confidence)
    if not 0 <= expected_rate < tolerable_rate <= 1:
        raise _no_room(f"{expected_rate} expected, {tolerable_rate} tolerable")
    most = min(MOST_ITEMS, population or MOST_ITEMS)
    # The risk falls as the sample grows: where the largest is too small, no other need be tried.
    if _risk(_whole(most * expected_rate), most, tolerable_rate, population) <= 1 - confidence:
        for items in range(1, most + 1):
            errors = _whole(items * expected_rate)
            if errors < items and _risk(errors, items, tolerable_rate, population) <= 1 - confidence:
                return Size(items, errors)
    if population == most:
        return Size(population, int(population * tolerable_rate))
    raise _no_room(f"{expected_rate} expected, {tolerable_rate} tolerable")


def _risk(errors: int, items: int, tolerable_rate: Decimal, population: int | None) -> Decimal:
    if population is None:
        return binomial_up_to(errors, items, tolerable_rate)
    return hypergeometric_up_to(errors, items, _whole(population * tolerable_rate), population)


def monetary_size(
    book_yuan: Decimal, tolerable_yuan: Decimal, expected_yuan: Decimal, confidence: Decimal
) -> Size:
    """Return the smallest number of yuan to hit, so that the bound stays below the tolerable misstatement when no more than expected is found.

    With e whole errors expected in n hits, n × tolerable ÷ book must reach the factor of e.
    """
    _check(confidence)
    if not (0 <= expected_yuan < tolerable_yuan and tolerable_yuan > 0 and book_yuan > 0):
        raise _no_room(f"{expected_yuan} yuan expected, {tolerable_yuan} tolerable of {book_yuan}")
    errors = 0
    while True:
        items = _whole(poisson_factor(errors, confidence) * book_yuan / tolerable_yuan)
        if items > MOST_ITEMS:
            raise _no_room(f"{expected_yuan} yuan expected, {tolerable_yuan} tolerable of {book_yuan}")
        if _whole(items * expected_yuan / book_yuan) <= errors:
            return Size(items, errors)
        errors += 1


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


def _check(confidence: Decimal) -> None:
    if not Decimal("0.5") <= confidence < 1:
        raise ExplainedError(
            where="confidence", found=str(confidence), expected="from 0.5 to below 1", remedy="Write 0.95 for 95 %.",
        )  # fmt: skip


def _no_room(found: str) -> ExplainedError:
    return ExplainedError(
        where="size of the sample", found=found, expected=f"fewer errors expected than tolerable, by a sample of at most {MOST_ITEMS:,}",
        remedy="Tolerate more, expect less, or look at every item.",
    )  # fmt: skip
