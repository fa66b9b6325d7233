"""The home folder whose findings the desk works on."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from jicha.home import Home, open_home


@cache
def home() -> Home:
    """Return the home, opened once for each process."""
    return open_home(settings.HOME)
