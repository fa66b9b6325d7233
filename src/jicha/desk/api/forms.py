"""The form of a new token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from jicha.desk.api.models import ApiToken
from jicha.desk.api.tokens import rights_of, units_of
from jicha.desk.people.rights import rights
from jicha.desk.people.standing import Standing

USUAL_DAYS = 90


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a token is for, what it opens, and until when."""

    rights = forms.MultipleChoiceField(label=_("rights"), widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ApiToken
        fields = ("name", "organisation", "expires_on", "rights", "may_be_grave")

    def __init__(self, standing: Standing, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = "en" if (get_language() or "").startswith("en") else "zh"
        told: Any = self.fields
        told["rights"].choices = [(right, rights()[right][language]) for right in rights_of(standing)]
        told["organisation"].queryset = units_of(standing)
        told["organisation"].empty_label = None
        today = timezone.localdate()
        told["expires_on"].initial = today + timedelta(days=min(USUAL_DAYS, settings.API_TOKEN_MOST_DAYS))
        told["expires_on"].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        self.order_fields(["name", "organisation", "expires_on", "rights", "may_be_grave"])
