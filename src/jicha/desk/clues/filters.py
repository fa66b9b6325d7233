"""How the pool of clues is narrowed down, and how many there are of each kind."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import Clue, Finding
from jicha.desk.people.models import Organisation, units_in, units_with


class ClueFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The filters of the pool; every one is part of the address, so that a view can be kept as a bookmark."""

    q = django_filters.CharFilter(method="by_text", label=_("customer, place or words"))
    state = django_filters.ChoiceFilter(choices=Clue.State, label=_("state"), empty_label=_("all"))
    band = django_filters.ChoiceFilter(choices=Clue.Band, label=_("band"), empty_label=_("all"))
    rule = django_filters.CharFilter(method="by_rule", label=_("topic"))
    unit = django_filters.ModelChoiceFilter(
        queryset=Organisation.objects.all(), method="by_unit", label=_("unit"), to_field_name="number", empty_label=_("all"),
    )  # fmt: skip
    least = django_filters.NumberFilter(field_name="company_yuan", lookup_expr="gte", label=_("from yuan"))
    holder = django_filters.ChoiceFilter(
        choices=[("me", _("me"))], method="by_holder", label=_("held by"), empty_label=_("all")
    )

    class Meta:
        model = Clue
        fields: tuple[str, ...] = ()

    @property
    def form(self) -> Any:
        """Return the form; units are those that the person sees."""
        form = super().form
        form.fields["unit"].queryset = self.units
        form.fields["least"].widget = forms.NumberInput(attrs={"step": "any"})
        return form

    @property
    def units(self) -> QuerySet[Organisation]:
        """Return the organisations in which the person sees clues."""
        return units_with(self.request.standing, "clue.see")

    def by_text(self, rows: Any, _name: str, text: str) -> Any:
        """Keep clues with the text in their place, customer or sentence."""
        text = text.strip()
        return rows.filter(
            Q(customer_no=text)
            | Q(place_id=text)
            | Q(sentence_zh__icontains=text)
            | Q(sentence_en__icontains=text)
        )

    def by_rule(self, rows: Any, _name: str, rule: str) -> Any:
        """Keep clues to which a topic or a group of topics contributed."""
        return rows.filter(
            pk__in=Finding.objects.filter(rule_id__startswith=rule.strip().upper()).values("clue")
        )

    def by_unit(self, rows: Any, _name: str, unit: Organisation) -> Any:
        """Keep clues of a unit and all below it."""
        units = units_in([unit.path])
        return rows if units is None else rows.filter(organisation_id__in=units)

    def by_holder(self, rows: Any, _name: str, _value: str) -> Any:
        """Keep clues that the person holds."""
        return rows.filter(holder=self.request.user)


def facets(rows: QuerySet[Clue]) -> dict[str, list[tuple[str, str, int]]]:
    """Return how many of the rows lie in each band and state, as (code, title, count)."""
    told = {}
    for name, choices in (("state", Clue.State), ("band", Clue.Band)):
        counts = dict(rows.order_by().values_list(name).annotate(Count("id")))
        told[name] = [(code, str(title), counts[code]) for code, title in choices.choices if counts.get(code)]
    return told
