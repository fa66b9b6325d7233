"""Trouble of the machine, said in words: a full disk, a database that is busy or cannot be written. Nothing was half done."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jicha.desk.operation.log_lines import route_of

LOG = logging.getLogger("jicha.trouble")
FULL = _(
    "The disk is full: nothing was changed and nothing can be kept now. Tell the operator; what you entered is still in your browser: go back."
)
BUSY = _("The desk is busy: nothing was changed. Wait a few seconds, go back and try again.")
READ_ONLY = _("The database cannot be written: nothing was changed. Tell the operator.")
# What SQLite and PostgreSQL say, in the order in which they are looked for.
_SAID = (
    ("disk is full", 507, FULL), ("no space left", 507, FULL), ("database is locked", 503, BUSY), ("database table is locked", 503, BUSY),
    ("deadlock detected", 503, BUSY), ("lock timeout", 503, BUSY), ("readonly database", 503, READ_ONLY), ("read-only transaction", 503, READ_ONLY),
    ("unable to open database file", 503, READ_ONLY),
)  # fmt: skip
_ERRNO = {errno.ENOSPC: (507, FULL), errno.EDQUOT: (507, FULL), errno.EROFS: (503, READ_ONLY)}


class TroubleMiddleware:
    """Turn what the machine says into a page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return a page for trouble of the machine; every other error goes its way."""
        known = trouble_of(exception)
        if known is None:
            return None
        status, words = known
        LOG.error("%s on %s", type(exception).__name__, route_of(request), extra={"told": {"status": status}})
        return render(request, "ui/refused.html", {"refusal": words}, status=status)


def trouble_of(exception: BaseException) -> tuple[int, str | Promise] | None:
    """Return the status and the words for an error that the machine caused; None for any other."""
    for error in _causes(exception):
        if isinstance(error, OSError) and error.errno in _ERRNO:
            return _ERRNO[error.errno]
        if isinstance(error, OperationalError):
            text = str(error).lower()
            for said, status, words in _SAID:
                if said in text:
                    return status, words
    return None


def _causes(exception: BaseException | None) -> Iterator[BaseException]:
    while exception is not None:
        yield exception
        exception = exception.__cause__
