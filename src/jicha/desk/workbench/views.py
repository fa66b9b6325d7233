"""The workbench: what waits for the person, by the rights of the own posts."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from jicha.desk.clues import tally
from jicha.desk.clues.models import ORDERS as ORDERS_OF_CLUES
from jicha.desk.clues.models import BroughtIn, Clue
from jicha.desk.clues.pages import placed, rows_of
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW as ORDERS
from jicha.desk.people.models import units_in
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.context import pages_open_to
from jicha.desk.workbench.begin import steps

SHOWN = 8
# A move that is always open is no reason to say that an order waits.
_NO_REASON = ("transfer",)


def workbench(request: DeskRequest) -> HttpResponseBase:
    """Show what waits for the person: orders by step, clues held, dismissals to approve, what is worth most, the results."""
    orders = Order.objects.seen_by(request.standing, "order.see").select_related("organisation", "clue")
    told: dict[str, Any] = {
        "steps": steps(request.standing), "pages": pages_open_to(request.standing), "waiting": _waiting(request, orders),
        "by_state": _by_state(request, orders), "last": BroughtIn.objects.first(), "may_see_clues": request.standing.may_somewhere("clue.see"),
        "may_decide": request.standing.may_somewhere("clue.decide"), "may_approve": request.standing.may_somewhere("clue.approve"),
        "orders": _order_figures(orders),
    }  # fmt: skip
    if told["may_see_clues"]:
        told |= _of_clues(request)
    return render(request, "ui/workbench.html", told)


def _waiting(request: DeskRequest, orders: Any) -> list[Order]:
    """Return the orders in which the person may make a move now, the first due first."""
    open_orders = orders.exclude(state__in=Order.CLOSED).order_by("due_on", "id")[:200]
    return [
        order
        for order in open_orders
        if any(m.name not in _NO_REASON for m in ORDERS.open_to(order, request.standing))
    ][:SHOWN]


def _by_state(request: DeskRequest, orders: Any) -> list[tuple[str, str, int]]:
    """Return (state, its words, how many orders are in it) for each state from which the person's rights lead on."""
    mine = {
        source
        for move in ORDERS.moves.values()
        if move.name not in _NO_REASON and move.right and request.standing.may_somewhere(move.right)
        for source in move.sources
    }
    counts = dict(orders.order_by().filter(state__in=mine).values_list("state").annotate(Count("id")))
    return [(code, str(words), counts[code]) for code, words in Order.State.choices if counts.get(code)]


def _order_figures(orders: Any) -> dict[str, Any]:
    """Return the numbers of orders, each of which a list behind it shows."""
    is_open = ~Q(state__in=Order.CLOSED)
    told: dict[str, Any] = orders.aggregate(
        open=Count("id", filter=is_open),
        overdue=Count("id", filter=is_open & Q(due_on__lt=timezone.localdate())),
        sent_back=Count("id", filter=Q(state=Order.State.RECTIFYING) & ~Q(proof_text="")),
        problems=Count("id", filter=Q(nature__gt="")),
        found=Sum("found_yuan", filter=Q(nature__gt="")),
    )
    return told


def _of_clues(request: DeskRequest) -> dict[str, Any]:
    """Return the clues that wait and what they come to; the sums are kept by the database, not counted."""
    clues = Clue.objects.seen_by(request.standing, "clue.see").select_related("organisation")
    units = units_in(request.standing.paths("clue.see"))
    held = clues.filter(holder=request.user, state=Clue.State.TAKEN)
    return {
        "mine": held[:SHOWN], "mine_count": held.count(),
        "best": _worth_most(placed(units, Clue.State.OPEN)),
        "proposed": _worth_most(placed(units, Clue.State.PROPOSED).exclude(proposer=request.user)),
        "clues": tally.sums(units, [Clue.State.OPEN]), "proposals": tally.sums(units, [Clue.State.PROPOSED]).clues,
    }  # fmt: skip


def _worth_most(rows: Any) -> list[Clue]:
    """Return the first of the rows by what may be expected of them."""
    return rows_of(list(rows.order_by(*ORDERS_OF_CLUES["expected"]).values_list("pk", flat=True)[:SHOWN]))
