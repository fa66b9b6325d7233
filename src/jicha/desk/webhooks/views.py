"""Webhooks: which there are, what was sent, and how a new one is made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from jicha.desk.journal.words import words_of
from jicha.desk.people.models import units_with
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import paged
from jicha.desk.ui.routes import seen_or_404
from jicha.desk.webhooks.actions import RIGHT, add_webhook, end_webhook, renew_webhook, send_again
from jicha.desk.webhooks.forms import WebhookForm
from jicha.desk.webhooks.models import Message, Subscription
from jicha.desk.webhooks.sign import secret_of

SORTS = {"newest": ("-id",), "oldest": ("id",)}


def webhooks(request: DeskRequest) -> HttpResponseBase:
    """List the webhooks of the organisations that the person manages, with what waits and what failed."""
    failed, waiting = Q(messages__state=Message.State.FAILED), Q(messages__state=Message.State.WAITING)
    rows = Subscription.objects.seen_by(request.standing, RIGHT).select_related("organisation").annotate(
        failed=Count("messages", filter=failed), waiting=Count("messages", filter=waiting), last=Max("messages__sent_at"),
    )  # fmt: skip
    return render(request, "webhooks/webhooks.html", {"page": paged(request, rows, SORTS)})


@never_cache
def add(request: DeskRequest) -> HttpResponseBase:
    """Make a webhook; its secret is shown in the answer and nowhere else."""
    form = WebhookForm(units_with(request.standing, RIGHT), request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        made = add_webhook(request.standing, told["name"], told["url"], told["actions"], told["organisation"])
        return _shown(request, made, secret=secret_of(made))
    return render(request, "webhooks/add.html", {"form": form}, status=422 if form.errors else 200)


def show(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show a webhook with its messages."""
    return _shown(request, seen_or_404(request, Subscription, RIGHT, pk, "made_by"))


def _shown(request: DeskRequest, subscription: Subscription, secret: str = "") -> HttpResponse:
    rows = subscription.messages.select_related("event")
    state = request.GET.get("state", "")
    if state in Message.State.values:
        rows = rows.filter(state=state)
    page = paged(request, rows, SORTS)
    told: dict[str, Any] = {
        "webhook": subscription, "secret": secret, "page": page, "state": state, "states": Message.State.choices,
        "shown": [(one, words_of(one.event.action)) for one in page], "events": [words_of(action) for action in subscription.actions],
    }  # fmt: skip
    return render(request, "webhooks/webhook.html", told)


@never_cache
def renew(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Give a webhook a new secret, shown in the answer and nowhere else."""
    subscription = seen_or_404(request, Subscription, RIGHT, pk, "made_by")
    renew_webhook(request.standing, subscription)
    return _shown(request, subscription, secret=secret_of(subscription))


def end(request: DeskRequest, pk: int) -> HttpResponseBase:
    """End a webhook."""
    end_webhook(request.standing, seen_or_404(request, Subscription, RIGHT, pk))
    return redirect("webhook", pk)


def again(request: DeskRequest, pk: int, number: int) -> HttpResponseBase:
    """Send a message again that failed."""
    subscription = seen_or_404(request, Subscription, RIGHT, pk)
    message = subscription.messages.filter(pk=number).first()
    if message is None:
        raise Http404
    send_again(request.standing, message)
    messages.success(request, _("It is sent again within a minute."))
    return redirect("webhook", pk)
