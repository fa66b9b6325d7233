"""What has been filled in on an order so far, in the words of the reader."""

from __future__ import annotations

from typing import Any

from jicha.desk.flow.moves import label_of
from jicha.desk.orders.models import Order

TOLD = (
    "verdict", "facts", "found_kwh", "found_yuan", "opinion", "exclusion", "nature", "cause", "size", "demand", "rectification", "proof_run_id",
    "proof_text", "unproven_reason", "cause_found", "persons_dealt", "measures_taken", "staff_taught", "receiver", "transfer_reason",
)  # fmt: skip


def told_facts(order: Order) -> list[tuple[str, Any]]:
    """Return what has been filled in, each with its label; a choice in words."""
    told = []
    for name in TOLD:
        value = getattr(order, name)
        if value not in (None, ""):
            choice = getattr(order, f"get_{name}_display", None)
            told.append((label_of(order, name), choice() if choice else value))
    return told
