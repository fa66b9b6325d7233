"""The desk's log as lines of JSON, without personal data: numbers of accounts, names of routes, kinds of errors and where they arose."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

# Loggers whose messages hold addresses with numbers of customers in them; what they say is told by the route's name instead.
_WITH_ADDRESSES = ("django.request", "django.security", "django.server")


class JsonLine(logging.Formatter):
    """Writes a record as one line: time with offset, level, logger, message, and the fields of `extra={"told": {…}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, ZoneInfo(settings.TIME_ZONE))
        line: dict[str, Any] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line |= getattr(record, "told", {})
        if record.exc_info and record.exc_info[0] is not None:
            line |= _where(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    if not record.name.startswith(_WITH_ADDRESSES):
        return record.getMessage()
    request = getattr(record, "request", None)
    return f"{getattr(record, 'status_code', '')} {route_of(request)}".strip()


def _where(exc_info: Any) -> dict[str, Any]:
    """Return the kind of an error and where it arose; its words may quote a value of the company's records and are left out."""
    kind, _error, trace = exc_info
    frames = [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(trace)]
    return {"error": f"{kind.__module__}.{kind.__qualname__}", "frames": frames[-12:]}


def route_of(request: Any) -> str:
    """Return the name of the route that answered a request, never its address."""
    match = getattr(request, "resolver_match", None)
    return (match.view_name or match.route) if match else "unknown"
