"""The log, and its check."""

from __future__ import annotations

import json

from django.http import HttpResponseBase
from django.shortcuts import render

from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.journal.words import words_of
from jicha.desk.log.filters import filtered
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import export, paged

SORTS = {"newest": ("-number",), "oldest": ("number",)}


def log(request: DeskRequest) -> HttpResponseBase:
    """List what happened where the person may see the log."""
    rows = filtered(request)
    if "export" in request.GET:
        return export(request, "log", rows, ({"number": e.number, "at": e.at, "actor": str(e.actor or ""), "action": e.action,
            "subject": f"{e.subject_kind} {e.subject_id}", "content": e.content, "hash": e.hash} for e in rows))  # fmt: skip
    page = paged(request, rows, SORTS)
    shown = [(event, words_of(event.action), json.loads(event.content)["details"]) for event in page]
    actions = [
        (action, words_of(action))
        for action in Event.objects.order_by("action").values_list("action", flat=True).distinct()
    ]
    return render(request, "log/log.html", {"page": page, "shown": shown, "actions": actions})


def check(request: DeskRequest) -> HttpResponseBase:
    """Check the whole log, and show what was found."""
    return render(request, "log/verified.html", {"told": verify()})
