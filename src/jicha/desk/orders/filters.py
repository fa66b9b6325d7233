"""How the list of orders is narrowed down: the same for the page, its export and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from jicha.desk.orders.models import Order
from jicha.desk.people.standing import DeskRequest

OPEN, OVERDUE, ALL = "open", "overdue", "all"
# Problems that were confirmed, closed or not; rectifications that did not stand and came back.
CONFIRMED, SENT_BACK = "with_problem", "sent_back"
STATES = (OPEN, OVERDUE, ALL, CONFIRMED, SENT_BACK, *Order.State.values)
# A number of more digits is none that a row can have, and no database would compare it.
MOST_DIGITS = 18


def filtered(request: DeskRequest) -> Any:
    """Return the orders that the person sees, narrowed by `state` and `q`; without a state, those that are not closed."""
    rows = Order.objects.seen_by(request.standing, "order.see").select_related(
        "organisation", "clue", "verifier"
    )
    rows = _in_state(rows, request.GET.get("state", OPEN))
    text = request.GET.get("q", "").strip()
    return rows.filter(_named(text)) if text else rows


def _in_state(rows: Any, state: str) -> Any:
    if state == OPEN:
        return rows.exclude(state__in=Order.CLOSED)
    if state == OVERDUE:
        return rows.exclude(state__in=Order.CLOSED).filter(due_on__lt=timezone.localdate())
    if state == CONFIRMED:
        return rows.exclude(nature="")
    if state == SENT_BACK:
        return rows.filter(state=Order.State.RECTIFYING).exclude(proof_text="")
    return rows.filter(state=state) if state in Order.State.values else rows


def _named(text: str) -> Q:
    """Return the condition that the text is the order's number, its customer or its place."""
    number = text.upper().removeprefix("JC").lstrip("0")
    is_number = number.isascii() and number.isdigit() and len(number) < MOST_DIGITS
    return Q(clue__customer_no=text) | Q(clue__place_id=text) | Q(pk=int(number) if is_number else 0)
