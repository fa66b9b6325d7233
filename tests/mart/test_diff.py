"""Differences between two snapshots."""

from __future__ import annotations

from decimal import Decimal

from jicha.mart.diff import MonthDiff, diff

from .desk import NOVEMBER, Desk, bill, reading


def changes(desk: Desk, old: int, new: int) -> list[MonthDiff]:
    return diff(desk.mart, desk.mart.snapshot(old), desk.mart.snapshot(new))


def test_rows_and_sums_by_table_and_month(desk: Desk) -> None:
    desk.load(
        {"bill": [bill("B1", "100", "50.00"), bill("B2", "10", "5.00"), bill("B9", "9", "9.00", NOVEMBER)]}
    )
    desk.load(
        {
            "bill": [bill("B1", "90", "45.00"), bill("B2", "10", "5.00"), bill("B3", "7", "3.50")],
            "customer": [{"customer_no": "C1"}],
        }
    )
    assert changes(desk, 1, 2) == [
        MonthDiff("customer", None, added=1, removed=0, corrected=0, deltas={}),
        # -10 + 7 kWh, -5.00 + 3.50 yuan
        MonthDiff("bill", 202610, 1, 0, 1, {"kwh": Decimal(-3), "total_yuan": Decimal("-1.50")}),
    ]
    assert changes(desk, 2, 1)[1] == MonthDiff(
        "bill", 202610, 0, 1, 1, {"kwh": Decimal(3), "total_yuan": Decimal("1.50")}
    )


def test_moved_row_leaves_one_month_and_enters_another(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "2.00"), bill("B2", "1", "1.00")]})
    desk.load({"bill": [bill("B1", "1", "2.00", NOVEMBER)]})
    assert changes(desk, 1, 2) == [
        MonthDiff("bill", 202610, 0, 1, 0, {"kwh": Decimal(-1), "total_yuan": Decimal(-2)}),
        MonthDiff("bill", 202611, 1, 0, 0, {"kwh": Decimal(1), "total_yuan": Decimal(2)}),
    ]


def test_null_month_is_compared_too(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "2.00", None)]})
    desk.load({"bill": [bill("B1", "3", "2.00", None)]})
    assert changes(desk, 1, 2) == [MonthDiff("bill", None, 0, 0, 1, {"kwh": Decimal(2)})]


def test_rewritten_file_with_equal_rows_is_no_difference(desk: Desk) -> None:
    for value in ("1", "2", "1"):
        desk.load({"reading": [reading("M1", value)]})
    assert changes(desk, 1, 3) == []
    assert changes(desk, 1, 1) == []
