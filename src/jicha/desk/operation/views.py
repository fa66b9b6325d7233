"""What machines ask of the desk: alive, ready, figures."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from jicha.desk.operation import health
from jicha.desk.operation.figures import figures

_HERE = ("127.0.0.1", "::1")
_VIA_PROXY = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded")


@require_GET
def alive(_request: HttpRequest) -> HttpResponseBase:
    """Say whether the desk can work."""
    return _answer(health.alive())


@require_GET
def ready(_request: HttpRequest) -> HttpResponseBase:
    """Say whether the desk can work with this database."""
    return _answer(health.ready())


def _answer(findings: list[health.Finding]) -> HttpResponse:
    status = 503 if health.worst(findings) == "failed" else 200
    return HttpResponse(
        "\n".join([*health.lines(findings), ""]), status=status, content_type="text/plain; charset=utf-8"
    )


@require_GET
def metrics(request: HttpRequest) -> HttpResponseBase:
    """Hand out the figures to who bears the token, or, where none is set, to this machine only."""
    if not _may_read(request):
        return HttpResponse("a bearer token is needed\n", status=403, content_type="text/plain")
    return HttpResponse(figures(), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if token := settings.METRICS_TOKEN:
        return secrets.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()
        )
    is_direct = not any(name in request.headers for name in _VIA_PROXY)
    return is_direct and request.META.get("REMOTE_ADDR") in _HERE


def broken(request: HttpRequest) -> HttpResponseBase:
    """Say that something went wrong, with the number under which the operator finds it in the log."""
    number = getattr(request, "number", "")
    return render(request, "ui/broken.html", {"number": number}, status=500)
