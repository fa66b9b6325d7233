"""Forms of accounts and posts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation, User, role_choices


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new account."""

    password = forms.CharField(
        label=_("first password"), widget=forms.PasswordInput, validators=[validate_password]
    )

    class Meta:
        model = User
        fields = ("username", "name", "email")


class PostForm(forms.Form):
    """A role in one of the organisations that the administrator manages."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("organisation"))
    role = forms.ChoiceField(label=_("role"), choices=role_choices)
    valid_from = forms.DateField(label=_("from"), widget=forms.DateInput(attrs={"type": "date"}))
    valid_to = forms.DateField(
        label=_("until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, organisations: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a post that ends before it begins."""
        told = super().clean() or {}
        if told.get("valid_to") and told.get("valid_from") and told["valid_to"] <= told["valid_from"]:
            self.add_error("valid_to", _("The end must lie after the beginning."))
        return told
