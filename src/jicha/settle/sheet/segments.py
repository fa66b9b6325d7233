"""The days of an act: periods joined, cut where the law changes, and months of use (使用月数) counted so that no cut changes them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from jicha.periods import add_months
from jicha.settle.exact import exact
from jicha.settle.law import LawBook, Provision
from jicha.settle.sheet.fields import Fields


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `from_day` to before `to_day`."""

    from_day: date
    to_day: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.to_day - self.from_day).days


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of one period under one version of each provision that was asked for."""

    whole: Period
    from_day: date
    to_day: date
    laws: tuple[Provision, ...]

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.to_day - self.from_day).days

    @property
    def law(self) -> Provision:
        """The version of the first provision."""
        return self.laws[0]

    def between(self, from_day: date, to_day: date) -> Segment:
        """Return some days of it."""
        return replace(self, from_day=from_day, to_day=to_day)


def joined(periods: Sequence[Period]) -> tuple[Period, ...]:
    """Return the periods in order, those that touch made one: how an act was written down in parts changes nothing."""
    result: list[Period] = []
    for one in sorted(periods, key=lambda period: period.from_day):
        if result and one.from_day == result[-1].to_day:
            result[-1] = Period(result[-1].from_day, one.to_day)
        else:
            result.append(one)
    return tuple(result)


def segments(book: LawBook, names: Sequence[str], periods: Sequence[Period]) -> Iterator[Segment]:
    """Yield the days of joined periods, cut at each change of one of the provisions."""
    for period in periods:
        cuts = {period.from_day, period.to_day}
        for name in names:
            cuts |= {
                span.from_day or period.from_day for span in book.spans(name, period.from_day, period.to_day)
            }
        edges = sorted(cuts)
        for begin, end in pairwise(edges):
            yield Segment(period, begin, end, tuple(book.on(name, begin) for name in names))


def days_of(periods: Sequence[Period]) -> int:
    """Return the number of days of some periods."""
    return sum(period.days for period in periods)


def months_of(segment: Segment, from_day: date, to_day: date) -> Fraction:
    """Return how many months of the use lie between two days of a segment.

    A whole month runs from the day of the month on which the use began; each of its days counts 1 ÷ its days. What is left counts by the
    version's days of a month, or by the days of its calendar month. So the sum over any cuts is the same.
    """
    begin, count, total = segment.whole.from_day, 0, Fraction(0)
    while begin < min(segment.whole.to_day, to_day):
        end = months_after(segment.whole.from_day, count + 1)
        if end <= segment.whole.to_day:
            total += Fraction(_overlap(begin, end, from_day, to_day), (end - begin).days)
        else:
            total += _part_month(segment.law, max(begin, from_day), min(segment.whole.to_day, to_day))
        begin, count = end, count + 1
    return total


def months_after(day: date, count: int) -> date:
    """Return the same day some months later, the last of the month where it has no such day."""
    month = add_months(day.replace(day=1), count)
    return month.replace(day=min(day.day, monthrange(month.year, month.month)[1]))


def _overlap(begin: date, end: date, from_day: date, to_day: date) -> int:
    return max((min(end, to_day) - max(begin, from_day)).days, 0)


def _part_month(law: Provision, from_day: date, to_day: date) -> Fraction:
    days = law.optional("part_month_days")
    if days is not None:
        return Fraction(max((to_day - from_day).days, 0)) / exact(days)
    total, day = Fraction(0), from_day
    while day < to_day:
        total += Fraction(1, monthrange(day.year, day.month)[1])
        day += timedelta(days=1)
    return total


def read_periods(fields: Fields) -> tuple[Period, ...]:
    """Return the periods of an act: `from` and `until` (the first day after), or a list `periods` of them; none: not known."""
    if fields.has("periods"):
        found = [_period(one) for one in fields.each("periods")]
        _note_overlaps(fields, found)
        return joined(found)
    fields.plain("periods")
    if not fields.has("from"):
        fields.plain("from"), fields.plain("until")
        return ()
    return (_from_until(fields),)


def _period(fields: Fields) -> Period:
    period = _from_until(fields)
    fields.finish()
    return period


def _from_until(fields: Fields) -> Period:
    begin, end = fields.day("from"), fields.day("until")
    if end <= begin:
        fields.add(f"is {end}; write the first day after the act, later than {begin}", "until")
        end = begin + timedelta(days=1)
    return Period(begin, end)


def _note_overlaps(fields: Fields, periods: Sequence[Period]) -> None:
    ordered = sorted(periods, key=lambda period: period.from_day)
    for earlier, later in pairwise(ordered):
        if later.from_day < earlier.to_day:
            fields.add(f"holds {later.from_day} twice; no day may be counted two times", "periods")
