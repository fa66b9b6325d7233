"""The table of moves of an order: domain 7.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jicha.desk.flow.moves import Flow, Move
from jicha.desk.orders.hindrances import unhindered
from jicha.desk.orders.limits import due_on, most_returns, size_of
from jicha.desk.orders.models import Order

S = Order.State
FOUR = ("cause_found", "persons_dealt", "measures_taken", "staff_taught")
OPEN = (
    S.DISPATCHED,
    S.ACCEPTED,
    S.VERIFYING,
    S.REPORTED,
    S.REVIEWED,
    S.CONFIRMED,
    S.RECTIFYING,
    S.RECTIFIED,
    S.RECHECKED,
)


def _returned_too_often(order: Order) -> str | Promise | None:
    if order.returns < most_returns(timezone.localdate()):
        return None
    return _("Returned as often as allowed: rule on it, or hand it to the one above.")


def _said(verdict: str) -> Any:
    """Return a guard that the verification said so; the one who rules may not rule against it."""

    def guard(order: Order) -> str | Promise | None:
        return (
            None
            if order.verdict == verdict
            else _("The verification says otherwise: return the order first.")
        )

    return guard


def _arrive(order: Order, move: Move, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the day by which the new state must end, count returns, and size a confirmed problem."""
    today = timezone.localdate()
    new: dict[str, Any] = {"due_on": due_on(move.target, order.severity, today), "moved_at": timezone.now()}
    if move.name == "return":
        new["returns"] = order.returns + 1
    if move.name == "confirm":
        new["size"] = size_of(order.found_kwh, order.found_yuan, values.get("nature", ""), today)
    return new


FLOW = Flow(
    (
        Move("dispatch", _("Dispatch"), (S.DRAFT,), S.DISPATCHED, "order.dispatch"),
        Move("accept", _("Accept"), (S.DISPATCHED,), S.ACCEPTED, "order.answer", actor_field="contact"),
        Move("verify", _("Begin to verify"), (S.ACCEPTED,), S.VERIFYING, "order.verify", actor_field="verifier"),
        Move(
            "report", _("Report"), (S.VERIFYING,), S.REPORTED, "order.verify", needs=("verdict", "facts"), may=("found_kwh", "found_yuan"),
            actor_field="verifier", guard=unhindered("report"),
        ),
        Move(
            "return", _("Return"), (S.REPORTED,), S.VERIFYING, "order.review", needs=("opinion",), not_same_as=("verifier",), actor_field="reviewer",
            guard=_returned_too_often, is_grave=True,
        ),
        Move("approve", _("Pass the review"), (S.REPORTED,), S.REVIEWED, "order.review", needs=("opinion",), not_same_as=("verifier",), actor_field="reviewer"),
        Move(
            "exclude", _("No problem"), (S.REVIEWED,), S.EXCLUDED, "order.decide", needs=("exclusion",), not_same_as=("verifier",), actor_field="judge",
            guard=_said(Order.Verdict.NONE),
        ),
        Move(
            "confirm", _("Confirm the problem"), (S.REVIEWED,), S.CONFIRMED, "order.decide", needs=("nature", "cause", "demand"), not_same_as=("verifier",),
            actor_field="judge", guard=_said(Order.Verdict.PROBLEM), is_grave=True,
        ),
        Move("rectify", _("Begin to rectify"), (S.CONFIRMED,), S.RECTIFYING, "order.answer", actor_field="rectifier"),
        Move("report_rectified", _("Report as rectified"), (S.RECTIFYING,), S.RECTIFIED, "order.answer", needs=("rectification",), actor_field="rectifier"),
        Move("proven", _("Gone from the data"), (S.RECTIFIED,), S.RECHECKED, None, needs=("proof_run_id", "proof_text")),
        Move("still_there", _("Still in the data"), (S.RECTIFIED,), S.RECTIFYING, None, needs=("proof_run_id", "proof_text")),
        Move(
            "accept_unproven", _("Accept without proof by the data"), (S.RECTIFIED,), S.RECHECKED, "order.recheck", needs=("unproven_reason",),
            not_same_as=("rectifier", "verifier"), actor_field="rechecker", is_grave=True,
        ),
        Move(
            "reopen", _("Not rectified"), (S.RECTIFIED,), S.RECTIFYING, "order.recheck", needs=("proof_text",), not_same_as=("rectifier",),
            actor_field="rechecker", is_grave=True,
        ),
        Move("archive", _("Archive"), (S.RECHECKED,), S.ARCHIVED, "order.archive", needs=FOUR, guard=unhindered("archive")),
        Move("archive_excluded", _("Archive"), (S.EXCLUDED,), S.ARCHIVED, "order.archive", guard=unhindered("archive_excluded")),
        Move("transfer", _("Hand over"), OPEN, S.TRANSFERRED, "order.transfer", needs=("receiver", "transfer_reason"), is_grave=True),
    ),
    _arrive,
)  # fmt: skip
