"""The pool of clues, and one clue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, Sum
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.audit.explain import SourceRows, file_names
from jicha.contract import contract
from jicha.desk.clues.dismissal import dismissable, move_clue, propose_many
from jicha.desk.clues.filters import ClueFilter, facets
from jicha.desk.clues.models import Clue, in_english
from jicha.desk.clues.moves import FLOW
from jicha.desk.flow.forms import form_of, open_forms, values_of
from jicha.desk.flow.refusals import Overtaken
from jicha.desk.journal.history import history
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.home import home
from jicha.desk.ui.lists import export, paged
from jicha.desk.ui.routes import seen_or_404
from jicha.desk.ui.values import shown_rows, title_of

SORTS = {
    "expected": ("-expected_yuan", "-id"),
    "yuan": ("-company_yuan", "-id"),
    "refund": ("-customer_yuan", "-id"),
    "score": ("-score", "-id"),
    "severity": ("-severity", "-expected_yuan", "-id"),
    "month": ("-month", "-id"),
    "place": ("place_id", "id"),
}
SORT_TITLES = {
    "expected": gettext_lazy("expected recovery"),
    "yuan": gettext_lazy("charged too little"),
    "refund": gettext_lazy("charged too much"),
    "score": gettext_lazy("score"),
    "severity": gettext_lazy("severity"),
    "month": gettext_lazy("month"),
    "place": gettext_lazy("place"),
}
DEFAULT_SILENCE = timedelta(days=180)


def filtered(request: DeskRequest) -> ClueFilter:
    """Return the filter over the clues that the person sees; without a state, those that wait for a decision."""
    rows = Clue.objects.seen_by(request.standing, "clue.see").select_related("organisation", "holder")
    data = request.GET.copy()
    if not {"state", "q", "holder"} & data.keys():
        data["state"] = Clue.State.OPEN
    return ClueFilter(data, queryset=rows, request=request)


def pool(request: DeskRequest) -> HttpResponseBase:
    """List the clues."""
    told = filtered(request)
    if "export" in request.GET:
        return export(request, "clues", told.qs, _lines(told.qs))
    shown = {
        "filter": told, "page": paged(request, told.qs, SORTS), "sorts": SORT_TITLES,
        "sort": request.GET.get("sort", "expected"), "state": told.data.get("state", ""),
    }  # fmt: skip
    return render(request, "clues/rows.html" if request.htmx else "clues/pool.html", shown)  # type: ignore[attr-defined]


def figures(request: DeskRequest) -> HttpResponseBase:
    """Show how many clues there are of each kind and what the filtered ones add up to: asked for after the list, which need not wait."""
    told = filtered(request)
    sums = told.qs.order_by().aggregate(company=Sum("company_yuan"), customer=Sum("customer_yuan"))
    everything = Clue.objects.seen_by(request.standing, "clue.see")
    shown = {
        "sums": sums,
        "facets": facets(everything),
        "state": told.data.get("state", ""),
        "band": told.data.get("band", ""),
    }
    return render(request, "clues/figures.html", shown)


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
    for clue in filtered(request).qs.filter(state=Clue.State.OPEN).order_by(*SORTS["expected"])[:20]:
        if not request.standing.may("clue.decide", clue.organisation.path):
            continue
        try:
            FLOW.make(clue, "take", request.standing, {})
        except Overtaken:
            continue
        return redirect("clue", clue.pk)
    messages.info(request, _("No clue of this filter is free."))
    return redirect("clues")


def show(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show a clue: the sentences, the rows behind them, the rules, and what can be done."""
    clue = seen_or_404(request, Clue, "clue.see", pk, "holder", "proposer")
    moves = [
        (move, form_) for move, form_ in open_forms(clue, FLOW, request.standing) if move.name != "order"
    ]
    for move, form_ in moves:
        if move.name == "propose_dismissal":
            form_.initial["silent_until"] = timezone.localdate() + DEFAULT_SILENCE
    may_order = "order" in {move.name for move in FLOW.open_to(clue, request.standing)}
    told = {
        "clue": clue, "findings": clue.findings.all(), "moves": moves, "history": history(clue), "related": _related(request, clue),
        "may_order": may_order, "order": getattr(clue, "made_order", None),
    }  # fmt: skip
    return render(request, "clues/clue.html", told)


def _related(request: DeskRequest, clue: Clue) -> Any:
    """Return other clues of the same customer or place."""
    same = Q(place_kind=clue.place_kind, place_id=clue.place_id)
    if clue.customer_no:
        same |= Q(customer_no=clue.customer_no)
    return Clue.objects.seen_by(request.standing, "clue.see").filter(same).exclude(pk=clue.pk)[:10]


def evidence(request: DeskRequest, pk: int, finding_id: str) -> HttpResponseBase:
    """Show the rows that one finding rests on, each with the file and line that it came in, and the rule."""
    clue = seen_or_404(request, Clue, "clue.see", pk)
    mine = clue.findings.filter(finding_id=finding_id).first()
    if mine is None:
        raise Http404
    finding, rule, sources = home().explain(mine.finding_id, mine.run_id)
    names = file_names(home().mart, sources)
    tables = [_shown(one, names) for one in sources]
    language = "en" if in_english() else "zh"
    told = {
        "finding": finding,
        "mine": mine,
        "rule": rule,
        "title": rule.title[language],
        "tables": tables,
        "triage": _triage(rule, language),
    }
    return render(request, "clues/evidence.html", told)


def _shown(one: SourceRows, names: dict[int, str]) -> dict[str, Any]:
    """Return the rows of one table with the file and line of each."""
    table = contract().table(one.table)
    places = [(names.get(file, "") if file is not None else "", line) for file, line in one.places]
    return {
        "title": table.title_en if in_english() else table.title_zh,
        "columns": [title_of(table.field(column)) for column in one.columns],
        "rows": list(zip(shown_rows(table, one.columns, one.rows), places, strict=True)),
    }


def _triage(rule: Any, language: str) -> dict[str, list[str]]:
    return {key: rule.triage.get(key, {}).get(language, []) for key in ("steps", "benign", "blind_spots")}


def move(request: DeskRequest, pk: int, name: str) -> HttpResponseBase:
    """Make a move of the clue."""
    clue = seen_or_404(request, Clue, "clue.see", pk)
    if name not in FLOW.moves or name == "order":
        raise Http404
    values = values_of(clue, FLOW.moves[name], request.POST)
    move_clue(clue, name, request.standing, values, home().exceptions.path)
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("clue", pk)


def dismiss_many(request: DeskRequest) -> HttpResponseBase:
    """Preview what a dismissal of the chosen clues would keep quiet; with a reason, propose it."""
    chosen = (request.POST if request.method == "POST" else request.GET).getlist("clue")
    rows = dismissable(request.standing, [int(pk) for pk in chosen if pk.isascii() and pk.isdigit()])
    wanted = FLOW.moves["propose_dismissal"]
    form = form_of(
        Clue(silent_until=timezone.localdate() + DEFAULT_SILENCE),
        wanted,
        request.POST if request.method == "POST" else None,
    )
    if request.method == "POST" and form.is_valid():
        done, refused = propose_many(rows, request.standing, form.cleaned_data)
        messages.success(request, _("%(count)s proposed to be dismissed.") % {"count": done})
        for text in refused[:5]:
            messages.warning(request, text)
        return redirect("clues")
    sums = rows.aggregate(company=Sum("company_yuan"), customer=Sum("customer_yuan"), findings=Sum("kwh"))
    return render(request, "clues/dismiss_many.html", {"rows": rows, "form": form, "sums": sums})
