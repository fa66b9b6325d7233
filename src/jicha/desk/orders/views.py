"""The list of orders, and one order."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW as CLUES
from jicha.desk.flow.forms import open_forms, values_of
from jicha.desk.flow.refusals import NotNow
from jicha.desk.journal.history import history
from jicha.desk.orders import extension
from jicha.desk.orders.actions import comment, issue_order, move_order
from jicha.desk.orders.extension import latest_day, may_extend
from jicha.desk.orders.filters import OPEN, filtered
from jicha.desk.orders.forms import OrderForm
from jicha.desk.orders.hindrances import all_hindrances
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW
from jicha.desk.orders.steps import steps_of
from jicha.desk.orders.told import told_facts
from jicha.desk.people.models import units_with
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import export, paged
from jicha.desk.ui.personal import RIGHT as REVEAL
from jicha.desk.ui.routes import seen_or_404

SORTS = {
    "due": ("due_on", "id"),
    "newest": ("-id",),
    "severity": ("-severity", "due_on", "id"),
    "amount": ("-found_yuan", "-id"),
}
SORT_TITLES = {
    "due": gettext_lazy("due on"),
    "newest": gettext_lazy("newest"),
    "severity": gettext_lazy("severity"),
    "amount": gettext_lazy("amount found"),
}


def orders(request: DeskRequest) -> HttpResponseBase:
    """List the orders that the person sees; without a state, those that are not closed."""
    rows = filtered(request)
    if "export" in request.GET:
        return export(request, "orders", rows, (_line(order) for order in rows))
    told = {
        "page": paged(request, rows, SORTS), "states": Order.State.choices, "state": request.GET.get("state", OPEN),
        "q": request.GET.get("q", "").strip(), "today": timezone.localdate(), "sorts": SORT_TITLES, "sort": request.GET.get("sort", "due"),
    }  # fmt: skip
    return render(request, "orders/orders.html", told)


def _line(order: Order) -> dict[str, Any]:
    return {
        "number": order.number, "clue": order.clue.number, "unit": order.organisation.name, "customer": order.clue.customer_no,
        "topics": order.clue.rules, "state": order.get_state_display(), "severity": order.severity, "due_on": order.due_on,
        "found_kwh": order.found_kwh, "found_yuan": order.found_yuan, "class": order.get_nature_display(), "size": order.get_size_display(),
    }  # fmt: skip


def issue(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Make an order of a clue."""
    clue = seen_or_404(request, Clue, "order.dispatch", pk)
    if "order" not in {move.name for move in CLUES.open_to(clue, request.standing)}:
        raise NotNow(CLUES.moves["order"].title)
    first = {
        "organisation": clue.organisation_id,
        "kind": Order.Kind.SITE if clue.is_visit else Order.Kind.DESK,
    }
    form = OrderForm(units_with(request.standing, "order.dispatch"), request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        order = issue_order(clue, request.standing, told["organisation"], told["kind"], told["request"])
        return redirect("order", order.pk)
    return render(
        request,
        "orders/issue.html",
        {"clue": clue, "findings": clue.findings.all(), "form": form},
        status=422 if form.errors else 200,
    )


def show(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show an order: where it stands, what was found, what can be done."""
    order = seen_or_404(
        request,
        Order,
        "order.see",
        pk,
        "clue",
        "verifier",
        "reviewer",
        "judge",
        "rectifier",
        "rechecker",
        "contact",
        "issuer",
    )
    told_history = history(order)
    told = {
        "order": order, "moves": open_forms(order, FLOW, request.standing), "history": told_history, "comments": order.comments.select_related("author"),
        "findings": order.findings.all(), "steps": steps_of(order, [event for event, _title in told_history]), "today": timezone.localdate(), "facts": told_facts(order),
        "overdue": order.state not in Order.CLOSED and order.is_overdue(timezone.localdate()),
        "files": order.evidence.select_related("added_by"), "may_add_file": order.state not in Order.CLOSED and request.standing.may("evidence.add", order.organisation.path),
        "hindrances": all_hindrances(order), "may_bundle": request.standing.may("bundle.export", order.organisation.path),
        "may_reveal": request.standing.may(REVEAL, order.organisation.path),
        "latest_day": latest_day(order) if may_extend(order, request.standing) else None,
        "may_comment": request.standing.may("order.comment", order.organisation.path),
        "may_settle": request.standing.may("settlement.draft", order.organisation.path),
        "sees_settlements": request.standing.may("settlement.see", order.organisation.path),
    }  # fmt: skip
    return render(request, "orders/order.html", told)


def extend(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Extend the time limit of the order."""
    order = seen_or_404(request, Order, "order.see", pk)
    try:
        day = parse_date(request.POST.get("day", ""))
    except ValueError:
        day = None
    extension.extend(order, request.standing, day, request.POST.get("reason", ""))
    messages.success(request, _("Done: %(move)s") % {"move": extension.TITLE})
    return redirect("order", pk)


def move(request: DeskRequest, pk: int, name: str) -> HttpResponseBase:
    """Make a move of the order."""
    order = seen_or_404(request, Order, "order.see", pk, "clue")
    if name not in FLOW.moves:
        raise Http404
    values = values_of(order, FLOW.moves[name], request.POST)
    move_order(order, name, request.standing, values)
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("order", pk)


def say(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Add a comment."""
    order = seen_or_404(request, Order, "order.see", pk)
    comment(order, request.standing, request.POST.get("text", ""))
    return redirect("order", pk)
