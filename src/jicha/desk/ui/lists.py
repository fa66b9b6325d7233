"""Lists: filtered, sorted, paged, and written out with the same filter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.flow.refusals import Refusal
from jicha.desk.journal.append import append
from jicha.desk.people.models import ROOT, Organisation
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.rates import count_one
from jicha.reports.export import write_table

ON_A_PAGE = 20
MOST_EXPORTED = 10_000
FORMS = ("csv", "xlsx")


class TooMany(Refusal):
    """More rows than one may carry away at once."""

    status = 422

    def __init__(self, rows: int) -> None:
        super().__init__(
            _("%(rows)s rows match, %(most)s may be exported at once. Narrow the filter.")
            % {"rows": f"{rows:,}", "most": f"{MOST_EXPORTED:,}"}
        )


def paged(
    request: DeskRequest, rows: QuerySet[Any], sorts: Mapping[str, tuple[str, ...]], size: int = ON_A_PAGE
) -> Page[Any]:
    """Return the page that the address asks for, sorted by one of the named orders; the first is the default."""
    order = sorts.get(request.GET.get("sort", ""), next(iter(sorts.values())))
    return Paginator(rows.order_by(*order), size).get_page(request.GET.get("page"))


def export(
    request: DeskRequest, name: str, rows: QuerySet[Any], told: Iterable[dict[str, Any]]
) -> FileResponse:
    """Return the rows as .csv or .xlsx that a spreadsheet cannot run, and say in the log who took how many with which filter."""
    form = request.GET["export"] if request.GET["export"] in FORMS else FORMS[0]
    if (count := rows.count()) > MOST_EXPORTED:
        raise TooMany(count)
    count_one(request.user, "export", settings.EXPORTS_AN_HOUR)
    filters = {key: value for key, value in request.GET.items() if key != "export" and value}
    with transaction.atomic():
        append(
            "export", request.user, actor=request.user, organisation=Organisation.objects.get(number=ROOT),
            details={"list": name, "filter": filters, "rows": count, "form": form},
        )  # fmt: skip
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"{name}.{form}"
    write_table(pa.Table.from_pylist(list(told)) if count else pa.table({}), path)
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{name}_{timezone.localdate()}.{form}"
    )
    folder.cleanup()  # the open file can still be read
    return response
