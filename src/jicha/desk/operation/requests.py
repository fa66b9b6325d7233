"""Every request: a number that the answer and all log lines bear, one line in the log, a place in the figures."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from jicha.desk.operation.figures import REQUESTS, SECONDS
from jicha.desk.operation.log_lines import route_of

LOG = logging.getLogger("jicha.requests")
HEADER = "X-Request-ID"
_NUMBER = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestMiddleware:
    """Stands before all others, so that what they refuse is counted too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, and tell of it."""
        told = request.headers.get(HEADER, "")
        number = told if _NUMBER.fullmatch(told) else uuid.uuid4().hex
        request.number = number  # type: ignore[attr-defined]
        begin = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - begin
        response.headers[HEADER] = number
        self._tell(request, response, seconds)
        return response

    def _tell(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        is_static = request.path_info.startswith(settings.STATIC_URL)
        route = "static" if is_static else route_of(request)
        method, status = request.method or "", response.status_code
        REQUESTS.labels(route, method, str(status)).inc()
        SECONDS.labels(route).observe(seconds)
        standing = getattr(request, "standing", None)
        line = {
            "request": request.number,  # type: ignore[attr-defined]
            "user": standing.user.pk if standing else None,
            "route": route,
            "method": method,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        ordinary = logging.DEBUG if is_static else logging.INFO
        LOG.log(logging.ERROR if status >= 500 else ordinary, "request", extra={"told": line})
