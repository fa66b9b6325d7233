"""What the API answers where it does not do what it was asked: four parts, as everywhere in jicha."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from jicha.desk.api.tokens import TooOften
from jicha.desk.flow.refusals import Refusal
from jicha.errors import ExplainedError, JichaError

LOG = logging.getLogger(__name__)


class Problem(Schema):
    """Why something was not done; nothing was changed."""

    where: str
    found: str
    expected: str
    remedy: str
    fields: dict[str, list[str]]


# Every operation may answer so.
STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 500)


class Invalid(Refusal):
    """Values that cannot be taken, told for each field."""

    status = 422

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{name}: {', '.join(told)}" for name, told in fields.items()))


def _words(status: int) -> tuple[str, str]:
    """Return what was expected and what to do next, for each way to be refused."""
    words = {
        400: (_("a request as the document describes it"), _("Read the document of the API, and send it anew.")),
        401: (_("a token that is valid: Authorization: Bearer jicha_…"), _("Make one on the page “Tokens”.")),
        403: (_("the right to it, of the token and of its owner"), _("Make a token with this right, or ask an administrator for a post.")),
        404: (_("something that is there and that you may see"), _("Look for it in the list.")),
        405: (_("one of the methods that the document names"), _("Read the document of the API.")),
        409: (_("the record as you saw it, in a state from which this is possible"), _("Read the record again.")),
        413: (_("a smaller request"), _("Send it in parts.")),
        422: (_("values as the document describes them"), _("Correct the fields that are named, and send it again.")),
        429: (_("fewer calls in a minute"), _("Wait as many seconds as Retry-After says.")),
    }  # fmt: skip
    return words.get(status, (_("a desk in good order"), _("Tell the operator of the desk.")))


def problem(
    request: HttpRequest, status: int, found: str, fields: dict[str, list[str]] | None = None, where: str = ""
) -> HttpResponse:
    """Return the answer for a status, as JSON."""
    expected, remedy = _words(status)
    told = {
        "where": where or f"{request.method} {request.path}", "found": found, "expected": expected, "remedy": remedy, "fields": fields or {},
    }  # fmt: skip
    response = JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    response = problem(request, refusal.status, str(refusal))
    if isinstance(refusal, TooOften):
        response["Retry-After"] = str(refusal.wait_seconds)
    return response


def _invalid(request: HttpRequest, invalid: Invalid) -> HttpResponse:
    return problem(request, invalid.status, str(invalid), invalid.fields)


def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Tell each value that is not as the document says by the name of its field."""
    fields: dict[str, list[str]] = {}
    for one in error.errors:
        place = [str(part) for part in one["loc"][1:] if part not in ("query", "body")]
        fields.setdefault(".".join(place) or str(one["loc"][0]), []).append(str(one["msg"]))
    found = "; ".join(f"{name}: {', '.join(told)}" for name, told in fields.items())
    return problem(request, 422, found, fields)


def _explained(request: HttpRequest, error: JichaError) -> HttpResponse:
    """The home is not as it should be: say what to do, and let the operator see it."""
    LOG.error("%s %s: %s", request.method, request.path, error)
    if not isinstance(error, ExplainedError):
        return problem(request, 500, str(error))
    told = {
        "where": str(error.where),
        "found": error.found,
        "expected": error.expected,
        "remedy": error.remedy,
    }
    return JsonResponse(told | {"fields": {}}, status=500, json_dumps_params={"ensure_ascii": False})


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say no more than that it failed: what went wrong stands in the operator's log."""
    LOG.exception("%s %s", request.method, request.path, exc_info=error)
    return problem(request, 500, _("The desk failed."))


HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    Exception: _broken,
    JichaError: _explained,
    Refusal: _refused,
    Invalid: _invalid,
    ValidationError: _unreadable,
    AuthenticationError: lambda request, _error: problem(
        request, 401, _("no token, or one that is not valid")
    ),
    HttpError: lambda request, error: problem(request, error.status_code, str(error)),
    Http404: lambda request, _error: problem(request, 404, _("nothing")),
    RequestDataTooBig: lambda request, error: problem(request, 413, str(error)),
    SuspiciousOperation: lambda request, error: problem(request, 400, str(error)),
}


def handle_all(api: NinjaAPI) -> None:
    """Have every error of the API answered here."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)
