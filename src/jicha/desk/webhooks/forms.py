"""The form of a new webhook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jicha.desk.flow.refusals import Refusal
from jicha.desk.journal.words import WORDS
from jicha.desk.webhooks.models import Subscription
from jicha.desk.webhooks.send import refuse_address


def event_choices() -> list[tuple[str, str]]:
    """Return the actions of the log with their titles, those of one title side by side."""
    return sorted(((action, str(title)) for action, title in WORDS.items()), key=lambda one: (one[1], one[0]))


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """To which address, which events, of which organisation."""

    actions = forms.MultipleChoiceField(
        label=_("events"), choices=event_choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )  # fmt: skip

    class Meta:
        model = Subscription
        fields = ("name", "url", "organisation", "actions")

    def __init__(self, organisations: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = organisations
        field.empty_label = None
        self.order_fields(["name", "url", "organisation", "actions"])

    def clean_url(self) -> str:
        """Refuse an address to which nothing may be sent."""
        url: str = self.cleaned_data["url"]
        try:
            refuse_address(url)
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return url
