"""The workbench, and what all pages share."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from jicha.desk.clues.models import BroughtIn, Clue
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW as ORDERS
from jicha.desk.people.standing import DeskRequest

SHOWN = 8


def workbench(request: DeskRequest) -> HttpResponseBase:
    """Show what waits for the person: clues held, orders with an open move, dismissals to approve, results."""
    clues = Clue.objects.seen_by(request.standing, "clue.see").select_related("organisation")
    orders = Order.objects.seen_by(request.standing, "order.see").select_related("organisation", "clue")
    told: dict[str, Any] = {
        "mine": clues.filter(holder=request.user, state=Clue.State.TAKEN)[:SHOWN],
        "best": clues.filter(state=Clue.State.OPEN).order_by("-expected_yuan", "-id")[:SHOWN],
        "proposed": clues.filter(state=Clue.State.PROPOSED).exclude(proposer=request.user)[:SHOWN],
        "waiting": _waiting(request, orders),
        "figures": _figures(clues, orders),
        "last": BroughtIn.objects.first(),
    }
    return render(request, "ui/workbench.html", told)


def _waiting(request: DeskRequest, orders: Any) -> list[Order]:
    """Return the orders in which the person may make a move now, the first due first."""
    open_orders = orders.exclude(state__in=Order.CLOSED).order_by("due_on", "id")[:200]
    return [
        order
        for order in open_orders
        if any(m.name != "transfer" for m in ORDERS.open_to(order, request.standing))
    ][:SHOWN]


def _figures(clues: Any, orders: Any) -> dict[str, Any]:
    """Return the numbers of the head line, each of which a list behind it shows."""
    today = timezone.localdate()
    at_stake = clues.filter(state__in=(Clue.State.OPEN, Clue.State.TAKEN)).aggregate(
        count=Count("id"),
        yuan=Sum("company_yuan"),
        expected=Sum("expected_yuan", filter=Q(expected_yuan__gt=0)),
    )
    work = orders.aggregate(
        open=Count("id", filter=~Q(state__in=Order.CLOSED)),
        overdue=Count("id", filter=~Q(state__in=Order.CLOSED) & Q(due_on__lt=today)),
        found=Sum("found_yuan", filter=Q(nature__gt="")),
    )
    return {"clues": at_stake, "orders": work}
