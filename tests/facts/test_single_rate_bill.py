"""What a month's bill on the residential or agricultural price would be at the single rate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.facts.build import build

HOME = {"customer_no": "C1"}
SHOP = {"customer_no": "C2", "kind": "lv_nonres", "category_code": "405"}
PRICES = [
    {"tariff_code": "flat_rate", "unit_price": "0.5"},
    {"tariff_code": "single", "component": "purchase", "unit_price": "0.6"},
    {"tariff_code": "single", "component": "fund", "register": "any", "unit_price": "0.03"},
]
LINE = {"mp_id": "M1", "item": "energy", "component": "energy", "register": "total"}


def utility(kwh: str, yuan: str, customer: dict[str, Any], scheme: dict[str, Any]) -> dict[str, Any]:
    """Return a point on the residential price with a bill, beside a shop on the single rate and two more homes."""
    others = [SHOP, {"customer_no": "C3"}, {"customer_no": "C4"}]
    return {
        "customer": [{**HOME, **customer}, *others],
        "metering_point": [{}, *({"mp_id": f"M{n}", "customer_no": f"C{n}"} for n in (2, 3, 4))],
        "price_scheme": [
            {"tariff_code": "flat_rate", **scheme},
            {"mp_id": "M2", "tariff_code": "single"},
            {"mp_id": "M3", "tariff_code": "flat_rate"},
            {"mp_id": "M4", "tariff_code": "flat_rate"},
        ],
        "price": PRICES,
        "bill": [{"kwh": kwh, "total_yuan": yuan}],
        "bill_line": [{**LINE, "quantity": kwh, "amount_yuan": yuan}],
    }


@pytest.mark.parametrize(
    ("kwh", "customer", "scheme", "due"),
    [
        ("500", {}, {}, "315.00"),  # 500 × 0.60 + 500 × 0.03
        ("499", {}, {}, None),  # a small home
        ("499", {"kind": "lv_nonres"}, {}, "314.37"),  # 299.40 + 14.97
        ("499", {"temporary": True}, {}, "314.37"),
        ("499", {"trade_code": "E4710"}, {}, "314.37"),
        ("500", {}, {"tou": True}, None),  # bands are not those of the other tariff
        ("500", {"market_mode": "exited"}, {}, None),
        ("500", {}, {"voltage_code": "kv1_10"}, None),  # no tariff in its voltage
    ],
)
def test_the_energy_is_priced_at_the_single_rate(
    kwh: str, customer: dict[str, Any], scheme: dict[str, Any], due: str | None
) -> None:
    """One point, by what it is."""
    billed = Decimal(kwh) * Decimal("0.5")
    rows = build("single_rate_bill", utility(kwh, f"{billed:.2f}", customer, scheme))
    assert [(row["mp_id"], row["due_yuan"]) for row in rows] == ([("M1", Decimal(due))] if due else [])
    assert all(row["difference_yuan"] == row["due_yuan"] - row["billed_yuan"] for row in rows)


def test_a_month_of_two_bills_has_no_one_price() -> None:
    """Whose energy which bill holds is not asked."""
    given = utility("600", "300.00", {}, {})
    given["bill"] = [*given["bill"], {"bill_id": "B2", "kwh": "600", "total_yuan": "300"}]
    given["bill_line"] = [
        *given["bill_line"],
        {**LINE, "bill_id": "B2", "quantity": "600", "amount_yuan": "300.00"},
    ]
    assert build("single_rate_bill", given) == []
