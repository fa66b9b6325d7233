"""What policies/desk/settlement.yaml says on a day: bands of approval, order of receipts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from jicha.desk.ui.dated import valid_on

FILE = "settlement.yaml"


def band_of(at_stake_yuan: Decimal, day: date) -> str:
    """Return whose approval an amount needs: common, major or extreme."""
    row = valid_on(FILE, "bands", day)
    if at_stake_yuan < Decimal(row["common_below_yuan"]):
        return "common"
    return "major" if at_stake_yuan < Decimal(row["major_below_yuan"]) else "extreme"


def receipt_order(day: date) -> tuple[str, ...]:
    """Return to which component a payment goes first."""
    return tuple(valid_on(FILE, "receipts", day)["order"])
