"""What makes the page work without a network: the service worker and the list of files that it keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

WORKER = "service-worker.js"
# Beside the page's own files: what the shell of the page asks for.
SHARED = ("vendor/tabler.min.css", "desk/desk.css", "desk/icon.svg")


def _static_files() -> Traversable:
    return files("jicha.desk.ui").joinpath("static")


def _own() -> Iterator[str]:
    """Yield the files of the page; modules name each other without a hash in the name, so they are kept under that name."""
    for one in sorted(_static_files().joinpath("visits").iterdir(), key=lambda found: found.name):
        if one.name != WORKER and one.is_file():
            yield f"visits/{one.name}"


@cache
def release() -> str:
    """Return a name for the present content of all files: another content is another release, fetched whole before it is used."""
    digest = hashlib.sha256()
    for name in (*SHARED, *_own(), f"visits/{WORKER}"):
        digest.update(_static_files().joinpath(*name.split("/")).read_bytes())
    return digest.hexdigest()[:16]


def worker_script() -> str:
    """Return the service worker with what it keeps."""
    kept = [static(name) for name in (*SHARED, "visits/visits.css")]
    told = {
        "release": release(),
        "shell": reverse("visits"),
        "files": sorted({*kept, *(f"{settings.STATIC_URL}{name}" for name in _own())}),
    }
    source = _static_files().joinpath("visits", WORKER).read_text(encoding="utf-8")
    return f"const KEPT = {json.dumps(told)};\n{source}"
