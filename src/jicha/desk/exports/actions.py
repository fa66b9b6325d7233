"""What is done about large exports: asked for, decided by a second person, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.exports.models import ExportRequest
from jicha.desk.exports.moves import FLOW
from jicha.desk.flow.refusals import Missing, NotAllowed, Refusal
from jicha.desk.jobs.actions import ask_for
from jicha.desk.journal.append import append
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing, standing_of
from jicha.desk.ui.routes import Route

RIGHT = "export.ask"


class NoList(Refusal):
    """An address that is no list which can be exported."""

    status = 422


def ask(standing: Standing, address: str, query: str, rows: int, purpose: str) -> ExportRequest:
    """Ask for the export of a list of the desk with a filter; a second person decides."""
    title = _("Ask for the export")
    route = route_of(address)
    if not standing.may_somewhere(RIGHT) or not standing.may_somewhere(route.right):
        raise NotAllowed(title)
    if not purpose.strip():
        raise Missing(title, [str(ExportRequest._meta.get_field("purpose").verbose_name)])
    unit = Organisation.objects.get(path=min(standing.paths(RIGHT), key=len))
    with transaction.atomic():
        made = ExportRequest.objects.create(
            organisation=unit, asker=standing.user, address=address, query=query[:1000], name=route.name, rows=rows, purpose=purpose.strip()[:1000],
        )  # fmt: skip
        append(
            "export_ask", made, actor=standing.user, organisation=unit,
            details={"list": route.name, "filter": filter_of(made), "rows": rows, "purpose": made.purpose},
        )  # fmt: skip
    return made


def route_of(address: str) -> Route:
    """Return the route of a list; an address that is none is refused."""
    try:
        found = resolve(address)
    except Resolver404:
        found = None
    route: Route | None = getattr(found.func, "route", None) if found else None
    if found is None or route is None or found.kwargs or "GET" not in route.methods:
        raise NoList(_("%(address)s is no list of the desk.") % {"address": address})
    return route


def filter_of(request: ExportRequest) -> dict[str, str]:
    """Return the filter of the request, as the log tells it."""
    return {
        name: str(value) for name, value in QueryDict(request.query).items() if name != "export" and value
    }


def decide(request: ExportRequest, name: str, standing: Standing, values: Mapping[str, Any]) -> None:
    """Approve a request, which puts the job into the queue in the same transaction, or refuse it."""
    with transaction.atomic():
        FLOW.make(request, name, standing, values)
        if request.state == ExportRequest.State.GRANTED:
            title = _("Export %(number)s · %(rows)s rows") % {
                "number": request.number,
                "rows": f"{request.rows:,}",
            }
            asker = standing_of(request.asker, timezone.localdate())
            ask_for(
                "export", title, asker, request.organisation, {"request": request.pk}, f"export {request.pk}"
            )


def take_away(request: ExportRequest, standing: Standing) -> None:
    """Note that the file was taken away; only who asked for it may."""
    if request.asker_id != standing.user.pk or request.state != ExportRequest.State.READY:
        raise NotAllowed(_("Take the file"))
    with transaction.atomic():
        append(
            "export_take", request, actor=standing.user, organisation=request.organisation,
            details={"list": request.name, "filter": filter_of(request), "rows": request.rows, "form": request.form},
        )  # fmt: skip
