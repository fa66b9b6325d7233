"""A route is an address, a view and the right that it needs; there is no other way to put a page of ours on the desk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, path

from jicha.desk.flow.refusals import Refusal
from jicha.desk.people.standing import DeskRequest
from jicha.errors import JichaError

ANYBODY = "anybody who is signed in"


@dataclass(frozen=True, slots=True)
class Route:
    """What is declared of an address; the tests of rights and the documentation read it."""

    name: str
    address: str
    right: str
    methods: tuple[str, ...]


ROUTES: dict[str, Route] = {}


def page(
    address: str, view: Callable[..., HttpResponseBase], name: str, right: str, *methods: str
) -> URLPattern:
    """Return the route; who holds the right nowhere gets 403, other methods than those named (default: GET) get 405."""
    route = Route(name, address, right, methods or ("GET",))
    ROUTES[name] = route

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        allowed = {*route.methods, "HEAD"} if "GET" in route.methods else set(route.methods)
        if request.method not in allowed:
            return HttpResponseNotAllowed(sorted(allowed))
        standing = request.standing  # type: ignore[attr-defined]
        if right != ANYBODY and not standing.may_somewhere(right):
            return render(request, "ui/refused.html", status=403)
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            return render(request, "ui/refused.html", {"refusal": refusal}, status=refusal.status)
        except JichaError as error:
            # The home is not as it should be (no snapshot, damaged evidence): say what to do, and let the operator see it.
            logging.getLogger(__name__).error("%s: %s", route.name, error)
            return render(request, "ui/refused.html", {"refusal": error}, status=500)

    guarded.route = route  # type: ignore[attr-defined]
    return path(address, guarded, name=name)


def seen_or_404(request: DeskRequest, model: Any, right: str, pk: int, *related: str) -> Any:
    """Return the row if it lies where the person holds the right; else 404, as if it were not there."""
    found: Model | None = (
        model.objects.seen_by(request.standing, right)
        .select_related("organisation", *related)
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found
