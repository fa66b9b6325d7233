"""The page on which a person lends own posts and takes them back, and sees what others lent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.administration.deputies import colleagues, lend, own_posts, take_back
from jicha.desk.people.models import Delegation
from jicha.desk.people.standing import DeskRequest

_DAY = {"type": "date"}


class DeputyForm(forms.Form):
    """Which post, to whom, from when until when, and why."""

    post = forms.ModelChoiceField(None, label=gettext_lazy("post"))  # type: ignore[var-annotated]
    deputy = forms.ModelChoiceField(None, label=gettext_lazy("deputy"))  # type: ignore[var-annotated]
    valid_from = forms.DateField(
        label=gettext_lazy("from"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    valid_to = forms.DateField(
        label=gettext_lazy("until"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200)

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].queryset = own_posts(user)  # type: ignore[attr-defined]
        self.fields["post"].label_from_instance = lambda post: f"{post.title} · {post.organisation}"  # type: ignore[attr-defined]
        self.fields["deputy"].queryset = colleagues(user)  # type: ignore[attr-defined]


def deputies(request: DeskRequest) -> HttpResponseBase:
    """Show what is lent and borrowed; with a filled form, lend a post."""
    form = DeputyForm(request.user, request.POST or None, initial={"valid_from": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        made = lend(
            request.standing,
            told["post"],
            told["deputy"],
            told["valid_from"],
            told["valid_to"],
            told["reason"],
        )
        messages.success(request, _("Lent to %(name)s.") % {"name": made.deputy})
        return redirect("deputies")
    rows = Delegation.objects.select_related("post__organisation", "post__user", "deputy").order_by(
        "-valid_from", "-pk"
    )
    shown = {
        "form": form, "lent": rows.filter(post__user=request.user), "borrowed": rows.filter(deputy=request.user), "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "administration/deputies.html", shown, status=422 if form.errors else 200)


def end(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Take an own post back."""
    lent = (
        Delegation.objects.select_related("post__organisation").filter(pk=pk, post__user=request.user).first()
    )
    if lent is None:
        raise Http404
    take_back(request.standing, lent)
    return redirect("deputies")
