"""Tokens: the own ones, made and revoked; an administrator sees and revokes those of others, too."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from jicha.desk.administration.actions import RIGHT as MANAGE
from jicha.desk.api.forms import TokenForm
from jicha.desk.api.tokens import make_token, revoke_token, tokens_seen
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.lists import paged

SORTS = {"newest": ("-id",), "used": ("-last_used_at", "-id")}


@never_cache
def tokens(request: DeskRequest) -> HttpResponseBase:
    """List the tokens; make one, whose secret is shown in the answer and nowhere else."""
    form = TokenForm(request.standing, request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        _made, secret = make_token(
            request.standing, told["name"], told["rights"], told["organisation"], told["expires_on"], may_be_grave=told["may_be_grave"]
        )  # fmt: skip
        form = TokenForm(request.standing)
    shown: dict[str, Any] = {
        "form": form, "secret": secret, "page": paged(request, tokens_seen(request.standing), SORTS),
        "of_others": request.standing.may_somewhere(MANAGE),
    }  # fmt: skip
    return render(request, "api/tokens.html", shown, status=422 if form.errors else 200)


def revoke(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Revoke a token."""
    found = tokens_seen(request.standing).filter(pk=pk).first()
    if found is None:
        raise Http404
    revoke_token(request.standing, found)
    messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("tokens")
