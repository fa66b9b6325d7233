"""Step 1: cut the period wherever the scheme or a price of a point changes inside it (分段计算)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jicha.billing.model import Scheme
from jicha.billing.price_list import FAR
from jicha.billing.refusal import Refused
from jicha.billing.work import PointWork, Segment, Work


def apply(work: Work) -> None:
    """Give every point its segments; refuses a day without a scheme or with two."""
    bill = work.bill
    if not 0 < work.days <= work.rules.maximum_period_days:
        raise Refused("impossible_period", f"{bill.period_from} … {bill.period_to}")
    if bill.bills_in_month > 1:
        raise Refused("several_bills_in_month", f"{bill.bill_month:%Y-%m}")
    work.points = [PointWork(point) for point in bill.points]
    if not any(point.is_billed for point in bill.points):
        raise Refused("no_billing_point", bill.customer.customer_no)
    for point in work.points:
        if point.point.is_billed:
            point.segments = list(_segments(work, point))
            if work.sheet is not None and len(point.segments) > 1:
                _write(work, point)


def _segments(work: Work, point: PointWork) -> Iterator[Segment]:
    bill = work.bill
    begin = bill.period_from
    while begin < bill.period_to:
        scheme = _scheme_on(point, begin)
        prices = work.prices.on(scheme.tariff_code, scheme.voltage_code, begin)
        next_scheme = min((s.valid_from for s in point.point.schemes if s.valid_from > begin), default=FAR)
        end = min(bill.period_to, scheme.valid_to or FAR, prices.valid_to, next_scheme)
        yield Segment(
            begin, end, (begin - bill.period_from).days, (end - bill.period_from).days, scheme, prices
        )
        begin = end


def _scheme_on(point: PointWork, day: date) -> Scheme:
    found = None
    for scheme in point.point.schemes:
        if scheme.valid_from <= day and (scheme.valid_to is None or scheme.valid_to > day):
            if found is not None:
                raise Refused("two_price_versions", f"{point.point.mp_id} {day} two_schemes")
            found = scheme
    if found is None:
        raise Refused("no_scheme", f"{point.point.mp_id} {day}")
    return found


def _write(work: Work, point: PointWork) -> None:
    assert work.sheet is not None
    for segment in point.segments:
        work.sheet.add(
            "segments",
            point.point.mp_id,
            formula=f"{segment.begin} … {segment.end}: {segment.scheme.tariff_code} {segment.scheme.voltage_code}",
            result=str(segment.last_day - segment.first_day),
            unit="day",
            source=segment.prices.source,
        )
