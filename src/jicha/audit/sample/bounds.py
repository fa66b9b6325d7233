"""Exact bounds: what an error rate may still be after a sample, without an approximation by the normal curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from functools import cache

DIGITS = 60
_STEPS = 80
_PLACES = Decimal("0.000001")


def binomial_up_to(errors: int, size: int, rate: Decimal) -> Decimal:
    """Return the chance of at most so many errors in a sample of a very large population with this error rate."""
    with localcontext() as context:
        context.prec = DIGITS
        right = 1 - rate
        return sum(
            (math.comb(size, k) * _power(rate, k) * _power(right, size - k) for k in range(errors + 1)),
            Decimal(0),
        )


def _power(base: Decimal, exponent: int) -> Decimal:
    return Decimal(1) if exponent == 0 else base**exponent


def hypergeometric_up_to(errors: int, size: int, wrong: int, population: int) -> Decimal:
    """Return the chance of at most so many errors in a sample drawn without putting back from a population with so many wrong."""
    ways = sum(
        math.comb(wrong, k) * math.comb(population - wrong, size - k)
        for k in range(min(errors, wrong) + 1)
        if size - k <= population - wrong
    )
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(ways) / Decimal(math.comb(population, size))


@cache
def upper_rate(errors: int, size: int, confidence: Decimal, population: int | None = None) -> Decimal:
    """Return the highest error rate that the sample does not rule out at a one-sided confidence, rounded up to 10⁻⁶.

    Clopper and Pearson's bound; with a population, the exact one for a draw without putting back.
    """
    if population is not None:
        return _finite_upper(errors, size, confidence, population)
    if errors >= size:
        return Decimal(1)
    risk = 1 - confidence
    rate = _crossing(lambda p: binomial_up_to(errors, size, p) > risk, Decimal(0), Decimal(1))
    return rate.quantize(_PLACES, ROUND_CEILING)


def lower_rate(errors: int, size: int, confidence: Decimal, population: int | None = None) -> Decimal:
    """Return the lowest error rate that the sample does not rule out at a one-sided confidence, rounded down to 10⁻⁶."""
    return (1 - upper_rate(size - errors, size, confidence, population)).quantize(_PLACES, ROUND_FLOOR)


def _finite_upper(errors: int, size: int, confidence: Decimal, population: int) -> Decimal:
    """Return the share of the largest number of wrong items under which so few errors are still likelier than the risk."""
    risk = 1 - confidence
    low, high = errors, population - (size - errors)
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeometric_up_to(errors, size, middle, population) > risk:
            low = middle
        else:
            high = middle - 1
    return (Decimal(low) / Decimal(population)).quantize(_PLACES, ROUND_CEILING)


@cache
def poisson_factor(errors: int, confidence: Decimal) -> Decimal:
    """Return the confidence factor of so many whole errors: the mean under which more are found with this confidence, rounded up to 10⁻⁶.

    What monetary-unit sampling multiplies its interval by: 3.00, 4.75, 6.30 … at 95 %.
    """
    risk = 1 - confidence
    factor = _crossing(lambda mean: _poisson_up_to(errors, mean) > risk, Decimal(0), Decimal(errors + 50))
    return factor.quantize(_PLACES, ROUND_CEILING)


def _poisson_up_to(errors: int, mean: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS
        terms = (_power(mean, k) / math.factorial(k) for k in range(errors + 1))
        return (-mean).exp() * sum(terms, Decimal(0))


def _crossing(holds: Callable[[Decimal], bool], low: Decimal, high: Decimal) -> Decimal:
    """Return, from above, where a condition that holds below and not above changes."""
    with localcontext() as context:
        context.prec = DIGITS
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if holds(middle):
                low = middle
            else:
                high = middle
        return high
