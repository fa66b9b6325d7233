"""How far back a fault is billed: from the last test or installation, and not beyond the limitation (诉讼时效)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from jicha.money import divide_half_up
from jicha.settle.law import LawSpan, law_on
from jicha.settle.problems import require


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """The days on which a fault is billed: from `from_day` to before `to_day`; the first day may be cut by limitation."""

    from_day: date
    to_day: date
    is_cut_by_limitation: bool

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.to_day - self.from_day).days


def fault_span(
    corrected_on: date,
    *,
    installed_on: date,
    last_tested_on: date | None = None,
    claimed_on: date | None = None,
) -> FaultSpan:
    """Return the span from the later of last test and installation to the correction, at most the limitation before the claim.

    The claim is that of the day of correction unless another day is given.
    """
    start = max(installed_on, last_tested_on or installed_on)
    require(
        start <= corrected_on,
        where="span of the fault",
        found=f"last test or installation {start}, correction {corrected_on}",
        expected="a correction after them",
        remedy="Check the dates of installation, test and correction.",
    )
    earliest = limitation_start(claimed_on or corrected_on)
    return FaultSpan(min(max(start, earliest), corrected_on), corrected_on, start < earliest)


def span_before(found_on: date, days: Decimal) -> tuple[date, date]:
    """Return the days before the day of discovery that count where the beginning of an act is unknown."""
    return found_on - timedelta(days=int(days)), found_on


def recorded_by_span(recorded_kwh: Decimal, spans: Sequence[LawSpan]) -> list[Decimal]:
    """Return the recorded energy of each span by its days: round(E·d ÷ D) to whole kWh as a running sum, so that Σ is E."""
    whole = sum((span.days for span in spans), Decimal(0))
    passed, given_out, shares = Decimal(0), Decimal(0), []
    for place, span in enumerate(spans, 1):
        passed += span.days
        until = recorded_kwh if place == len(spans) else divide_half_up(recorded_kwh * passed, whole, 0)
        shares.append(until - given_out)
        given_out = until
    return shares


def limitation_start(claimed_on: date) -> date:
    """Return the first day that a claim of this day still reaches."""
    years = int(law_on("limitation", claimed_on).number("limit_years"))
    return years_before(claimed_on, years)


def years_before(day: date, years: int) -> date:
    """Return the same day some years before; 29 February becomes 28 February where the year has none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
