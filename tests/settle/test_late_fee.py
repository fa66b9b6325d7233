"""Late-payment charge: days, rates, years, part payments, minimum."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.settle.late_fee import (
    NO_MINIMUM,
    LateBill,
    LateSegment,
    Payment,
    late_fee,
    late_segments,
    paid_at_once,
)
from jicha.settle.law import law_of
from jicha.settle.problems import ImpossibleInput

RESIDENTIAL_RATE, DUE_YEAR_RATE, LATER_YEAR_RATE = Fraction(1, 1000), Fraction(2, 1000), Fraction(3, 1000)


def _fee(amount: str, due: date, paid: date, *, residential: bool = False) -> Decimal:
    return late_fee([paid_at_once(Decimal(amount), due, paid)], residential=residential).total


def _exact(segments: tuple[LateSegment, ...]) -> Fraction:
    return sum((segment.exact_yuan for segment in segments), Fraction(0))


def test_a_resident_pays_one_per_mille_a_day() -> None:
    """100 yuan × 10 d × 1 ‰ = 1.00."""
    assert _fee("100", date(2025, 3, 10), date(2025, 3, 20), residential=True) == Decimal("1.00")


def test_the_rate_rises_at_new_year_for_others() -> None:
    """10,000 × 11 d × 2 ‰ = 220 to 31 December, 10,000 × 15 d × 3 ‰ = 450 from 1 January; 670."""
    assert _fee("10000", date(2025, 12, 20), date(2026, 1, 15)) == Decimal("670.00")


def test_the_rate_of_a_resident_stays_at_new_year() -> None:
    """200 × (6 + 10) d × 1 ‰ = 3.20."""
    assert _fee("200", date(2017, 12, 25), date(2018, 1, 10), residential=True) == Decimal("3.20")


def test_all_days_lie_in_a_later_year_when_the_bill_fell_due_on_31_december() -> None:
    """1,000 × 5 d × 3 ‰ = 15."""
    assert _fee("1000", date(2022, 12, 31), date(2023, 1, 5)) == Decimal("15.00")


def test_paid_on_the_due_day_costs_nothing() -> None:
    assert _fee("50000", date(2022, 10, 20), date(2022, 10, 20)) == Decimal("0.00")
    assert _fee("50000", date(2022, 10, 20), date(2022, 10, 1)) == Decimal("0.00")


def test_a_leap_day_counts() -> None:
    """28 February to 1 March 2024 are two days: 1,000 × 2 d × 2 ‰ = 4."""
    assert _fee("1000", date(2024, 2, 28), date(2024, 3, 1)) == Decimal("4.00")
    assert _fee("1000", date(2023, 2, 28), date(2023, 3, 1)) == Decimal("2.00")


def test_several_bills_are_charged_each_from_its_own_due_day() -> None:
    """2,000 × 16 d × 2 ‰ + 2,000 × 18 d × 3 ‰ = 64 + 108; 3,000 × 3 d × 2 ‰ = 18; together 190."""
    paid = date(2001, 1, 18)
    bills = [
        paid_at_once(Decimal(2000), date(2000, 12, 15), paid),
        paid_at_once(Decimal(3000), date(2001, 1, 15), paid),
    ]
    settled = late_fee(bills, residential=False)
    assert [line.amount_yuan for line in settled.lines] == [Decimal("172.00"), Decimal("18.00")]
    assert settled.lines[0].formula == "2000 × 16 d × 2 ‰ + 2000 × 18 d × 3 ‰"
    assert settled.lines[0].clause == "供电营业规则 1996 Art. 98"
    assert settled.total == Decimal("190.00")


def test_less_than_one_yuan_is_one_yuan_under_the_rule_of_1996() -> None:
    """40 × 3 d × 1 ‰ = 0.12, raised to 1."""
    settled = late_fee([paid_at_once(Decimal(40), date(2023, 3, 20), date(2023, 3, 23))], residential=True)
    assert [line.amount_yuan for line in settled.lines] == [Decimal("0.12"), Decimal("0.88")]
    assert settled.total == Decimal("1.00")


def test_no_minimum_is_applied_under_the_rule_of_2024_unless_it_is_set() -> None:
    bill = paid_at_once(Decimal(40), date(2025, 3, 20), date(2025, 3, 23))
    assert late_fee([bill], residential=True).total == Decimal("0.12")
    assert late_fee([bill], residential=True, minimum_yuan=Decimal(1)).total == Decimal("1.00")


def test_the_minimum_can_be_taken_away() -> None:
    bill = paid_at_once(Decimal(40), date(2023, 3, 20), date(2023, 3, 23))
    assert late_fee([bill], residential=True, minimum_yuan=NO_MINIMUM).total == Decimal("0.12")


def test_the_minimum_is_that_of_the_whole_payment() -> None:
    """Two bills of 0.12 each come to 0.24: one yuan, not two."""
    bill = paid_at_once(Decimal(40), date(2023, 3, 20), date(2023, 3, 23))
    assert late_fee([bill, bill], residential=True).total == Decimal("1.00")


def test_a_charge_over_the_change_of_the_rule_names_both_versions() -> None:
    """30 and 31 May under 1996, 1 and 2 June under 2024: 5,000 × 4 d × 2 ‰ = 40."""
    bill = paid_at_once(Decimal(5000), date(2024, 5, 29), date(2024, 6, 2))
    segments = late_segments(bill, residential=False)
    assert [(segment.law.version, segment.days) for segment in segments] == [("1996", 2), ("2024", 2)]
    (line,) = late_fee([bill], residential=False).lines
    assert (line.amount_yuan, line.law_version) == (Decimal("40.00"), "1996, 2024")


def test_a_part_payment_lowers_the_balance_from_the_next_day() -> None:
    """1,000 due on 10 March; 400 paid on the 15th, 600 on the 20th: 1,000 × 5 × 2 ‰ + 600 × 5 × 2 ‰ = 10 + 6."""
    due = date(2025, 3, 10)
    payments = (
        Payment(date(2025, 3, 20), Decimal(600)),
        Payment(date(2025, 3, 15), Decimal(400)),
    )
    assert late_fee([LateBill(Decimal(1000), due, payments)], residential=False).total == Decimal("16.00")


def test_what_is_unpaid_is_charged_to_the_day_asked_for() -> None:
    """1,000 × 10 d × 2 ‰ = 20; a payment after that day does not count."""
    bill = LateBill(Decimal(1000), date(2025, 3, 10), (Payment(date(2025, 3, 25), Decimal(1000)),))
    assert late_fee([bill], residential=False, until=date(2025, 3, 20)).total == Decimal("20.00")


def test_more_paid_than_billed_is_refused() -> None:
    bill = LateBill(Decimal(100), date(2025, 3, 10), (Payment(date(2025, 3, 25), Decimal(120)),))
    with pytest.raises(ImpossibleInput, match="20 yuan more than the bill"):
        late_fee([bill], residential=False)


def test_a_version_can_be_held_for_all_days() -> None:
    bill = paid_at_once(Decimal(5000), date(2024, 5, 29), date(2024, 6, 2))
    (segment,) = late_segments(bill, residential=False, law=law_of("late_fee", "1996"))
    assert (segment.days, segment.law.version) == (4, "1996")


amounts = st.decimals(min_value="0.01", max_value="99999999.99", places=2)
due_days = st.dates(date(1997, 1, 1), date(2050, 1, 1))
delays = st.integers(0, 1200)


def _day_by_day(amount: Decimal, due: date, paid: date, residential: bool) -> Fraction:
    """Count every day by itself, as a second opinion."""
    charge, day = Fraction(0), due + timedelta(days=1)
    while day <= paid:
        rate = DUE_YEAR_RATE if day.year == due.year else LATER_YEAR_RATE
        charge += Fraction(amount) * (RESIDENTIAL_RATE if residential else rate)
        day += timedelta(days=1)
    return charge


@given(amounts, due_days, delays, st.booleans())
def test_segments_are_the_sum_of_their_days(
    amount: Decimal, due: date, delay: int, residential: bool
) -> None:
    paid = due + timedelta(days=delay)
    segments = late_segments(paid_at_once(amount, due, paid), residential=residential)
    assert _exact(segments) == _day_by_day(amount, due, paid, residential)
    assert sum(segment.days for segment in segments) == delay


@given(amounts, due_days, st.lists(st.tuples(amounts, delays), min_size=1, max_size=5), st.booleans())
def test_part_payments_add_up(
    rest: Decimal, due: date, parts: list[tuple[Decimal, int]], residential: bool
) -> None:
    """A bill paid in parts costs what the parts would cost as bills of their own."""
    payments = tuple(Payment(due + timedelta(days=delay), amount) for amount, delay in parts)
    last = due + timedelta(days=1300)
    amount = rest + sum(payment.amount_yuan for payment in payments)
    together = late_segments(LateBill(amount, due, payments), residential=residential, until=last)
    alone = [
        late_segments(paid_at_once(payment.amount_yuan, due, payment.paid_on), residential=residential)
        for payment in (*payments, Payment(last, rest))
    ]
    assert _exact(together) == sum(map(_exact, alone))


@given(amounts, due_days, delays, delays, st.booleans())
def test_a_span_can_be_split_anywhere(
    amount: Decimal, due: date, one: int, other: int, residential: bool
) -> None:
    """What is charged to an earlier day and what the days after it cost are together the charge to the later day."""
    first, last = (due + timedelta(days=days) for days in sorted((one, other)))
    bill = LateBill(amount, due)
    to_first = _exact(late_segments(bill, residential=residential, until=first))
    to_last = _exact(late_segments(bill, residential=residential, until=last))
    between = _day_by_day(amount, due, last, residential) - _day_by_day(amount, due, first, residential)
    assert to_last - to_first == between
