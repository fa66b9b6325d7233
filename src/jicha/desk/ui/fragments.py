"""A part of a page that is fetched after it; where the home cannot answer, the part says why instead of staying empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from jicha.errors import JichaError


def fragment(request: HttpRequest, template: str, told: Callable[[], dict[str, Any]]) -> HttpResponseBase:
    """Render a template with what `told` fetches; an error of the home becomes a sentence with what to do."""
    try:
        context = told()
    except JichaError as error:
        return render(request, "ui/no_data.html", {"error": error})
    return render(request, template, context)
