"""What is done to orders beside the moves of their flow."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import Clue, Finding
from jicha.desk.clues.moves import FLOW as CLUES
from jicha.desk.flow.refusals import Missing, NotAllowed
from jicha.desk.journal.append import append
from jicha.desk.orders.models import Comment, Order
from jicha.desk.orders.moves import FLOW
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing


def issue_order(clue: Clue, standing: Standing, organisation: Organisation, kind: str, request: str) -> Order:
    """Make an order of a clue and dispatch it, in one transaction; the clue is with the order from then on."""
    title = CLUES.moves["order"].title
    if not standing.may("order.dispatch", organisation.path):
        raise NotAllowed(title)
    if not request.strip():
        raise Missing(title, [str(Order._meta.get_field("request").verbose_name)])
    with transaction.atomic():
        CLUES.make(clue, "order", standing, {})
        order = Order.objects.create(
            clue=clue, organisation=organisation, kind=kind, severity=clue.severity, request=request, issuer=standing.user,
            run_id=clue.run_id,
        )  # fmt: skip
        order.findings.set(clue.findings.exclude(status=Finding.Status.CLEARED))
        FLOW.make(order, "dispatch", standing, {})
    return order


def move_order(order: Order, name: str, standing: Standing, values: dict[str, Any]) -> None:
    """Make a move of an order; one that ends it closes its clue in the same transaction."""
    with transaction.atomic():
        FLOW.make(order, name, standing, values)
        if order.state in Order.CLOSED:
            CLUES.make_by_system(order.clue, "close", {})


def comment(order: Order, standing: Standing, text: str) -> Comment:
    """Add a comment, and say so in the log."""
    if not standing.may("order.comment", order.organisation.path):
        raise NotAllowed(_("Comment"))
    if not text.strip():
        raise Missing(_("Comment"), [str(Comment._meta.get_field("text").verbose_name)])
    with transaction.atomic():
        made = Comment.objects.create(order=order, author=standing.user, text=text.strip()[:4000])
        append(
            "comment",
            order,
            actor=standing.user,
            organisation=order.organisation,
            details={"comment": made.pk},
        )
    return made
