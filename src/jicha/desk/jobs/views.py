"""The list of jobs, and one job while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.flow.forms import open_forms
from jicha.desk.jobs.actions import steer
from jicha.desk.jobs.kinds import KINDS
from jicha.desk.jobs.models import Job, Worker
from jicha.desk.jobs.moves import FLOW
from jicha.desk.journal.history import history
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import export, paged
from jicha.desk.ui.routes import seen_or_404

SORTS = {
    "newest": ("-id",),
    "oldest": ("id",),
    "ended": ("-ended_at", "-id"),
    "rows": ("-rows", "-id"),
    "yuan": ("-yuan", "-id"),
}
SORT_TITLES = {
    "newest": gettext_lazy("newest"),
    "oldest": gettext_lazy("oldest"),
    "ended": gettext_lazy("ended last"),
    "rows": gettext_lazy("rows"),
    "yuan": gettext_lazy("yuan"),
}


def jobs(request: DeskRequest) -> HttpResponseBase:
    """List the jobs of the person's units."""
    rows = Job.objects.seen_by(request.standing, "job.see").select_related("organisation", "asked_by")
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if state in Job.State.values:
        rows = rows.filter(state=state)
    elif state == "live":
        rows = rows.filter(state__in=Job.LIVE)
    if kind in KINDS:
        rows = rows.filter(kind=kind)
    if "export" in request.GET:
        return export(request, "jobs", rows, _lines(rows))
    told = {
        "page": paged(request, rows, SORTS), "sorts": SORT_TITLES, "sort": request.GET.get("sort", "newest"), "states": Job.State.choices,
        "state": state, "kind": kind, "kinds": [(name, one.title) for name, one in KINDS.items()], "has_worker": has_worker(), "may_start": request.standing.may_somewhere("run.start"),
    }  # fmt: skip
    return render(request, "jobs/jobs.html", told)


def has_worker() -> bool:
    """Return whether any worker lives; without one, jobs wait."""
    return any(worker.is_alive for worker in Worker.objects.filter(ended_at=None)[:20])


def _lines(rows: Any) -> Iterator[dict[str, Any]]:
    for job in rows.iterator(chunk_size=1000):
        yield {
            "number": job.number, "kind": str(KINDS[job.kind].title) if job.kind in KINDS else job.kind, "what": job.title,
            "unit": job.organisation.name, "state": job.get_state_display(), "asked_by": str(job.asked_by), "asked_at": job.asked_at,
            "begun_at": job.begun_at, "ended_at": job.ended_at, "attempts": job.attempts, "rows": job.rows, "yuan": job.yuan, "error": job.error,
        }  # fmt: skip


def _told(request: DeskRequest, pk: int) -> dict[str, Any]:
    job = seen_or_404(request, Job, "job.see", pk, "asked_by", "worker")
    kind = KINDS.get(job.kind)
    return {
        "job": job, "kind": kind.title if kind else job.kind, "moves": open_forms(job, FLOW, request.standing), "has_worker": has_worker(),
        "result": [(words_of_result(name), value) for name, value in (job.result or {}).items()],
    }  # fmt: skip


RESULT_WORDS = {
    "run_id": gettext_lazy("run"),
    "findings": gettext_lazy("findings"),
    "new_clues": gettext_lazy("new clues"),
    "renewed_clues": gettext_lazy("renewed clues"),
    "gone_clues": gettext_lazy("clues gone from the data"),
    "proven": gettext_lazy("orders proven by the data"),
    "still_there": gettext_lazy("orders reopened by the data"),
    "undecided": gettext_lazy("orders that the data cannot judge"),
    "proposed": gettext_lazy("proposed to be dismissed"),
    "refused": gettext_lazy("refused"),
    "why": gettext_lazy("why"),
    "file": gettext_lazy("file"),
    "rows": gettext_lazy("rows"),
}


def words_of_result(name: str) -> str:
    """Return what a part of a result is called in the reader's language."""
    return str(RESULT_WORDS.get(name, name))


def show(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show a job: how far it is, what came of it, what can be done."""
    told = _told(request, pk)
    return render(request, "jobs/job.html", told | {"history": history(told["job"])})


def progress(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show how far a job is; a page that is open asks again until the job has ended, and then is shown anew."""
    told = _told(request, pk)
    response = render(request, "jobs/progress.html", told)
    if not told["job"].is_live:
        response["HX-Refresh"] = "true"
    return response


def move(request: DeskRequest, pk: int, name: str) -> HttpResponseBase:
    """Cancel a job, or ask for it again."""
    job = seen_or_404(request, Job, "job.see", pk)
    if name not in FLOW.moves or FLOW.moves[name].right is None:
        raise Http404
    steer(job, name, request.standing)
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("job", pk)
