"""How the pool of clues is narrowed down, and how many there are of each kind."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import Clue, Finding
from jicha.desk.people.models import Organisation, units_in, units_with

# Filters that come from a group that was opened; they are shown only while they narrow the pool down.
NARROWED = ("district", "customer")
LAST_CHARACTER = "\U0010ffff"


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
    district = django_filters.CharFilter(field_name="district_id", label=_("district"))
    customer = django_filters.CharFilter(field_name="customer_no", label=_("customer"))
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
        for name in NARROWED:
            if not self.data.get(name):
                form.fields[name].widget = forms.HiddenInput()
        form.fields["least"].widget = forms.NumberInput(attrs={"step": "any"})
        return form

    @property
    def units(self) -> QuerySet[Organisation]:
        """Return the organisations in which the person sees clues."""
        return units_with(self.request.standing, "clue.see")

    @property
    def units_wanted(self) -> list[int] | None:
        """Return the ids of the units whose clues the person sees and asks for; None where that is every unit."""
        seen = units_in(self.request.standing.paths("clue.see"))
        unit = self.form.cleaned_data.get("unit") if self.form.is_valid() else None
        wanted = None if unit is None else units_in([unit.path])
        return seen if wanted is None else wanted if seen is None else sorted({*seen} & {*wanted})

    @property
    def is_plain(self) -> bool:
        """Whether nothing but units, states and bands is asked for, of which the tally knows the sums."""
        asked = {name for name in self.filters if self.data.get(name)}
        return asked <= {"state", "band", "unit"} and self.form.is_valid()

    def by_text(self, rows: Any, _name: str, text: str) -> Any:
        """Keep clues with the text in their place, customer or sentence."""
        text = text.strip()
        # A number is looked up; only words are looked for in every sentence.
        number = text.upper().removeprefix("XS").lstrip("0")
        known = rows.filter(
            Q(customer_no=text)
            | Q(place_id=text)
            | Q(pk=int(number) if number.isdecimal() and len(number) < 19 else 0)
        )
        if known.exists():
            return known
        return rows.filter(Q(sentence_zh__icontains=text) | Q(sentence_en__icontains=text))

    def by_rule(self, rows: Any, _name: str, rule: str) -> Any:
        """Keep clues to which a topic or a group of topics contributed."""
        first = rule.strip().upper()
        # A range, for no index helps to compare beginnings on SQLite.
        those = Finding.objects.filter(rule_id__gte=first, rule_id__lt=first + LAST_CHARACTER)
        return rows.filter(pk__in=those.values("clue"))

    def by_unit(self, rows: Any, _name: str, unit: Organisation) -> Any:
        """Keep clues of a unit and all below it."""
        units = units_in([unit.path])
        return rows if units is None else rows.filter(organisation_id__in=units)

    def by_holder(self, rows: Any, _name: str, _value: str) -> Any:
        """Keep clues that the person holds."""
        return rows.filter(holder=self.request.user)
