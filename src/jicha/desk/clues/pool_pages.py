"""The pool by groups, and the views of it that people keep."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from jicha.desk.clues.groups import GROUPS, SORT_TITLES, SORTS, grouped
from jicha.desk.clues.saved import RIGHT, delete_view, query_of, save_view, views_of
from jicha.desk.clues.views import filtered
from jicha.desk.people.models import Organisation, units_with
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import MOST_DEEP, ON_A_PAGE, export


def groups(request: DeskRequest) -> HttpResponseBase:
    """List the groups of the filtered clues, each with a link to its clues."""
    by = request.GET.get("by", "")
    by = by if by in GROUPS else "customer"
    told = filtered(request)
    rows = grouped(told.qs, by)
    if "export" in request.GET:
        return export(request, "clue_groups", rows, _lines(rows, by))
    order = SORTS.get(request.GET.get("sort", ""), SORTS["expected"])
    # Read once: to count them is as much work as to sum them up.
    page = Paginator(list(rows.order_by(*order)[:MOST_DEEP]), ON_A_PAGE).get_page(request.GET.get("page"))
    shown = [{"row": row, "name": _name(row, by), "link": _link(request.GET, by, row)} for row in page]
    told_all = {
        "filter": told, "page": page, "shown": shown, "by": by, "groups": GROUPS, "sorts": SORT_TITLES, "sort": request.GET.get("sort", "expected"),
        "title": GROUPS[by][0],
    }  # fmt: skip
    return render(request, "clues/groups.html", told_all)


def _name(row: dict[str, Any], by: str) -> str:
    return str(row[GROUPS[by][1][-1]])


def _link(told: QueryDict, by: str, row: dict[str, Any]) -> str:
    """Return the address of the clues of a group, the filter kept."""
    query = told.copy()
    for name in ("by", "page", "sort"):
        query.pop(name, None)
    query[by] = row[GROUPS[by][1][0]]
    query.setdefault("state", "open")
    return f"{reverse('clues')}?{query.urlencode()}"


def _lines(rows: Any, by: str) -> Any:
    for row in rows:
        yield {
            by: _name(row, by),
            "clues": row["clues"],
            "expected_recovery_yuan": row["expected"],
            "charged_too_little_yuan": row["yuan"],
        }


def save(request: DeskRequest) -> HttpResponseBase:
    """Keep the filter that the person sees under a name."""
    told = request.POST
    unit = units_with(request.standing, RIGHT).filter(number=told.get("unit", "")).first() or _top(request)
    query = query_of(QueryDict(told.get("query", "")))
    made = save_view(
        request.standing, unit, told.get("name", ""), query, is_shared=told.get("is_shared") == "on"
    )
    messages.success(request, _("Saved: %(name)s") % {"name": made.name})
    return redirect(f"{reverse('clues')}?{made.query}")


def _top(request: DeskRequest) -> Organisation:
    return Organisation.objects.get(path=min(request.standing.paths(RIGHT), key=len))


def delete(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Delete a view of one's own; a view that the person does not see is not there."""
    found = views_of(request.standing).filter(pk=pk).first()
    if found is None:
        raise Http404
    delete_view(request.standing, found)
    messages.success(request, _("Deleted: %(name)s") % {"name": found.name})
    return redirect("clues")
