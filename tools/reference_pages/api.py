"""The Python API: signatures and docstrings of what a caller meets."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

import jicha
from jicha.audit.finding import FINDING_SCHEMA
from jicha.errors import ExplainedError, JichaError, Location, ManyErrors
from jicha.home import Home, Run
from jicha.intake import CoverageReport, LoadReport
from jicha.mart import Snapshot
from reference_pages.markdown import fenced, table

INTRO = """# Python API

The command line uses nothing else. A walk through it: [Use the Python API](../how-to/python-api.md).
"""
CLASSES: tuple[type, ...] = (
    Home,
    Run,
    LoadReport,
    CoverageReport,
    Snapshot,
    JichaError,
    ExplainedError,
    ManyErrors,
    Location,
)


def pages() -> dict[str, str]:
    """Return the page."""
    parts = [INTRO, "## jicha.open\n", _callable("jicha.open", jicha.open)]
    for kind in CLASSES:
        parts += [f"## {kind.__name__}\n", inspect.getdoc(kind) or "", "", *_members(kind)]
    parts += ["## Columns of findings\n", table(("Column", "Arrow type"), _columns())]
    return {"python-api.md": "\n".join(parts)}


def _columns() -> Iterator[tuple[str, str]]:
    yield from ((f"`{field.name}`", str(field.type)) for field in FINDING_SCHEMA)


def _members(kind: type) -> Iterator[str]:
    """Yield the fields, properties and methods that have no leading underscore, as written in the class."""
    if dataclasses.is_dataclass(kind):
        fields = (
            (f"`{field.name}`", f"`{field.type}`")
            for field in dataclasses.fields(kind)
            if not field.name.startswith("_")
        )
        yield table(("Field", "Type"), fields)
    for name, member in vars(kind).items():
        if not name.startswith("_") and inspect.getdoc(member) and not inspect.ismemberdescriptor(member):
            yield f"### {kind.__name__}.{name}\n"
            yield _member(name, member)


def _member(name: str, member: Any) -> str:
    if isinstance(member, (classmethod, staticmethod)):
        return _callable(name, member.__func__)
    return _callable(name, member) if inspect.isfunction(member) else f"{inspect.getdoc(member)}\n"


def _callable(name: str, function: Any) -> str:
    signature = str(inspect.signature(function))
    if len(signature) > 90:
        signature = signature.replace(", ", ",\n    ").replace("(", "(\n    ", 1)
    return fenced(f"{name}{signature}", "python") + f"\n{inspect.getdoc(function) or ''}\n"
