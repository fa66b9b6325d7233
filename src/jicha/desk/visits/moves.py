"""The table of moves of a visit: which of two records counts is said by a person, with a reason; none is ever deleted."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jicha.desk.flow.moves import Flow, Move
from jicha.desk.orders.models import Order
from jicha.desk.visits.models import Visit

S = Visit.State


def _is_closed(visit: Visit) -> str | Promise | None:
    is_closed = visit.order.state in Order.CLOSED
    return _("The order is closed: nothing can be changed in its visits.") if is_closed else None


FLOW = Flow(
    (
        Move(
            "choose_visit", _("Let this record count"), (S.RIVAL, S.SET_ASIDE), S.COUNTS, "order.verify", needs=("choice_reason",),
            actor_field="chooser", guard=_is_closed, is_grave=True,
        ),
        Move(
            "set_visit_aside", _("Set this record aside"), (S.RIVAL,), S.SET_ASIDE, "order.verify", needs=("choice_reason",),
            actor_field="chooser", guard=_is_closed,
        ),
        Move("overrule_visit", _("Set aside for another record"), (S.COUNTS, S.RIVAL), S.SET_ASIDE, None),
    )
)  # fmt: skip
