"""Dismissing many clues: a preview of what would keep quiet, then at once or, where they are many, as a job."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.clues.bulk import RIGHT, ask_to_dismiss
from jicha.desk.clues.dismissal import dismissable, propose_many
from jicha.desk.clues.models import ORDERS, Clue
from jicha.desk.clues.moves import FLOW
from jicha.desk.clues.saved import query_of
from jicha.desk.clues.views import filtered
from jicha.desk.flow.forms import form_of
from jicha.desk.flow.refusals import Refusal
from jicha.desk.people.models import units_in
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.dated import limit, silence

MOVE = FLOW.moves["propose_dismissal"]
SHOWN = 50
REFUSALS_SHOWN = 5


class TooMany(Refusal):
    """More clues than one decision may be about."""

    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(
            _("More than %(most)s clues match. Narrow the filter: one reason is hardly true of so many.")
            % {"most": f"{most:,}"}
        )


def dismiss_many(request: DeskRequest) -> HttpResponseBase:
    """Preview what a dismissal of the chosen clues, or of all that match the filter, would keep quiet; with a reason, propose it.

    Where the clues are not as many any more as the preview said, the preview is shown anew instead.
    """
    asked = request.POST if request.method == "POST" else request.GET
    numbers, query = _wanted(request, asked)
    is_seen = request.method == "POST" and asked.get("seen", str(len(numbers))) == str(len(numbers))
    form = form_of(
        Clue(silent_until=timezone.localdate() + silence()),
        MOVE,
        request.POST if request.method == "POST" else None,
    )
    if is_seen and form.is_valid():
        return _propose(request, numbers, form.cleaned_data)
    rows = Clue.objects.filter(pk__in=numbers)
    told = {
        "rows": rows.select_related("organisation").order_by(*ORDERS["yuan"])[:SHOWN], "count": len(numbers), "form": form, "query": query,
        "sums": rows.aggregate(company=Sum("company_yuan"), customer=Sum("customer_yuan")), "has_changed": request.method == "POST" and not is_seen,
        "is_job": len(numbers) > limit("dismissed_by_job"), "numbers": () if query is not None else numbers,
    }  # fmt: skip
    return render(request, "clues/dismiss_many.html", told)


def _wanted(request: DeskRequest, asked: QueryDict) -> tuple[list[int], str | None]:
    """Return the numbers of the clues that are meant and can be dismissed, and the filter where all that match it are meant."""
    if not asked.get("all"):
        chosen = [int(pk) for pk in asked.getlist("clue") if pk.isascii() and pk.isdigit() and len(pk) < 19]
        return list(dismissable(request.standing, chosen).order_by("pk").values_list("pk", flat=True)), None
    query, most = asked.get("query", ""), limit("most_dismissed_at_once")
    told: Any = filtered(request, QueryDict(query)).qs.filter(state__in=MOVE.sources)
    units = units_in(request.standing.paths(RIGHT))
    told = told if units is None else told.filter(organisation_id__in=units)
    numbers = list(told.select_related(None).order_by("pk").values_list("pk", flat=True)[: most + 1])
    if len(numbers) > most:
        raise TooMany(most)
    return numbers, query_of(QueryDict(query))


def _propose(request: DeskRequest, numbers: list[int], values: dict[str, Any]) -> HttpResponseBase:
    if len(numbers) > limit("dismissed_by_job"):
        return redirect("job", ask_to_dismiss(request.standing, numbers, values).pk)
    done, refused = propose_many(dismissable(request.standing, numbers), request.standing, values)
    messages.success(request, _("%(count)s proposed to be dismissed.") % {"count": done})
    for text in refused[:REFUSALS_SHOWN]:
        messages.warning(request, text)
    return redirect("clues")
