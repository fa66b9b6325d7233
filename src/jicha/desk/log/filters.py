"""How the log is narrowed down: the same for the page, its export and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from jicha.desk.journal.models import Event
from jicha.desk.people.models import units_in
from jicha.desk.people.standing import DeskRequest


def filtered(request: DeskRequest) -> Any:
    """Return the events of the units in which the person sees the log, narrowed by `action` and `q`."""
    units = units_in(request.standing.paths("log.see"))
    rows = Event.objects.select_related("actor", "organisation")
    if units is not None:
        rows = rows.filter(organisation_id__in=units)
    if wanted := request.GET.get("action"):
        rows = rows.filter(action=wanted)
    if name := request.GET.get("q", "").strip():
        rows = rows.filter(Q(actor__name__icontains=name) | Q(subject_id=name))
    return rows
