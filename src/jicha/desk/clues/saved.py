"""Filters of the pool that are kept under a name, for oneself or for the unit."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from jicha.desk.clues.filters import ClueFilter
from jicha.desk.clues.models import SavedView
from jicha.desk.flow.refusals import Missing, NotAllowed
from jicha.desk.journal.append import append
from jicha.desk.people.models import Organisation, units_in
from jicha.desk.people.standing import Standing

RIGHT = "clue.see"
# What of an address is a view: the filters, the order and the grouping, never a page.
KEPT = (*ClueFilter.base_filters, "sort", "by")


def query_of(told: QueryDict) -> str:
    """Return the part of an address that a view keeps, in one order, so that equal views are equal texts."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        if value := told.get(name, "").strip():
            kept[name] = value
    return kept.urlencode()


def views_of(standing: Standing) -> QuerySet[SavedView]:
    """Return the person's own views, and those shared with a unit in which the person sees clues, or one above it."""
    units = units_in(standing.paths(RIGHT))
    shared = Q(is_shared=True)
    if units is not None:
        above = {int(one) for path in standing.paths(RIGHT) for one in path.strip("/").split("/") if one}
        shared &= Q(organisation_id__in={*units, *above})
    return SavedView.objects.filter(Q(owner=standing.user) | shared).select_related("owner", "organisation")


def save_view(standing: Standing, unit: Organisation, name: str, query: str, *, is_shared: bool) -> SavedView:
    """Keep a view under a name; one of the same name of the same person is replaced."""
    if not standing.may(RIGHT, unit.path):
        raise NotAllowed(_("Save this view"))
    if not (name := name.strip()):
        raise Missing(_("Save this view"), [str(SavedView._meta.get_field("name").verbose_name)])
    with transaction.atomic():
        told = {"organisation": unit, "query": query[:1000], "is_shared": is_shared}
        made, _is_new = SavedView.objects.update_or_create(owner=standing.user, name=name[:60], defaults=told)
        append(
            "save_view", made, actor=standing.user, organisation=unit, details={"name": made.name, "query": made.query, "shared": is_shared},
        )  # fmt: skip
    return made


def delete_view(standing: Standing, view: SavedView) -> None:
    """Delete a view of one's own."""
    if view.owner_id != standing.user.pk:
        raise NotAllowed(_("Delete this view"))
    with transaction.atomic():
        append(
            "delete_view",
            view,
            actor=standing.user,
            organisation=view.organisation,
            details={"name": view.name},
        )
        view.delete()
