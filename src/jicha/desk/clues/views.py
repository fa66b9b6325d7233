"""The pool of clues, and what is done to many or one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.clues import tally
from jicha.desk.clues.dismissal import move_clue
from jicha.desk.clues.filters import ClueFilter
from jicha.desk.clues.groups import GROUPS
from jicha.desk.clues.models import ORDERS, Clue
from jicha.desk.clues.moves import FLOW
from jicha.desk.clues.pages import best, pool_page
from jicha.desk.clues.saved import query_of, views_of
from jicha.desk.flow.forms import values_of
from jicha.desk.flow.refusals import Overtaken
from jicha.desk.people.models import units_in
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.home import home
from jicha.desk.ui.lists import export
from jicha.desk.ui.routes import seen_or_404

SORTS = ORDERS
SORT_TITLES = {
    "expected": gettext_lazy("expected recovery"),
    "yuan": gettext_lazy("charged too little"),
    "refund": gettext_lazy("charged too much"),
    "score": gettext_lazy("score"),
    "severity": gettext_lazy("severity"),
    "month": gettext_lazy("month"),
    "place": gettext_lazy("place"),
}


# So many are tried where others take the same ones at the same moment.
TRIED = 20


def filtered(request: DeskRequest, query: QueryDict | None = None) -> ClueFilter:
    """Return the filter over the clues that the person sees; without a state, those that wait for a decision.

    `query` is the filter of another page than the one that is asked for.
    """
    rows = Clue.objects.seen_by(request.standing, "clue.see").select_related("organisation", "holder")
    data = (request.GET if query is None else query).copy()
    if not {"state", "q", "holder"} & data.keys():
        data["state"] = Clue.State.OPEN
    return ClueFilter(data, queryset=rows, request=request)


def pool(request: DeskRequest) -> HttpResponseBase:
    """List the clues."""
    told = filtered(request)
    if "export" in request.GET:
        return export(request, "clues", told.qs, _lines(told.qs))
    shown = {
        "filter": told, "page": pool_page(told, request.GET.get("sort", ""), request.GET.get("page")), "sorts": SORT_TITLES,
        "sort": request.GET.get("sort", "expected"), "state": told.data.get("state", ""), "groups": GROUPS,
        "views": views_of(request.standing), "query": query_of(request.GET),
    }  # fmt: skip
    return render(request, "clues/rows.html" if request.htmx else "clues/pool.html", shown)  # type: ignore[attr-defined]


def figures(request: DeskRequest) -> HttpResponseBase:
    """Show how many clues there are of each kind and what the filtered ones add up to: asked for after the list, which need not wait."""
    told = filtered(request)
    shown = {
        "sums": _sums(told),
        "facets": tally.facets(units_in(request.standing.paths("clue.see"))),
        "state": told.data.get("state", ""),
        "band": told.data.get("band", ""),
    }
    return render(request, "clues/figures.html", shown)


def _sums(told: ClueFilter) -> Any:
    """Return what the clues of the filter add up to; only where the tally does not know it are they read."""
    if told.is_plain:
        state = told.data.get("state", "")
        return tally.sums(told.units_wanted, [state] if state else [], told.data.get("band", ""))
    return told.qs.order_by().aggregate(company=Sum("company_yuan"), customer=Sum("customer_yuan"))


def _lines(rows: Any) -> Iterator[dict[str, Any]]:
    for clue in rows.iterator(chunk_size=1000):
        yield {
            "number": clue.number, "unit": clue.organisation.name, "place": clue.place_id, "customer": clue.customer_no, "topics": clue.rules,
            "state": clue.get_state_display(), "band": clue.get_band_display(), "score": clue.score, "charged_too_little_yuan": clue.company_yuan,
            "charged_too_much_yuan": clue.customer_yuan, "kwh": clue.kwh, "expected_recovery_yuan": clue.expected_yuan, "month": clue.month,
            "sentence": clue.sentence,
        }  # fmt: skip


def take_next(request: DeskRequest) -> HttpResponseBase:
    """Take the best clue of the filter that nobody holds, and open it."""
    for clue in best(filtered(request), TRIED):
        if not request.standing.may("clue.decide", clue.organisation.path):
            continue
        try:
            FLOW.make(clue, "take", request.standing, {})
        except Overtaken:
            continue
        return redirect("clue", clue.pk)
    messages.info(request, _("No clue of this filter is free."))
    return redirect("clues")


def move(request: DeskRequest, pk: int, name: str) -> HttpResponseBase:
    """Make a move of the clue."""
    clue = seen_or_404(request, Clue, "clue.see", pk)
    if name not in FLOW.moves or name == "order":
        raise Http404
    values = values_of(clue, FLOW.moves[name], request.POST)
    move_clue(clue, name, request.standing, values, home().exceptions.path)
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("clue", pk)
