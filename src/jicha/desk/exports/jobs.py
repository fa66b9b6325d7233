"""What a worker does for exports: makes the file that was approved, and deletes it when its time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.exports.actions import RIGHT
from jicha.desk.exports.models import ExportRequest
from jicha.desk.exports.moves import FLOW
from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.jobs.control import Control
from jicha.desk.jobs.kinds import kind
from jicha.desk.jobs.models import Job
from jicha.desk.jobs.schedule import every
from jicha.desk.people.standing import standing_of
from jicha.desk.ui.dated import limit
from jicha.desk.ui.lists import Granted

LOOK_SECONDS = 3600


@kind("export", gettext_lazy("large export"), RIGHT)
def export(job: Job, control: Control) -> dict[str, Any]:
    """Make the file by the very view that shows the list, with the rights that the asker has now.

    The file appears when it is whole; made again it is the same file.
    """
    request = ExportRequest.objects.select_related("organisation", "asker").get(pk=job.arguments["request"])
    control.step(_("reading the rows"), 0, 1)
    granted = Granted(
        request.path,
        lambda rows: control.step(_("writing the rows"), rows, max(rows, request.rows), rows=rows),
    )
    answer = _asked_again(request, granted)
    if answer.status_code != 200 or granted.rows is None:
        raise NotAllowed(
            _("Export %(number)s · %(rows)s rows") % {"number": request.number, "rows": f"{request.rows:,}"}
        )
    if request.state == ExportRequest.State.GRANTED:
        FLOW.make_by_system(request, "export_ready", {"rows": granted.rows})
    return {"file": request.path.name, "rows": granted.rows}


def _asked_again(request: ExportRequest, granted: Granted) -> HttpResponseBase:
    """Ask for the list as its asker would at this moment; what is written goes to the file that was granted."""
    asked: Any = HttpRequest()
    asked.method, asked.path = "GET", request.address
    asked.GET = _query(request)
    asked.user, asked.htmx = request.asker, False
    asked.standing = standing_of(request.asker, timezone.localdate())
    asked.granted = granted
    answer: HttpResponseBase = resolve(request.address).func(asked)
    return answer


def _query(request: ExportRequest) -> Any:
    from django.http import QueryDict

    return QueryDict(request.query)


@every(LOOK_SECONDS, "delete_exports")
def delete_old() -> int:
    """Delete the files that were ready long enough to be taken; return how many."""
    before = timezone.now() - timedelta(hours=limit("exported_file_hours"))
    ready = ExportRequest.objects.filter(state=ExportRequest.State.READY, ready_at__lt=before)
    old = list(ready.select_related("organisation"))
    for request in old:
        request.path.unlink(missing_ok=True)
        FLOW.make_by_system(request, "export_expire", {})
    return len(old)
