"""What customers have paid in advance, by what came in and what went out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.facts.build import build

BILL = {
    "bill_id": "B1",
    "customer_no": "C1",
    "bill_month": "2026-09-01",
    "total_yuan": "300.00",
    "due_on": "2026-09-28",
}
PREPAID = {
    "receipt_id": "R1",
    "customer_no": "C1",
    "bill_id": None,
    "amount_yuan": "500.00",
    "received_at": "2026-09-02 10:00:00",
}
OFFSET = {
    "receipt_id": "R2",
    "customer_no": "C1",
    "bill_id": "B1",
    "channel": "prepaid_offset",
    "amount_yuan": "300.00",
}


def receipt(number: int, amount: str, **more: Any) -> dict[str, Any]:
    """Return a receipt of C1."""
    return {"receipt_id": f"R{number}", "customer_no": "C1", "amount_yuan": amount, **more}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"receipt": [PREPAID]}, "200.00"),  # 500 − 300 that the open bill takes
        ({"receipt": [PREPAID, OFFSET]}, "200.00"),  # the same, entered as an offset
        ({"receipt": [receipt(1, "340.00", bill_id="B1")]}, "40.00"),  # overpaid
        ({"receipt": [PREPAID, OFFSET], "refund": [{"amount_yuan": "150.00"}]}, "50.00"),
        ({"receipt": [PREPAID, OFFSET], "refund": [{"amount_yuan": "150.00", "receipt_id": "R1"}]}, "50.00"),
        ({"receipt": [PREPAID, OFFSET], "prepaid_transfer": [{"amount_yuan": "250.00"}]}, "-50.00"),
        ({"receipt": [PREPAID, OFFSET], "prepaid_transfer": [{"from_customer_no": "C2", "to_customer_no": "C1", "amount_yuan": "9.00"}]}, "209.00"),
        ({"receipt": [PREPAID, OFFSET], "refund": [{"amount_yuan": "150.00", "refunded_at": "2026-11-01 00:00:00"}]}, "200.00"),  # after the as-of date
    ],
)  # fmt: skip
def test_the_balance_is_what_came_in_less_what_went_out(
    rows: dict[str, list[dict[str, Any]]], expected: str
) -> None:
    """One customer with one bill of 300.00."""
    found = build("prepaid_balance", {"bill": [BILL], **rows})
    assert [row["balance_yuan"] for row in found if row["customer_no"] == "C1"] == [Decimal(expected)]


def test_a_cancelled_prepayment_is_none() -> None:
    """A receipt that was taken back leaves nothing."""
    taken_back = {**PREPAID, "cancelled_at": "2026-09-03 10:00:00"}
    assert build("prepaid_balance", {"bill": [BILL], "receipt": [taken_back]}) == []
