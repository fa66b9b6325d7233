"""The table of moves of a settlement, and what each writes beside the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jicha.desk.flow.moves import Flow, Move
from jicha.desk.people.standing import Standing
from jicha.desk.settlements.drafting import sheet_of
from jicha.desk.settlements.ledger import balance, book_sheet, reverse_all
from jicha.desk.settlements.models import Settlement, sums_of
from jicha.desk.settlements.plan import current_plan
from jicha.desk.settlements.policy import band_of

S = Settlement.State
SUMS = ("energy_kwh", "back_pay_yuan", "charge_yuan", "late_fee_yuan", "total_yuan")


def _of_band(band: str) -> Callable[[Settlement], str | Promise | None]:
    """Return a guard that lets a move approve the amounts of one band only."""

    def guard(settlement: Settlement) -> str | Promise | None:
        stake = settlement.at_stake_yuan or Decimal(0)
        return (
            None if band_of(stake, timezone.localdate()) == band else _("The amount needs another approval.")
        )

    return guard


def _settled(settlement: Settlement) -> str | Promise | None:
    return (
        _("The balance is not zero: something is still to be paid, or to be paid out.")
        if balance(settlement)
        else None
    )


def _planned(settlement: Settlement) -> str | Promise | None:
    return (
        None
        if current_plan(settlement)
        else _("No instalments are agreed yet; one payment is a plan of one.")
    )


def _unpaid(settlement: Settlement) -> str | Promise | None:
    paid = settlement.entries.filter(kind__in=("receipt", "refund"), reversed_by=None)
    return _("Money has moved: reverse the payments first.") if paid.exists() else None


def _arrive(settlement: Settlement, move: Move, values: Mapping[str, Any]) -> dict[str, Any]:
    """Freeze the sheet when it is handed in; take it away when it is returned."""
    new: dict[str, Any] = {"moved_at": timezone.now()}
    if move.name == "settlement_submit":
        sheet = sheet_of(settlement, values["chosen"])
        sums = sums_of(sheet)
        lines = sheet["scenarios"][0]["lines"]
        stake = sum((abs(Decimal(line["difference_yuan"])) for line in lines), Decimal(0))
        new |= {"sheet": sheet, "at_stake_yuan": stake} | {name: Decimal(sums[name]) for name in SUMS}
    if move.name == "settlement_return":
        new |= {"sheet": None, "at_stake_yuan": None} | dict.fromkeys(SUMS)
    return new


def _approve(band: str, title: Promise) -> Move:
    right = "settlement.approve" if band == "common" else f"settlement.approve_{band}"
    name = "settlement_approve" if band == "common" else f"settlement_approve_{band}"
    return Move(
        name, title, (S.SUBMITTED,), S.APPROVED, right, needs=("opinion",), not_same_as=("drafter",), actor_field="approver", guard=_of_band(band),
        is_grave=True,
    )  # fmt: skip


FLOW = Flow(
    (
        Move("settlement_submit", _("Hand in for approval"), (S.DRAFT,), S.SUBMITTED, "settlement.draft", needs=("chosen", "choice_reason"), actor_field="drafter"),
        Move("settlement_return", _("Return the draft"), (S.SUBMITTED,), S.DRAFT, "settlement.approve", needs=("opinion",), not_same_as=("drafter",)),
        _approve("common", _("Approve the settlement")),
        _approve("major", _("Approve the large settlement")),
        _approve("extreme", _("Approve the very large settlement")),
        Move("settlement_serve", _("Record the service of the notice"), (S.APPROVED,), S.SERVED, "settlement.draft", needs=("served_on", "service", "service_note")),
        Move("settlement_agree", _("Record the agreement"), (S.SERVED,), S.AGREED, "settlement.draft", needs=("agreed_on", "signer"), guard=_planned),
        Move("settlement_close", _("Close the settlement"), (S.SERVED, S.AGREED), S.CLOSED, "settlement.collect", guard=_settled),
        Move("settlement_reopen", _("Open it again"), (S.CLOSED,), S.SERVED, "settlement.reverse", needs=("opinion",), is_grave=True),
        Move("settlement_drop", _("Drop the draft"), (S.DRAFT,), S.WITHDRAWN, "settlement.draft", needs=("withdrawal_reason",), is_grave=True),
        Move(
            "settlement_withdraw", _("Withdraw the settlement"), (S.APPROVED, S.SERVED, S.AGREED), S.WITHDRAWN, "settlement.reverse", needs=("withdrawal_reason",),
            not_same_as=("approver",), guard=_unpaid, is_grave=True,
        ),
    ),
    _arrive,
)  # fmt: skip


def move_settlement(settlement: Settlement, name: str, standing: Standing, values: Mapping[str, Any]) -> None:
    """Make a move; an approval books the lines of the sheet, a withdrawal reverses what is booked, in the same transaction."""
    with transaction.atomic():
        FLOW.make(settlement, name, standing, values)
        if FLOW.moves[name].target == S.APPROVED:
            book_sheet(settlement, standing.user)
        if name == "settlement_withdraw":
            reverse_all(settlement, standing.user, values["withdrawal_reason"])
