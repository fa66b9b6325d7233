"""The way of an order in seven steps, each with the day and the person that ended it: promises, screen 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jicha.desk.journal.models import Event
from jicha.desk.orders.models import Order

S = Order.State
# Each step with the moves that end it.
STEPS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (pgettext_lazy("step", "Dispatch"), ("dispatch",)),
    (pgettext_lazy("step", "Verify"), ("report",)),
    (pgettext_lazy("step", "Review"), ("approve",)),
    (pgettext_lazy("step", "Rule on it"), ("confirm", "exclude")),
    (pgettext_lazy("step", "Rectify"), ("report_rectified",)),
    (pgettext_lazy("step", "Re-check"), ("proven", "accept_unproven")),
    (pgettext_lazy("step", "Archive"), ("archive", "archive_excluded")),
)
# At which step a state waits.
CURRENT = {
    S.DRAFT: 0, S.DISPATCHED: 1, S.ACCEPTED: 1, S.VERIFYING: 1, S.REPORTED: 2, S.REVIEWED: 3, S.CONFIRMED: 4, S.RECTIFYING: 4, S.RECTIFIED: 5,
    S.RECHECKED: 6, S.EXCLUDED: 6, S.ARCHIVED: 7,
}  # fmt: skip
LEFT_OUT_WHEN_EXCLUDED = (4, 5)


@dataclass(frozen=True, slots=True)
class Step:
    """A step: done, current, ahead or left out; who ended it and when."""

    title: str | Promise
    kind: str
    at: datetime | None = None
    who: str | Promise = ""


def steps_of(order: Order, events: Sequence[Event]) -> list[Step]:
    """Return the steps of an order; what its events say of a step counts only as long as the order was not sent back before it."""
    ends = {name: event for event in events for name in (event.action,)}
    place = _place(order, ends)
    is_excluded = bool(order.exclusion) and order.state in (S.EXCLUDED, S.ARCHIVED)
    return [
        _step(number, place, [ends[name] for name in moves if name in ends], title, is_excluded)
        for number, (title, moves) in enumerate(STEPS)
    ]


def _place(order: Order, ends: dict[str, Event]) -> int:
    """Return the step at which the order waits; one that was handed over stays where it was."""
    if order.state in CURRENT:
        return CURRENT[S(order.state)]
    done = [number for number, (_title, moves) in enumerate(STEPS) if any(name in ends for name in moves)]
    return max(done, default=-1) + 1


def _step(number: int, place: int, ends: list[Event], title: str | Promise, is_excluded: bool) -> Step:
    if is_excluded and number in LEFT_OUT_WHEN_EXCLUDED:
        return Step(title, "left-out")
    if number >= place:
        return Step(title, "current" if number == place else "ahead")
    if not ends:
        return Step(title, "done")
    last = max(ends, key=lambda event: event.number)
    return Step(title, "done", last.at, str(last.actor) if last.actor else _("the data"))
