"""Late-payment charge (电费违约金): day by day on what is still owed, without interest on itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import exact, text, yuan
from jicha.settle.law import Provision, law_on
from jicha.settle.lines import SettledLine, Settlement, money_line, settlement
from jicha.settle.problems import require

PROVISION = "late_fee"
ONE_DAY = timedelta(days=1)
NO_MINIMUM = Decimal(0)


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid of a bill on one day; it goes to the bill, not to the charge."""

    paid_on: date
    amount_yuan: Decimal


@dataclass(frozen=True, slots=True)
class LateBill:
    """One bill with its due day and what was paid of it."""

    amount_yuan: Decimal
    due_date: date
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class LateSegment:
    """Days with one balance, one rate and one version; `is_due_year` says whether they lie in the year of the due day."""

    balance_yuan: Decimal
    days: int
    is_due_year: bool
    law: Provision
    rate_per_day: Decimal

    @property
    def exact_yuan(self) -> Fraction:
        """Balance × days × rate, not rounded."""
        return exact(self.balance_yuan) * self.days * exact(self.rate_per_day)

    @property
    def formula(self) -> str:
        """The segment as printed, the rate in parts per thousand."""
        return f"{text(self.balance_yuan)} × {self.days} d × {text(self.rate_per_day * 1000)} ‰"


def paid_at_once(amount_yuan: Decimal, due_date: date, paid_on: date) -> LateBill:
    """Return a bill that was paid in full on one day."""
    return LateBill(amount_yuan, due_date, (Payment(paid_on, amount_yuan),))


def late_segments(
    bill: LateBill, *, residential: bool, until: date | None = None, law: Provision | None = None
) -> tuple[LateSegment, ...]:
    """Return the segments of one bill: each day after the due day to the day of payment, which counts.

    What is unpaid is charged to `until`, included. Without `law` each day has the version in force on it.
    """
    return tuple(
        segment
        for first, last, balance in _balances(bill, until)
        for segment in _cut(bill.due_date, first, last, balance, residential, law)
    )


def segment_of_days(
    balance_yuan: Decimal, days: int, *, residential: bool, is_due_year: bool, law: Provision
) -> LateSegment:
    """Return a segment where only the number of days is known."""
    return LateSegment(balance_yuan, days, is_due_year, law, _rate(law, residential, is_due_year))


def late_fee(
    bills: Iterable[LateBill],
    *,
    residential: bool,
    until: date | None = None,
    law: Provision | None = None,
    minimum_yuan: Decimal | None = None,
) -> Settlement:
    """Return one line a bill, and the minimum of the whole payment where the version has one.

    `minimum_yuan` replaces the version's own minimum; NO_MINIMUM takes it away.
    """
    segments = [late_segments(bill, residential=residential, until=until, law=law) for bill in bills]
    return late_fee_of_segments(segments, minimum_yuan=minimum_yuan)


def late_fee_of_segments(
    bills: Sequence[Sequence[LateSegment]], *, minimum_yuan: Decimal | None = None
) -> Settlement:
    """Return the settlement of bills whose segments are known; each bill is rounded once."""
    lines = [_line(number, segments) for number, segments in enumerate(bills, 1) if segments]
    raised = _minimum_line(lines, [segment for segments in bills for segment in segments], minimum_yuan)
    return settlement([*lines, *raised])


def _balances(bill: LateBill, until: date | None) -> Iterator[tuple[date, date, Decimal]]:
    """Yield first day, last day and balance between two payments; a payment counts from the next day on."""
    balance, first = bill.amount_yuan, bill.due_date + ONE_DAY
    for payment in sorted(bill.payments, key=lambda paid: paid.paid_on):
        if until is not None and payment.paid_on > until:
            break
        yield first, payment.paid_on, balance
        balance -= payment.amount_yuan
        first = max(first, payment.paid_on + ONE_DAY)
    require(
        balance >= 0,
        where="payments of a bill",
        found=f"{-balance} yuan more than the bill",
        expected="at most the amount of the bill",
        remedy="Leave out what was paid for other bills or as a charge.",
    )
    if until is not None:
        yield first, until, balance


def _cut(
    due: date, first: date, last: date, balance: Decimal, residential: bool, fixed: Provision | None
) -> Iterator[LateSegment]:
    """Yield the days from `first` to `last` cut at the end of the due year and at each change of the law."""
    day = first
    while balance > 0 and day <= last:
        law = fixed or law_on(PROVISION, day)
        is_due_year = day.year == due.year
        ends = [last]
        if is_due_year:
            ends.append(date(due.year, 12, 31))
        if fixed is None and law.valid_to is not None:
            ends.append(law.valid_to - ONE_DAY)
        end = min(ends)
        rate = _rate(law, residential, is_due_year)
        yield LateSegment(balance, (end - day).days + 1, is_due_year, law, rate)
        day = end + ONE_DAY


def _rate(law: Provision, residential: bool, is_due_year: bool) -> Decimal:
    if residential:
        return law.number("residential_per_day")
    return law.number("due_year_per_day" if is_due_year else "later_year_per_day")


def _line(number: int, segments: Sequence[LateSegment]) -> SettledLine:
    laws = dict.fromkeys((segment.law.clause, segment.law.version) for segment in segments)
    line = money_line(
        f"late_fee_bill_{number}",
        sum((segment.exact_yuan for segment in segments), Fraction(0)),
        formula=" + ".join(segment.formula for segment in segments),
        quantity=sum(segment.days for segment in segments),
        unit="d",
        law=segments[-1].law,
    )
    # One bill is rounded once, also where its days lie under two versions: both are named.
    clauses, versions = zip(*laws, strict=True)
    return replace(line, clause="; ".join(clauses), law_version=", ".join(versions))


def _minimum_line(
    lines: Sequence[SettledLine], segments: Sequence[LateSegment], minimum_yuan: Decimal | None
) -> Iterator[SettledLine]:
    """Yield what raises the total to the minimum of the version on the last day charged (总额不足1元按1元)."""
    charged = sum((line.amount_yuan or Decimal(0) for line in lines), Decimal(0))
    if not segments or not any(segment.exact_yuan for segment in segments):
        return
    law = segments[-1].law
    least = law.optional("minimum_yuan") if minimum_yuan is None else minimum_yuan
    if least is not None and charged < least:
        yield money_line(
            "late_fee_minimum",
            exact(least - charged),
            formula=f"at least {text(least)} yuan − {yuan(exact(charged))}",
            quantity=1,
            unit="payment",
            law=law,
        )
