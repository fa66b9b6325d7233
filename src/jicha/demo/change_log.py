"""The operation log's changes of the archive in ordinary life: schemes, changed under an approved order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.grid import NULL, to_date
from jicha.demo.orders import CHANGE
from jicha.demo.points import BASIC_MODES, MAIN, TARIFFS, VOLTAGES
from jicha.demo.world import Part


def change_rows(part: Part) -> list[dict[str, Any]]:
    """Return one row a changed field of each scheme that an order changed, on the day on which the work was done."""
    changed = np.flatnonzero((part.get("changed_on") != NULL) & (part.get("role") == MAIN))
    return [row for place in changed for row in _rows(part, int(place))]


def _rows(part: Part, place: int) -> Iterator[dict[str, Any]]:
    customer = int(part.owner[place])
    number = str(customer + 3_401_000_001)
    day = to_date(int(part.world.calendar.on_or_after(part.get("changed_on")[place])))
    person = part.world.staff.one("connection", int(part.world.customers.station[customer]))[1:]
    for rank, (field, before, after) in enumerate(_changes(part, place)):
        yield {
            "op_id": f"LS{number}{rank}", "account_id": f"A{person}", "terminal": f"PC-{person}", "at": datetime(day.year, day.month, day.day, 14, 5 + rank),
            "action": "update", "table_name": "price_scheme", "record_key": f"P{number}0|{to_date(int(part.get('changed_on')[place]))}",
            "customer_no": number, "field": field, "old_value": before, "new_value": after, "order_no": f"W{number}{CHANGE}",
        }  # fmt: skip


def _changes(part: Part, place: int) -> Iterator[tuple[str, str | None, str | None]]:
    """Return the fields of the scheme that are not what they were, with both values as texts."""
    for name, field, words in (
        ("tariff", "tariff_code", TARIFFS),
        ("price_voltage", "voltage_code", VOLTAGES),
        ("basic", "basic_charge_mode", BASIC_MODES),
        ("pf_standard", "pf_standard", 6),
        ("contract_demand", "contract_demand_kw", 4),
    ):
        before, after = int(part.get(f"earlier_{name}")[place]), int(part.get(name)[place])
        if before != after:
            yield field, _text(before, words), _text(after, words)


def _text(value: int, words: list[str] | int) -> str | None:
    """Return a code as its word, a number by its decimal places."""
    if isinstance(words, int):
        return None if value == NULL else str(Decimal(value).scaleb(-words))
    return words[value]
