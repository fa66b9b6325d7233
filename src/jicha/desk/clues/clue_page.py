"""The page of one clue: what was found and on what rows, the bill worked out again, the months, what is near, what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import resolve, reverse
from django.urls.exceptions import Resolver404
from django.utils import timezone

from jicha.desk.clues.explained import explained
from jicha.desk.clues.models import Clue, Finding
from jicha.desk.clues.moves import FLOW
from jicha.desk.clues.neighbours import neighbour
from jicha.desk.clues.pages import placed_rows
from jicha.desk.clues.views import SORTS, filtered
from jicha.desk.flow.forms import open_forms
from jicha.desk.journal.history import history
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.dated import silence
from jicha.desk.ui.fragments import fragment
from jicha.desk.ui.home import home
from jicha.desk.ui.months import chart_of_customer, finding_mark
from jicha.desk.ui.routes import seen_or_404
from jicha.desk.ui.sheets import sheet_of
from jicha.errors import JichaError

NEAR = 8


def show(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show a clue; rows, sheet and chart are fetched after the page, which need not wait for the data."""
    clue = seen_or_404(request, Clue, "clue.see", pk, "holder", "proposer")
    moves = [(move, form) for move, form in open_forms(clue, FLOW, request.standing) if move.name != "order"]
    for move, form in moves:
        if move.name == "propose_dismissal":
            form.initial["silent_until"] = timezone.localdate() + silence()
    told = {
        "clue": clue, "findings": clue.findings.all(), "moves": moves, "history": history(clue),
        "may_order": "order" in {move.name for move in FLOW.open_to(clue, request.standing)},
        "order": getattr(clue, "made_order", None), "walk": _walk(request, clue),
    }  # fmt: skip
    return render(request, "clues/clue.html", told)


def _walk(request: DeskRequest, clue: Clue) -> dict[str, str]:
    """Return the addresses of the clue before and after, in the list that the person came from."""
    query = _query(request)
    order = SORTS.get(query.get("sort", ""), SORTS["expected"])
    rows = placed_rows(filtered(request, query))
    found = {way: neighbour(rows, clue, order, after=way == "next") for way in ("previous", "next")}
    return {way: _address(reverse("clue", args=[pk]), query) for way, pk in found.items() if pk} | {
        "list": _address(reverse("clues"), query)
    }


def _address(path: str, query: QueryDict) -> str:
    return f"{path}?{query.urlencode()}" if query else path


def _query(request: DeskRequest) -> QueryDict:
    """Return the filter of the list: the page's own query, else that of the pool where the person was just now."""
    if request.GET:
        return request.GET
    path, _, query = request.META.get("HTTP_REFERER", "").partition("?")
    try:
        is_pool = resolve("/" + path.split("/", 3)[-1]).url_name == "clues" if path.count("/") > 2 else False
    except Resolver404:
        is_pool = False
    return QueryDict(query if is_pool else "")


def _finding(request: DeskRequest, pk: int, finding_id: str) -> Finding:
    clue = seen_or_404(request, Clue, "clue.see", pk)
    found: Finding | None = clue.findings.filter(finding_id=finding_id).first()
    if found is None:
        raise Http404
    return found


def evidence(request: DeskRequest, pk: int, finding_id: str) -> HttpResponseBase:
    """Show what one finding rests on: figures and rows, each with batch, file and line, and the rule."""
    mine = _finding(request, pk, finding_id)
    return fragment(request, "clues/evidence.html", lambda: {"mine": mine, "told": explained(mine)})


def sheet(request: DeskRequest, pk: int, finding_id: str) -> HttpResponseBase:
    """Show the bill of a finding as issued beside the bill worked out again, line by line."""
    mine = _finding(request, pk, finding_id)
    if mine.subject_kind != "bill":
        raise Http404

    def told() -> dict[str, Any]:
        return sheet_of(mine.subject_id, home().run(mine.run_id).manifest.snapshot_id)

    return fragment(request, "ui/sheet.html", told)


def chart(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show 24 months of the clue's customer, with what was found and what happened."""
    clue = seen_or_404(request, Clue, "clue.see", pk)
    if not clue.customer_no:
        raise Http404
    marks = [finding_mark(_month_of(one, clue), one.rule_id, one.message) for one in clue.findings.all()]
    return fragment(
        request,
        "ui/month_chart.html",
        lambda: {"chart": chart_of_customer(clue.customer_no, clue.month, marks)},
    )


def _month_of(finding: Finding, clue: Clue) -> date:
    return finding.first_seen if finding.status == Finding.Status.NEW else clue.month


def near(request: DeskRequest, pk: int) -> HttpResponseBase:
    """List other clues of the same customer or place, of the same districts, and of the same meter reader."""
    clue = seen_or_404(request, Clue, "clue.see", pk)
    seen = (
        Clue.objects.seen_by(request.standing, "clue.see").exclude(pk=clue.pk).select_related("organisation")
    )
    groups = [(kind, rows[:NEAR], rows.count()) for kind, rows in _groups(clue, seen)]
    return render(request, "clues/near.html", {"groups": [one for one in groups if one[2]], "clue": clue})


def _groups(clue: Clue, seen: Any) -> Iterator[tuple[str, Any]]:
    same = Q(place_kind=clue.place_kind, place_id=clue.place_id)
    yield "customer", seen.filter(same | Q(customer_no=clue.customer_no) if clue.customer_no else same)
    if not clue.customer_no:
        return
    live = seen.filter(state__in=(Clue.State.OPEN, Clue.State.TAKEN, Clue.State.ORDERED)).exclude(
        customer_no=clue.customer_no
    )
    try:
        district = home().customers_of_districts(clue.customer_no)
        readers = home().customer_links(clue.customer_no).readers
        read = home().customers_of_reader(readers[0][0]) if readers else []
    except JichaError:
        return  # the home holds no data: what the desk itself knows was told above
    yield "district", live.filter(customer_no__in=district)
    yield "reader", live.filter(customer_no__in=read)
