"""Whose wrong passwords are counted."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest


def username_of(request: HttpRequest, credentials: Mapping[str, str] | None) -> str:
    """Return the account that was tried: allauth calls it `username` when it asks a backend, and `login` in its form."""
    told = (credentials or {}).get("username") or request.POST.get("login", "")
    return told.strip().lower()
