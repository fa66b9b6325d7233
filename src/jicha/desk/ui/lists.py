"""Lists: filtered, sorted, paged, and written out with the same filter."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.flow.refusals import Refusal
from jicha.desk.journal.append import append
from jicha.desk.people.models import ROOT, Organisation
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.dated import limit
from jicha.desk.ui.rates import count_one
from jicha.reports.export import write_table

ON_A_PAGE = 20
# How far down a list one may page; what lies deeper is found by a filter.
MOST_DEEP = 10_000
FORMS = ("csv", "xlsx")


# Rows are turned into columns in portions: as columns they take a tenth of the memory.
PORTION = 10_000


class TooMany(Refusal):
    """More rows than one may carry away alone; `address`, `query` and `rows` say what a second person can approve."""

    status = 422

    def __init__(self, rows: int, most: int, address: str, query: str) -> None:
        self.rows, self.address, self.query = rows, address, query
        super().__init__(
            _(
                "%(rows)s rows match, %(most)s may be exported at once. Narrow the filter, or ask for approval."
            )
            % {"rows": f"{rows:,}", "most": f"{most:,}"}
        )


@dataclass(slots=True)
class Granted:
    """An export that a second person approved: where its file goes, who hears of its progress, and how many rows it came to."""

    path: Path
    progress: Callable[[int], None]
    rows: int | None = None


def paged(
    request: DeskRequest, rows: QuerySet[Any], sorts: Mapping[str, tuple[str, ...]], size: int = ON_A_PAGE
) -> Page[Any]:
    """Return the page that the address asks for, sorted by one of the named orders; the first is the default."""
    order = sorts.get(request.GET.get("sort", ""), next(iter(sorts.values())))
    return Paginator(rows.order_by(*order), size).get_page(request.GET.get("page"))


def export(
    request: DeskRequest, name: str, rows: QuerySet[Any], told: Iterable[dict[str, Any]]
) -> FileResponse | HttpResponse:
    """Return the rows as .csv or .xlsx that a spreadsheet cannot run, and say in the log who took how many with which filter."""
    form = request.GET["export"] if request.GET["export"] in FORMS else FORMS[0]
    count = rows.count()
    if (granted := getattr(request, "granted", None)) is not None:
        return _export_granted(granted, told)
    if count > (most := limit("exported_rows")):
        raise TooMany(count, most, request.path, request.GET.urlencode())
    count_one(request.user, "export", settings.EXPORTS_AN_HOUR)
    filters = {key: value for key, value in request.GET.items() if key != "export" and value}
    with transaction.atomic():
        append(
            "export", request.user, actor=request.user, organisation=Organisation.objects.get(number=ROOT),
            details={"list": name, "filter": filters, "rows": count, "form": form},
        )  # fmt: skip
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"{name}.{form}"
    write_table(_table(told), path)
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{name}_{timezone.localdate()}.{form}"
    )
    folder.cleanup()  # the open file can still be read
    return response


def _export_granted(granted: Granted, told: Iterable[dict[str, Any]]) -> HttpResponse:
    """Write the rows to where an approved export goes; request and approval are in the log already."""
    table = _table(told, granted.progress)
    write_table(table, granted.path)
    granted.rows = table.num_rows
    return HttpResponse()


def _table(told: Iterable[dict[str, Any]], progress: Callable[[int], None] = lambda _rows: None) -> pa.Table:
    """Return rows as columns; a column that is empty in one portion takes its type from another."""
    rows, parts, count = iter(told), [], 0
    while portion := list(islice(rows, PORTION)):
        parts.append(pa.Table.from_pylist(portion))
        count += len(portion)
        progress(count)
    return pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})
