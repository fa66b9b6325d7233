"""Gives every request the standing of the person behind it, and that person's language."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from jicha.desk.people.standing import standing_of

STARTED = "started_at"


def note_start(request: HttpRequest | None, **_signal: Any) -> None:
    """Keep when a person signed in: from then on, not from the first click, the twelve hours count."""
    if request is not None:
        request.session[STARTED] = time.time()


class StandingMiddleware:
    """Read the posts anew for each request: a right that was taken away is gone with the next click."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        started = request.session.setdefault(STARTED, time.time())
        if time.time() - started > settings.LONGEST_SESSION_SECONDS:
            logout(request)
            return redirect(settings.LOGIN_URL)
        request.standing = standing_of(request.user, timezone.localdate())  # type: ignore[attr-defined]
        translation.activate(request.user.language)
        request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)
