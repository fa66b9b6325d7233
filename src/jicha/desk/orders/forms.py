"""The form that makes an order of a clue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation


class OrderForm(forms.Form):
    """To whom, how, and what is to be found out."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("responsible unit"))
    kind = forms.ChoiceField(label=_("kind"), choices=Order.Kind.choices)
    request = forms.CharField(
        label=_("what to find out"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000
    )

    def __init__(self, organisations: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
