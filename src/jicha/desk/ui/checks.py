"""The check that no address of the desk lacks a declared right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

# Signing in and out, and choosing a language, are open by nature; allauth and Django guard them. Machines ask the last three.
OPEN_PREFIXES = ("accounts/", "i18n/", "healthz", "readyz", "metrics")


@register()
def every_route_has_a_right(**_kwargs: Any) -> list[CheckMessage]:
    """Return an error for each address that was not made by `page`."""
    return [
        Error(
            f"the address {address!r} declares no right",
            hint="Make it with jicha.desk.ui.routes.page.",
            id="jicha.E001",
        )
        for address, callback in addresses()
        if not address.startswith(OPEN_PREFIXES) and not hasattr(callback, "route")
    ]


def addresses() -> Iterator[tuple[str, Any]]:
    """Yield every address with its view."""
    yield from _below(get_resolver().url_patterns, "")


def _below(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback
