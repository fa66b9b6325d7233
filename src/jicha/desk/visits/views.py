"""What a phone asks for and sends, and what people decide on the page of an order."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.evidence.content import MEGABYTE, NotEvidence, most_bytes
from jicha.desk.flow.forms import values_of
from jicha.desk.flow.refusals import Refusal
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.routes import seen_or_404
from jicha.desk.visits.actions import (
    NotAnnounced,
    give_up,
    move_visit,
    receipts,
    receive_file,
    receive_visit,
    take_along,
)
from jicha.desk.visits.models import ExpectedFile, Visit
from jicha.desk.visits.moves import FLOW
from jicha.desk.visits.phone import worker_script
from jicha.desk.visits.sheets import RIGHT, told_orders
from jicha.desk.visits.words import choices, words

View = Callable[..., HttpResponseBase]


def told_to_a_phone(view: View) -> View:
    """Let a refusal be told as JSON: the phone shows it beside what it keeps."""

    @wraps(view)
    def told(*args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(*args, **kwargs)
        except Refusal as refusal:
            return JsonResponse({"refusal": str(refusal)}, status=refusal.status)

    return told


def phone(request: DeskRequest) -> HttpResponseBase:
    """Show the page of the phone: what it shows comes from the phone's own store, with a network and without."""
    about = {
        "user": {"id": request.user.pk, "name": str(request.user)}, "language": request.LANGUAGE_CODE, "words": words(), "choices": choices(),
        "most_bytes": most_bytes(), "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "urls": {
            "visits": reverse("visits"), "orders": reverse("visit_orders"), "worker": reverse("visit_worker"), "sign_in": reverse("account_login"),
        },
    }  # fmt: skip
    return render(request, "visits/phone.html", {"about": about})


def visit(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show the form of one order: the same page, which reads its address."""
    seen_or_404(request, Order, RIGHT, pk)
    return phone(request)


def worker(_request: DeskRequest) -> HttpResponseBase:
    """Hand out the service worker, for the pages of visits only."""
    response = HttpResponse(worker_script(), content_type="text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = reverse("visits")
    response.headers["Cache-Control"] = "no-cache"
    return response


@told_to_a_phone
def orders(request: DeskRequest) -> HttpResponseBase:
    """Hand out the orders that wait for a visit, and say in the log who took them along."""
    told = told_orders(request.standing)
    take_along((one["order"] for one in told), request.standing, _device(request))
    return JsonResponse({"now": timezone.now(), "orders": told})


def _device(request: DeskRequest) -> str:
    try:
        told = json.loads(request.body)
    except ValueError:
        return ""
    return str(told.get("device", "")) if isinstance(told, dict) else ""


@told_to_a_phone
def record(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Receive the record of a visit; the answer says which of its files the server already holds."""
    order = seen_or_404(request, Order, RIGHT, pk, "clue")
    made = receive_visit(order, request.standing, request.body)
    told = {
        "number": made.number, "state": made.state, "visits": order.visits.count(), "received_at": made.received_at, "receipts": receipts(made),
    }  # fmt: skip
    return JsonResponse(told)


@told_to_a_phone
def file(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Receive a file of a visit; the answer is its receipt."""
    order = seen_or_404(request, Order, RIGHT, pk)
    sent = request.FILES.get("file")
    if sent is None or sent.size is None or sent.size > most_bytes():
        raise NotEvidence(_("Choose a file of at most %(most)s MB.") % {"most": most_bytes() // MEGABYTE})
    told = receive_file(
        order, request.standing, _uuid(request.POST.get("uuid", "")), request.POST.get("sha256", ""), sent.name or "", sent.read(),
    )  # fmt: skip
    return JsonResponse(told)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotAnnounced from error


def _visit(request: DeskRequest, pk: int, number: int) -> Visit:
    order = seen_or_404(request, Order, "order.see", pk)
    visits = Visit.objects.filter(order=order, number=number)
    found: Visit | None = visits.select_related("order", "organisation").first()
    if found is None:
        raise Http404
    return found


def move(request: DeskRequest, pk: int, number: int, name: str) -> HttpResponseBase:
    """Make a move of a visit: choose between two records."""
    found = _visit(request, pk, number)
    if name not in FLOW.moves:
        raise Http404
    move_visit(found, name, request.standing, values_of(found, FLOW.moves[name], request.POST))
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("order", pk)


def give_up_file(request: DeskRequest, pk: int, number: int, sha256: str) -> HttpResponseBase:
    """Say that a file will never arrive."""
    found = _visit(request, pk, number)
    expected = (
        ExpectedFile.objects.filter(visit=found, sha256=sha256)
        .select_related("visit__order__organisation")
        .first()
    )
    if expected is None:
        raise Http404
    give_up(expected, request.standing, request.POST.get("reason", ""))
    messages.success(request, _("The file was given up; its announcement stays with the visit."))
    return redirect("order", pk)
