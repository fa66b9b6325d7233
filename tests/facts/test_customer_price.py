"""What a kWh of a customer is worth: own month, own year, category, everybody; never a later month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.facts.build import build

CUSTOMERS = [
    {"customer_no": "C1", "category_code": "202"},
    {"customer_no": "C2", "category_code": "202"},
    {"customer_no": "C3", "category_code": "403"},
]


def bill(customer_no: str, month: int, kwh: str, yuan: str, **more: Any) -> dict[str, Any]:
    """Return one bill of 2026."""
    number = f"{customer_no}-{month}-{more.get('kind', 'normal')}"
    return {
        "bill_id": number,
        "customer_no": customer_no,
        "bill_month": date(2026, month, 1),
        "kwh": Decimal(kwh),
        "total_yuan": Decimal(yuan),
        **more,
    }


def prices(bills: list[dict[str, Any]]) -> dict[tuple[str, int], tuple[Decimal | None, str | None]]:
    """Return price and source by customer and month."""
    rows = build("customer_price", {"customer": CUSTOMERS, "bill": bills})
    return {
        (row["customer_no"], row["bill_month"].month): (row["price_yuan_per_kwh"], row["price_source"])
        for row in rows
    }


def test_each_source_in_its_turn() -> None:
    found = prices(
        [
            bill("C1", 8, "200", "100"),
            bill("C1", 10, "3", "2"),
            bill("C2", 10, "100", "60"),
            bill("C1", 9, "0", "0"),
        ]
    )
    assert found["C1", 10] == (Decimal("0.666667"), "month")  # 2 ÷ 3, half up
    assert found["C1", 9] == (Decimal("0.500000"), "own_year")
    assert found["C2", 8] == (Decimal("0.500000"), "category")
    assert found["C3", 10] == (Decimal("0.601942"), "all")  # 62 ÷ 103


def test_a_later_month_lends_no_price() -> None:
    found = prices([bill("C1", 9, "0", "0"), bill("C1", 10, "100", "60")])
    assert found["C1", 9] == (None, None)


def test_a_reversal_nets_the_month() -> None:
    rows = build(
        "customer_month",
        {"bill": [bill("C1", 10, "100", "60"), bill("C1", 10, "-40", "-24", kind="reversal")]},
    )
    assert [(row["kwh"], row["total_yuan"], row["normal_kwh"]) for row in rows] == [(60, 36, 100)]
    assert rows[0]["price_yuan_per_kwh"] == Decimal("0.600000")
