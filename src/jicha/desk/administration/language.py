"""The language of a person's pages, kept with the account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from jicha.desk.people.models import User
from jicha.desk.people.standing import DeskRequest


def choose(request: DeskRequest) -> HttpResponseBase:
    """Keep the language and go back to the page."""
    wanted = request.POST.get("language", "")
    if wanted in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=wanted)
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "workbench")
