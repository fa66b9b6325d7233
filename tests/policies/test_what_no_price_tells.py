"""Bills that the published prices do not settle: a basic charge over several months, a band that a price table lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from jicha.audit.rebill.inputs import BillCase
from jicha.audit.rebill.session import BillSheet
from jicha.billing.books import shipped_price_rows
from jicha.billing.lines import price_bill
from jicha.billing.model import BillInput, IssuedBill, Point
from jicha.billing.policy import rule_book
from jicha.billing.price_list import PriceList
from jicha.billing.sheet import Sheet
from jicha.reports.bill_sheet import sheet_document
from tests.billing.worked_bills import BEGIN, END, book, customer, reading, scheme, two_part

# 250 + 150 kVA at 30 yuan a kVA and month: 400 × 30 = 12,000.00 a month; a day of a part month is the charge of the month
# ÷ its calendar days (domain 2.4, 2024 rule). A month runs to the same day of the next one, from month end to month end.
CHARGED = [
    (date(2026, 10, 1), date(2026, 11, 1), "12000.00"),
    (date(2026, 1, 31), date(2026, 2, 28), "12000.00"),
    (date(2026, 2, 28), date(2026, 3, 31), "12000.00"),
    (date(2026, 2, 1), date(2026, 2, 13), "5142.86"),  # 12,000 × 12 ÷ 28
]
TOO_LONG = [
    (date(2026, 9, 1), date(2026, 11, 1)),
    (date(2026, 9, 1), date(2026, 10, 2)),
    (date(2026, 1, 31), date(2026, 3, 1)),
]


def at(begin: date, end: date, bill: BillInput) -> BillInput:
    """Return the bill of another period."""
    return replace(bill, period_from=begin, period_to=end)


@pytest.mark.parametrize(("begin", "end", "yuan"), CHARGED)
def test_a_month_or_less_is_charged(begin: date, end: date, yuan: str) -> None:
    """The whole charge for a month of any length, its share for a part of one."""
    bill = at(begin, end, two_part())
    result = price_bill(bill, book(), rule_book().on(begin))
    assert result.refusal is None, result.refused_at
    assert result.item_yuan("basic") == Decimal(yuan)


@pytest.mark.parametrize("mode", ["capacity", "contract_demand", "actual_demand"])
@pytest.mark.parametrize(("begin", "end"), TOO_LONG)
def test_a_basic_charge_over_several_months_is_refused(begin: date, end: date, mode: str) -> None:
    """The price is one of a kVA or kW and month (domain 2.4), and one maximum demand can't be told of two months: no guess."""
    bill = at(begin, end, two_part(mode, "300"))
    result = price_bill(bill, book(), rule_book().on(begin))
    assert (result.refusal, result.lines) == ("impossible_period", [])
    without = at(begin, end, two_part("none"))
    assert price_bill(without, book(), rule_book().on(begin)).refusal is None


def farm(**kwh: int) -> BillInput:
    """Return an agricultural customer by time of use at the shipped Zhejiang prices."""
    own = scheme("AGRI", "lt1", tou=True)
    point = Point(
        "P1", None, "lv_lv", True, (own,), tuple(reading(name, value) for name, value in kwh.items())
    )
    return BillInput("B1", BEGIN, BEGIN, END, customer(market_mode="catalogue"), (point,))


def test_agriculture_is_charged_in_the_published_bands() -> None:
    """Sharp 0.9984, peak 0.8986, valley 0.4992 yuan below 1 kV (domain 2.9 b): 99.84 + 179.72 + 149.76 yuan."""
    result = price_bill(
        farm(sharp=100, peak=200, valley=300), PriceList(shipped_price_rows(), ()), rule_book().on(BEGIN)
    )
    assert [line.amount_yuan for line in result.lines] == [
        Decimal("99.84"),
        Decimal("179.72"),
        Decimal("149.76"),
    ]


def test_agriculture_has_no_flat_price() -> None:
    """The table has no flat column, since its sharp, peak and valley fill the day: refused, naming each band without a price."""
    bill, sheet = farm(peak=200, flat=50, deep_valley=5, valley=300), Sheet(BEGIN)
    result = price_bill(bill, PriceList(shipped_price_rows(), ()), rule_book().on(BEGIN), sheet)
    assert (result.refusal, result.refused_at) == ("no_price", "AGRI lt1 flat deep_valley 2026-10-01")
    zero = Decimal(0)
    issued = IssuedBill("B1", "1", BEGIN, zero, None, None, None, zero, [])
    for language, where in (
        ("zh", "AGRI 不满1千伏 平 深谷 2026-10-01"),
        ("en", "AGRI Below 1 kV flat deep valley 2026-10-01"),
    ):
        told = sheet_document(BillSheet(BillCase(bill, issued), result, sheet, ()), [], {}, language)
        assert told["refusal"]["where"] == where
