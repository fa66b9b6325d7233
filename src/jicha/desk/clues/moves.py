"""The table of moves of a clue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import Clue
from jicha.desk.flow.moves import Flow, Move

S = Clue.State


def _arrive(_record: Any, move: Move, _values: Mapping[str, Any]) -> dict[str, Any]:
    """A clue that goes back to the pool is nobody's."""
    return {"holder": None} if move.target == S.OPEN else {}


FLOW = Flow(
    (
        Move("take", _("Take"), (S.OPEN,), S.TAKEN, "clue.decide", actor_field="holder"),
        Move("give_back", _("Give back"), (S.TAKEN,), S.OPEN, "clue.decide"),
        Move(
            "propose_dismissal", _("Propose to dismiss"), (S.OPEN, S.TAKEN), S.PROPOSED, "clue.decide",
            needs=("reason", "reason_text", "silent_until"), actor_field="proposer", is_grave=True,
        ),
        Move(
            "approve_dismissal", _("Approve the dismissal"), (S.PROPOSED,), S.DISMISSED, "clue.approve",
            not_same_as=("proposer",), actor_field="approver", is_grave=True,
        ),
        Move("refuse_dismissal", _("Refuse the dismissal"), (S.PROPOSED,), S.OPEN, "clue.approve", not_same_as=("proposer",)),
        Move("order", _("Issue an order"), (S.OPEN, S.TAKEN), S.ORDERED, "order.dispatch"),
        Move(
            "snooze", _("Put off until a day"), (S.OPEN, S.TAKEN), S.SNOOZED, "clue.decide", needs=("snoozed_until", "snooze_reason"),
        ),
        Move("wake", _("Back to the pool"), (S.SNOOZED,), S.OPEN, "clue.decide"),
        Move("wake_by_day", _("The day has come"), (S.SNOOZED,), S.OPEN, None),
        Move("need_data", _("Mark as lacking data"), (S.OPEN, S.TAKEN), S.NEED_DATA, "clue.decide", needs=("missing_data",)),
        Move("data_there", _("The data are there"), (S.NEED_DATA,), S.OPEN, "clue.decide"),
        Move("data_came", _("Newer data came"), (S.NEED_DATA,), S.OPEN, None),
        Move("close", _("Close"), (S.ORDERED,), S.CLOSED, None),
        Move("vanish", _("Gone from the data"), (S.OPEN, S.TAKEN, S.PROPOSED, S.SNOOZED, S.NEED_DATA), S.GONE, None),
    ),
    _arrive,
)  # fmt: skip
