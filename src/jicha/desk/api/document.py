"""The addresses of the API, its document in OpenAPI, and the page that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, re_path, reverse
from django.utils.translation import gettext as _
from ninja.operation import PathView

from jicha.desk.api import clues, customers, log, orders, people, runs  # noqa: F401  (each enters its operations)
from jicha.desk.api.errors import problem
from jicha.desk.api.operation import API, OPERATIONS, Operation
from jicha.desk.api.tokens import token_of
from jicha.desk.journal.through import apart
from jicha.desk.ui.routes import ANYBODY

BASE = "api/v1/"
DOCUMENT = Operation("document", "GET", "openapi.json", ANYBODY)
NOTHING = Operation("nothing", "GET", "*", ANYBODY)


def addresses() -> list[URLPattern]:
    """Return every address of the API; whatever else is asked for below it is answered as JSON, too."""
    found = [_address(prefix + where, view) for prefix, where, view in _views()]
    document = path("openapi.json", _open(openapi, (DOCUMENT,)), name="openapi")
    return [document, *found, re_path(r"^.*$", _open(nothing, (NOTHING,)), name="nothing")]


def _views() -> Iterator[tuple[str, str, PathView]]:
    for router in API._get_bound_routers():
        for where, view in router.path_operations.items():
            yield router.prefix, where, view


def _address(where: str, view: PathView) -> URLPattern:
    """Return one address; the operations of its methods are declared, or the check of rights finds that one is not."""
    address = where.lstrip("/").replace("{", "<").replace("}", ">")
    methods = [method for one in view.operations for method in one.methods]
    known = tuple(one for one in OPERATIONS.values() if one.address == address and one.method in methods)
    declared = known if len(known) == len(methods) else ()
    made: URLPattern = path(address, _open(view.get_view(), declared), name=view.url_name)
    return made


def _open(view: Any, declared: tuple[Operation, ...]) -> Any:
    """Return the view without the guards of pages: no session counts here, so none can be abused by another site."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with apart():
            response: HttpResponseBase = view(request, *args, **kwargs)
        if response.status_code == 405:
            refused = problem(request, 405, str(request.method))
            refused["Allow"] = response["Allow"]
            return refused
        return response

    answer.csrf_exempt = True  # type: ignore[attr-defined]
    answer.login_required = False  # type: ignore[attr-defined]  # 401 in JSON, not a way to the page of sign-in
    if declared:
        answer.route = declared  # type: ignore[attr-defined]
    return answer


@cache
def document() -> dict[str, Any]:
    """Return the document of the API in OpenAPI."""
    told: dict[str, Any] = API.get_openapi_schema(path_prefix=BASE)
    return told


def openapi(request: HttpRequest) -> HttpResponse:
    """Hand out the document: it holds no data, so a session of the page that shows it opens it, too."""
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if not request.user.is_authenticated and not (kind.lower() == "bearer" and token_of(secret)):
        return problem(request, 401, _("no token, or one that is not valid"))
    if request.method not in ("GET", "HEAD"):
        response = problem(request, 405, str(request.method))
        response["Allow"] = "GET, HEAD"
        return response
    return JsonResponse(document())


def nothing(request: HttpRequest) -> HttpResponse:
    """Say that there is nothing at this address."""
    return problem(request, 404, _("nothing"))


def show(request: HttpRequest) -> HttpResponse:
    """Show the document, with a form to try every operation."""
    settings = {
        "url": reverse("api:openapi"),
        "layout": "BaseLayout",
        "deepLinking": True,
        "persistAuthorization": False,
    }
    return render(request, "api/document.html", {"settings": settings})


def address_in_document(one: Operation) -> str:
    """Return the address of an operation as the document writes it."""
    return "/" + BASE + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", one.address)
