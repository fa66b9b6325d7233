"""The list of large exports: one's own, and those that wait for one's approval."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from jicha.desk.exports.actions import ask, decide, filter_of, take_away
from jicha.desk.exports.models import ExportRequest
from jicha.desk.exports.moves import FLOW
from jicha.desk.flow.forms import open_forms, values_of
from jicha.desk.jobs.models import Job
from jicha.desk.people.models import units_in
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import paged

SORTS = {"newest": ("-id",), "oldest": ("id",), "rows": ("-rows", "-id")}


def _seen(request: DeskRequest) -> Any:
    """Return the person's own requests, and those of the units in which the person approves."""
    approves = request.standing.paths("clue.approve")
    units = units_in(approves)
    theirs = Q() if approves and units is None else Q(organisation_id__in=units or ())
    return ExportRequest.objects.filter(Q(asker=request.user) | theirs).select_related(
        "asker", "granter", "organisation"
    )


def exports(request: DeskRequest) -> HttpResponseBase:
    """List the requests."""
    page = paged(request, _seen(request), SORTS)
    jobs = {
        job.arguments["request"]: job
        for job in Job.objects.filter(kind="export", key__in=[f"export {one.pk}" for one in page])
    }
    shown = [
        {
            "request": one, "filter": filter_of(one), "moves": open_forms(one, FLOW, request.standing), "job": jobs.get(one.pk),
            "is_mine": one.asker_id == request.user.pk,
        }
        for one in page
    ]  # fmt: skip
    return render(request, "exports/exports.html", {"page": page, "shown": shown})


def ask_for_export(request: DeskRequest) -> HttpResponseBase:
    """Ask for a large export of the list from which the person comes."""
    told = request.POST
    rows = told.get("rows", "")
    made = ask(
        request.standing, told.get("address", ""), told.get("query", ""), int(rows) if rows.isascii() and rows.isdigit() else 0,
        told.get("purpose", ""),
    )  # fmt: skip
    messages.success(
        request, _("%(number)s waits for a second person to approve it.") % {"number": made.number}
    )
    return redirect("exports")


def _found(request: DeskRequest, pk: int) -> ExportRequest:
    found: ExportRequest | None = _seen(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def move(request: DeskRequest, pk: int, name: str) -> HttpResponseBase:
    """Approve or refuse a request."""
    found = _found(request, pk)
    if name not in FLOW.moves or FLOW.moves[name].right is None:
        raise Http404
    decide(found, name, request.standing, values_of(found, FLOW.moves[name], request.POST))
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("exports")


def file(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Hand the file to who asked for it."""
    found = _found(request, pk)
    take_away(found, request.standing)
    return FileResponse(
        found.path.open("rb"), as_attachment=True, filename=f"{found.name}_{found.number}.{found.form}"
    )
