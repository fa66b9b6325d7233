"""The extension of a time limit: once, with a reason, by at most the same length, by somebody above those who work on it (domain 7.3)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Overtaken, Refusal, SamePerson
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.orders.limits import due_on
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import Standing

RIGHT = "order.extend"
TITLE = gettext_lazy("Extend the time limit")
name_action("extend", TITLE)
# Nobody extends the time of the own work.
WORKERS = ("contact_id", "verifier_id", "reviewer_id", "rectifier_id")


class TooLong(Refusal):
    """A day beyond the same length once more, or none that lies later."""

    status = 422

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            _(
                "The new day must lie after %(first)s and not after %(last)s: a limit is extended by at most its own length."
            )
            % {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"}
        )


def latest_day(order: Order) -> date | None:
    """Return the last day to which the limit can be extended; None where nothing is due or the limit was extended before."""
    if order.state in Order.CLOSED or order.due_on is None or order.extended_from is not None:
        return None
    return due_on(order.state, order.severity, order.due_on)


def may_extend(order: Order, standing: Standing) -> bool:
    """Return whether the person may extend the limit now: what shows the form."""
    if latest_day(order) is None or not standing.may(RIGHT, order.organisation.path):
        return False
    return not _persons(order, standing) & {getattr(order, name) for name in WORKERS}


def _persons(order: Order, standing: Standing) -> set[int | None]:
    return {standing.user.pk, standing.acts_for(RIGHT, order.organisation.path)} - {None}


def extend(order: Order, standing: Standing, day: date | None, reason: str) -> None:
    """Extend the limit of an order to a later day; right, reason, person and length are checked, the event comes first."""
    last = latest_day(order)
    if not standing.may(RIGHT, order.organisation.path):
        raise NotAllowed(TITLE)
    if last is None or order.due_on is None:
        raise NotNow(TITLE, _("Nothing is due, or the limit was extended before: it is extended once."))
    if not may_extend(order, standing):
        raise SamePerson(TITLE)
    if day is None or not reason.strip():
        raise Missing(TITLE, [_("new day"), _("reason")])
    if not order.due_on < day <= last:
        raise TooLong(order.due_on, last)
    _write(order, standing, day, reason.strip()[:1000])


def _write(order: Order, standing: Standing, day: date, reason: str) -> None:
    version = order.version + 1
    with transaction.atomic():
        append(
            "extend", order, actor=standing.user, organisation=order.organisation,
            details={"from": order.state, "to": order.state, "version": version, "was_due": order.due_on, "until": day, "reason": reason},
            stands_in_for=standing.acts_for(RIGHT, order.organisation.path),
        )  # fmt: skip
        moved = Order.objects.filter(pk=order.pk, version=order.version).update(
            version=version, due_on=day, extended_from=order.due_on, extension_reason=reason
        )
        if not moved:
            raise Overtaken(TITLE)
    order.refresh_from_db()
